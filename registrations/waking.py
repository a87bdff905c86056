"""When people are awake: no letter that nobody waits for comes at night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Between these people are awake; both ends belong to the day.
FROM, UNTIL = time(8), time(21)
# Who has to do something in the morning gets up first.
MORNING = time(9)


def awake(at: datetime, zones: Iterable[ZoneInfo]) -> bool:
    """Whether it is day at that moment on all these clocks."""
    return all(FROM <= at.astimezone(zone).time() <= UNTIL for zone in zones)


def by_day(at: datetime, zone: ZoneInfo) -> datetime:
    """That moment, or the next morning where it is in the night on this clock."""
    local = at.astimezone(zone)
    if MORNING <= local.time() <= UNTIL:
        return at
    day = local.date() + timedelta(days=local.time() > UNTIL)
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(UTC)
