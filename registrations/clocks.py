"""
What the clocks of a zone showed when moments were reckoned from them.

Organizers say ten o'clock; a moment is stored. When a country changes its clocks and the
installation learns of it, the stored moment is ten o'clock no longer, and by then nothing but
what is kept here knows that it was.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from registrations.models import ZoneClock

# Meetings are called for sooner than that.
YEARS_AHEAD = 10
_DAY = 86_400


@dataclass(frozen=True)
class Clock:
    """From when on a clock is how far ahead of UTC, both in seconds; nothing from `until` on."""

    since: list[int]
    offsets: list[int]
    until: datetime

    def ahead(self, at: datetime) -> timedelta | None:
        """How far ahead of UTC the clock is at that moment; None where it is not known."""
        if at >= self.until:
            return None
        place = bisect_right(self.since, at.timestamp()) - 1
        return timedelta(seconds=self.offsets[max(place, 0)])


def read(zone: str, *, at: datetime) -> Clock:
    """The clock as this process knows it, from a year ago on."""
    clock, until = ZoneInfo(zone), _until(at)
    second, last = int(datetime(at.year - 1, 1, 1, tzinfo=UTC).timestamp()), until.timestamp()
    since, offsets = [second], [_ahead(clock, second)]
    while second < last:
        following = second + _DAY
        if _ahead(clock, following) != offsets[-1]:
            since.append(_change_between(clock, second, following))
            offsets.append(_ahead(clock, following))
        second = following
    return Clock(since=since, offsets=offsets, until=until)


def known(row: ZoneClock) -> Clock:
    """The clock as it was kept."""
    return Clock(since=row.since, offsets=row.offsets, until=_until(row.known_at))


def remember(zone: str, *, at: datetime) -> None:
    """Keep the clock of a zone that is reckoned with, unless it is kept already."""
    if not ZoneClock.objects.filter(zone=zone).exists():
        clock = read(zone, at=at)
        ZoneClock.objects.bulk_create(
            [ZoneClock(zone=zone, since=clock.since, offsets=clock.offsets, known_at=at)],
            ignore_conflicts=True,
        )


def same_reading(at: datetime, *, was: Clock, zone: ZoneInfo) -> datetime:
    """The moment at which the clock shows now what it was to show at that moment."""
    ahead = was.ahead(at)
    if ahead is None or ahead == at.astimezone(zone).utcoffset():
        return at
    wall = at.astimezone(UTC).replace(tzinfo=None) + ahead
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _until(at: datetime) -> datetime:
    return datetime(at.year + YEARS_AHEAD, 1, 1, tzinfo=UTC)


def _ahead(clock: ZoneInfo, second: int) -> int:
    ahead = datetime.fromtimestamp(second, clock).utcoffset()
    assert ahead is not None, "a zone always has an offset"
    return int(ahead.total_seconds())


def _change_between(clock: ZoneInfo, before: int, after: int) -> int:
    """The first second that the clock shows as it does at `after`."""
    new = _ahead(clock, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _ahead(clock, middle) == new else (middle, after)
    return after
