"""
The facts that letters say, as strings in the reader's language: a mail never computes a date.
"""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from events import when
from events.models import Format, Meeting, in_language
from registrations import calendar, links
from registrations.models import AttendanceMode, Registration, Status


def snapshot(registration: Registration, *, method: str = "REQUEST") -> dict[str, Any]:
    """The facts that every letter may say, as strings in the person's language."""
    meeting = registration.meeting
    with translation.override(registration.language):
        host = host_name(meeting)
        online = registration.attendance_mode == AttendanceMode.ONLINE
        return {
            "for_proxy": False,
            "greeting": greeting(registration),
            "person": registration.full_name,
            "submitted_by": registration.submitted_by_name,
            "host": host,
            "title": meeting.text("title"),
            "short_title": meeting.text("short_title"),
            "is_sample": meeting.is_sample,
            "when": when.span(meeting.starts_at, meeting.ends_at, meeting.zone),
            "starts": when.moment(meeting.starts_at, meeting.zone),
            "date": when.day(meeting.starts_at, meeting.zone),
            "local_line": when.local_line(meeting.starts_at, meeting.zone, registration.zone),
            "doors": when.clock(meeting.doors_at, meeting.zone) if meeting.doors_at else "",
            "venue": meeting.text("venue"),
            "address": meeting.text("address"),
            "map_url": meeting.map_url,
            "arrival_note": meeting.text("arrival_note"),
            "is_online": online,
            "online_url": _online_url(registration),
            "number": registration.spoken_number,
            "ticket_code": registration.ticket_code,
            "manage_url": links.manage_url(registration),
            "ticket_url": links.ticket_url(registration),
            "calendar_url": links.calendar_url(registration),
            "google_url": links.google_url(registration),
            "cancel_url": links.cancel_url(registration),
            "meeting_url": page("meeting", meeting),
            "contact": contact_of(meeting),
            "lists_close": when.moment(meeting.edits_close_at, meeting.zone)
            if meeting.edits_close_at
            else "",
            "calendar": calendar.facts(registration, method=method),
        }


def _online_url(registration: Registration) -> str:
    """Where to join: told to the confirmed who do so, and to nobody else."""
    online = registration.attendance_mode == AttendanceMode.ONLINE
    joins = online or registration.meeting.format == Format.ONLINE
    confirmed = registration.status == Status.CONFIRMED
    return registration.meeting.online_url if joins and confirmed else ""


def greeting(registration: Registration) -> str:
    """Given name and patronymic where there are any: no gender is needed to be polite."""
    names = [registration.given_name or registration.family_name]
    if registration.given_name and registration.patronymic and _is_russian():
        names.append(registration.patronymic)
    return hello(" ".join(names))


def hello(name: str) -> str:
    """How a letter begins, in the active language."""
    return _("Hello %(name)s,") % {"name": name}


def host_name(meeting: Meeting) -> str:
    """The first host: in whose name mails are sent and pages are headed."""
    first = min(meeting.hosts.all(), key=lambda host: host.position, default=None)
    if first is None:
        return meeting.contact_name
    return in_language(first.name, first.name_alt, main_language=meeting.language)


def contact_of(meeting: Meeting) -> str:
    """Whom to ask, in one line."""
    known = [meeting.contact_name, meeting.contact_email, meeting.contact_phone]
    return ", ".join(filter(None, known))


def place_of(meeting: Meeting) -> str:
    """Where it is, in the active language; "online" where there is no venue."""
    return calendar.place(meeting) or _("online")


def _is_russian() -> bool:
    return (translation.get_language() or "").startswith("ru")


def page(name: str, meeting: Meeting) -> str:
    return links.page_url(name, meeting.slug)
