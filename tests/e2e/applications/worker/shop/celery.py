"""A shop's jobs behind the counter."""

import os

from celery import Celery
from celery.schedules import crontab

app = Celery("shop", include=["shop.tasks"])
app.config_from_object("shop.settings")
app.conf.broker_url = os.environ.get("BROKER_URL", "redis://localhost:6379/0")
app.conf.result_backend = os.environ.get("RESULT_URL", app.conf.broker_url)
app.conf.beat_schedule = {
    "tick": {"task": "shop.tasks.tick", "schedule": 1.0},
    "nightly": {"task": "shop.tasks.tick", "schedule": crontab(hour=3, minute=30)},
}
