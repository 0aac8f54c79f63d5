import os
import time
import urllib.request
import zoneinfo
from datetime import datetime
from decimal import Decimal

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.utils.log import get_task_logger

log = get_task_logger(__name__)


@shared_task
def total(prices):
    return str(sum(Decimal(price) for price in prices))


@shared_task
def add(*numbers):
    return sum(n for number in numbers for n in (number if isinstance(number, list) else [number]))


@shared_task(
    bind=True, autoretry_for=(OSError,), max_retries=2, retry_backoff=False, default_retry_delay=0
)
def flaky(self):
    if self.request.retries < 2:
        raise OSError("not yet")
    return self.request.retries


@shared_task
def fail():
    raise ValueError("on purpose")


@shared_task(soft_time_limit=1)
def slow():
    try:
        time.sleep(30)
    except SoftTimeLimitExceeded:
        return "stopped"
    return "finished"


@shared_task
def local_time(zone):
    return datetime(2026, 1, 15, 12, tzinfo=zoneinfo.ZoneInfo(zone)).strftime("%Z %z")


@shared_task
def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


@shared_task
def whereabouts():
    return {"pid": os.getpid(), "zone": time.tzname[0], "uid": os.getuid()}


@shared_task(ignore_result=True)
def tick():
    log.info("tick")


@shared_task(serializer="pickle")
def pickled(value):
    return sorted(value)


@shared_task
def exit_hard():
    os._exit(3)
