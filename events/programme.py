"""The programme as everybody reads it: plain lines and sessions, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from events.models import AgendaItem, Meeting, Session


@dataclass(frozen=True)
class Line:
    """One line: either of the plain programme, or a session. `day`: a new one begins here."""

    starts_at: datetime
    item: AgendaItem | None = None
    session: Session | None = None
    day: date | None = None


def lines(meeting: Meeting, sessions: Iterable[Session]) -> list[Line]:
    """All lines; of a meeting of several days the first of each day says so."""
    return list(_with_days(meeting, _ordered(meeting, sessions)))


def _ordered(meeting: Meeting, sessions: Iterable[Session]) -> list[Line]:
    found = [Line(item.starts_at, item=item) for item in meeting.agenda.order_by("starts_at", "pk")]
    found += [Line(session.starts_at, session=session) for session in sessions]
    # Stable: the sessions come in the order that the organizer gave them.
    return sorted(found, key=lambda line: line.starts_at)


def _with_days(meeting: Meeting, found: list[Line]) -> Iterator[Line]:
    days = [line.starts_at.astimezone(meeting.zone).date() for line in found]
    is_long = len(set(days)) > 1
    before: date | None = None
    for line, day in zip(found, days, strict=True):
        starts_day = is_long and day != before
        yield Line(line.starts_at, line.item, line.session, day if starts_day else None)
        before = day
