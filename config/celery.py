"""The Celery application. Tasks are wake-ups: what must happen is a row in PostgreSQL."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

from config import broker
from notifications import transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.take_over()
app = Celery("yavka")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_to_start(**_: Any) -> None:
    """Not in the log of the first mail, tomorrow: where mail can never leave, say so now."""
    if said := transport.problem():
        raise SystemExit(said)


@worker_init.connect
def share_memory(**_: Any) -> None:
    """Just before the pool is forked: what is there now is never collected or copied."""
    gc.collect()
    gc.freeze()
