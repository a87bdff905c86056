"""The worker's application on a machine whose clock is wrong by HOURS_AHEAD hours."""

import os
import time
from datetime import timedelta

from config.celery import app as right

AHEAD = timedelta(hours=float(os.environ["HOURS_AHEAD"]))
_time, _now = time.time, type(right).now

time.time = lambda: _time() + AHEAD.total_seconds()
# By this one a worker tells whether a wake-up is stale.
type(right).now = lambda self: _now(self) + AHEAD

from django.utils import timezone  # noqa: E402 -- on the wrong clock

_timezone_now = timezone.now
timezone.now = lambda: _timezone_now() + AHEAD
app = right
