"""Sends the worker jobs of every kind, and prints what came of them as JSON."""

import json
import sys
from datetime import UTC, datetime, timedelta

from celery import chain, chord, group
from shop import app
from shop.tasks import (
    add,
    exit_hard,
    fail,
    fetch,
    flaky,
    local_time,
    pickled,
    slow,
    total,
    whereabouts,
)

WAIT = 30
found = {}
found["total"] = total.delay(["1.10", "2.20"]).get(WAIT)
found["chain"] = chain(add.s(1, 2), add.s(10))().get(WAIT)
found["group"] = group(add.s(n, n) for n in range(3))().get(WAIT)
found["chord"] = chord((add.s(n) for n in range(4)), add.s())().get(WAIT)
found["retried"] = flaky.delay().get(WAIT)
found["failed"] = repr(fail.delay().get(WAIT, propagate=False))
found["slow"] = slow.apply_async(queue="celery").get(WAIT)
found["zone"] = local_time.delay("Asia/Kolkata").get(WAIT)
found["fetched"] = fetch.delay(sys.argv[1]).get(WAIT)
found["where"] = whereabouts.delay().get(WAIT)
found["later"] = add.apply_async((1, 1), eta=datetime.now(UTC) + timedelta(seconds=0.5)).get(WAIT)
found["pickled"] = pickled.apply_async(([3, 1, 2],)).get(WAIT)
found["msgpack"] = add.apply_async((4, 5), serializer="msgpack").get(WAIT)
found["zipped"] = add.apply_async((6, 7), compression="bzip2").get(WAIT)
found["lost"] = repr(exit_hard.delay().get(WAIT, propagate=False))
found["ping"] = sorted(next(iter(answer.values()))["ok"] for answer in app.control.ping(timeout=1))
found["registered"] = len(next(iter(app.control.inspect(timeout=1).registered().values())))
app.control.rate_limit("shop.tasks.add", "100/s")
revoked = add.apply_async((1, 1), countdown=60)
revoked.revoke()
found["revoked"] = type(revoked.get(WAIT, propagate=False)).__name__
print(json.dumps(found))
