"""When people are awake: no letter that nobody waits for comes at night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

# Between these people are awake; both ends belong to the day.
FROM, UNTIL = time(8), time(21)


def awake(at: datetime, zones: Iterable[ZoneInfo]) -> bool:
    """Whether it is day at that moment on all these clocks."""
    return all(FROM <= at.astimezone(zone).time() <= UNTIL for zone in zones)
