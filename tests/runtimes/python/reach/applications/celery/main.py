"""Celery: a worker that starts, runs a task from a memory broker, and stops."""

import contextlib
import sys
import threading

from celery import Celery

app = Celery("main", broker="memory://", backend="cache+memory://")


@app.task
def add(x, y):
    return x + y


if __name__ == "__main__":
    app.conf.task_always_eager = True
    assert add.delay(1, 2).get() == 3
    app.conf.task_always_eager = False
    sys.argv = ["celery"]
    worker = app.Worker(pool="solo", loglevel="ERROR", quiet=True)
    threading.Timer(3, worker.stop).start()
    with contextlib.suppress(SystemExit):
        worker.start()
