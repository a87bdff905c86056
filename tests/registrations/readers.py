"""
Calendar files as two programs read them that share no line: icalendar, which wrote them, and
ical, which parses by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar
from ical.calendar_stream import IcsCalendarStream


@dataclass(frozen=True, order=True)
class Entry:
    """What both say about one entry, in the same words."""

    uid: str
    sequence: int
    status: str
    starts: datetime
    ends: datetime
    # What the clock shows that the entry names, and whose it is.
    wall: datetime
    zone: str
    summary: str
    location: str
    description: str
    alarms: tuple[timedelta, ...]


def read(data: bytes) -> list[Entry]:
    """The entries of a file, in order of time; both readers have to agree on every word."""
    first, second = _by_icalendar(data), _by_ical(data)
    assert first == second
    return first


def _by_icalendar(data: bytes) -> list[Entry]:
    found = []
    for event in icalendar.Calendar.from_ical(data).walk("VEVENT"):
        start = event.decoded("dtstart")
        found.append(
            Entry(
                uid=str(event["uid"]),
                sequence=int(event["sequence"]),
                status=str(event["status"]),
                starts=start.astimezone(UTC),
                ends=event.decoded("dtend").astimezone(UTC),
                wall=start.replace(tzinfo=None),
                zone=str(event["dtstart"].params.get("TZID", "UTC")),
                summary=str(event["summary"]),
                location=str(event.get("location", "")),
                description=str(event.get("description", "")),
                alarms=tuple(alarm.decoded("trigger") for alarm in event.walk("VALARM")),
            )
        )
    return sorted(found, key=lambda entry: (entry.starts, entry.uid))


def _by_ical(data: bytes) -> list[Entry]:
    calendar = IcsCalendarStream.calendar_from_ics(data.decode())
    found = [
        Entry(
            uid=str(event.uid),
            sequence=event.sequence,
            status=event.status.value,
            starts=event.dtstart.astimezone(UTC),
            ends=event.dtend.astimezone(UTC),
            wall=event.dtstart.replace(tzinfo=None),
            zone=str(event.dtstart.tzinfo.key) if hasattr(event.dtstart.tzinfo, "key") else "UTC",
            summary=event.summary,
            location=event.location or "",
            description=event.description or "",
            alarms=tuple(alarm.trigger for alarm in event.alarm),
        )
        for event in calendar.events
    ]
    return sorted(found, key=lambda entry: (entry.starts, entry.uid))
