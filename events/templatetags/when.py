"""Template filters for moments: `{{ meeting|when }}`, `{{ at|moment:meeting }}`."""

from datetime import datetime

from django import template

from events import when as words
from events.models import Meeting, Session

register = template.Library()


@register.filter
def when(meeting: Meeting) -> str:
    """The whole date and time of a meeting, at the venue's clock."""
    return words.span(meeting.starts_at, meeting.ends_at, meeting.zone)


@register.filter
def moment(at: datetime | None, meeting: Meeting) -> str:
    """A moment at the venue's clock, with the zone."""
    return words.moment(at, meeting.zone) if at else ""


@register.simple_tag
def moment_seen(at: datetime, meeting: Meeting, seen_at: datetime) -> str:
    """The same with the year, where it is another one than at the moment of reading."""
    return words.moment(at, meeting.zone, seen_at=seen_at)


@register.filter
def clock(at: datetime | None, meeting: Meeting) -> str:
    """The time of day at the venue."""
    return words.clock(at, meeting.zone) if at else ""


@register.simple_tag
def clock_seen(at: datetime, meeting: Meeting, seen_at: datetime) -> str:
    """The time of day at the venue; with the date where that is not the date of reading."""
    is_today = at.astimezone(meeting.zone).date() == seen_at.astimezone(meeting.zone).date()
    return clock(at, meeting) if is_today else moment_seen(at, meeting, seen_at)


@register.filter
def hours(session: Session, meeting: Meeting) -> str:
    """From when until when a session is, at the venue: “10:00–11:30”."""
    starts, ends = (words.clock(at, meeting.zone) for at in (session.starts_at, session.ends_at))
    return f"{starts}–{ends}"


@register.filter
def day(at: datetime | None, meeting: Meeting) -> str:
    """The date at the venue."""
    return words.day(at, meeting.zone) if at else ""
