"""
Calendar files (RFC 5545): the person's own entry, and the public one of a meeting.

The person gets REQUEST and CANCEL (RFC 5546), tamed: the only ATTENDEE is the
recipient, with PARTSTAT=ACCEPTED and RSVP=FALSE, so no reply is asked for. Downloads
and feeds are PUBLISH, and so are the sessions somebody has chosen: a REQUEST is about one
thing (RFC 5546 3.2.2), a published file may hold many. SEQUENCE rises with every change of
time, place or status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from events.models import Format, Meeting, MeetingStatus, Session
from notifications.enclosures import Enclosure
from registrations.models import AttendanceMode, Registration, Status

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
PRODUCT = "-//Yavka//Meetings//EN"
# What a calendar shows of a registration (RFC 5545 3.8.1.11).
_STATUS = {
    Status.PENDING: "TENTATIVE",
    Status.WAITLISTED: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.DECLINED: "CANCELLED",
    Status.CANCELLED: "CANCELLED",
}


def facts(registration: Registration, *, method: str = "REQUEST") -> dict[str, Any]:
    """What the entry says, as JSON for the outbox; texts in the active language."""
    meeting = registration.meeting
    online = (
        meeting.format == Format.ONLINE or registration.attendance_mode == AttendanceMode.ONLINE
    )
    # Where it is shown is for the confirmed alone.
    online_url = meeting.online_url if registration.status == Status.CONFIRMED else ""
    return {
        "method": method,
        "status": "CANCELLED" if method == "CANCEL" else _STATUS[Status(registration.status)],
        "uid": f"{registration.uid}@{settings.MAIL_DOMAIN}",
        "sequence": registration.calendar_sequence,
        "stamp": registration.status_changed_at.isoformat(),
        "starts": meeting.starts_at.isoformat(),
        "ends": meeting.ends_at.isoformat(),
        "time_zone": "UTC" if meeting.format == Format.ONLINE else meeting.time_zone,
        "summary": meeting.text("title"),
        "location": online_url if online else place(meeting),
        "conference": online_url if online else "",
        "description": meeting.text("arrival_note"),
        "organizer_name": meeting.contact_name,
        "organizer_email": meeting.contact_email or settings.DEFAULT_FROM_EMAIL,
        "attendee_name": registration.full_name,
        "attendee_email": registration.email,
    }


def place(meeting: Meeting) -> str:
    """Venue and street address in one line."""
    return ", ".join(filter(None, [meeting.text("venue"), meeting.text("address")]))


def personal(entry: dict[str, Any], *, url: str) -> bytes:
    """The file for one person, made of `facts`; `url` is the person's own page."""
    event = Event()
    event.add("uid", entry["uid"])
    event.add("sequence", entry["sequence"])
    event.add("dtstamp", datetime.fromisoformat(entry["stamp"]).astimezone(UTC))
    _add_times(event, entry["starts"], entry["ends"], entry["time_zone"])
    event.add("summary", _line(entry["summary"]))
    _add_texts(event, location=entry["location"], description=entry["description"], url=url)
    event.add("status", entry["status"])
    event.add("transp", "OPAQUE")
    if entry["conference"]:
        event.add("conference", entry["conference"], parameters={"VALUE": "URI"})
    organizer = vCalAddress(f"mailto:{entry['organizer_email']}")
    organizer.params["CN"] = vText(_line(entry["organizer_name"]) or entry["organizer_email"])
    event["organizer"] = organizer
    if entry["attendee_email"]:
        attendee = vCalAddress(f"mailto:{entry['attendee_email']}")
        attendee.params["CN"] = vText(_line(entry["attendee_name"]))
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee, encode=False)
    sessions = [_session(one, url=url) for one in entry.get("sessions", ())]
    return _file(event, *sessions, method=entry["method"], starts=entry["starts"])


def download(registration: Registration, *, url: str) -> bytes:
    """
    The same entry as a download, with the sessions that the person has chosen: PUBLISH,
    without organizer and attendee.
    """
    seats = registration.session_seats.select_related("session").in_order()
    with translation.override(registration.language):
        entry = facts(registration, method="PUBLISH")
        entry["sessions"] = programme(registration, [seat.session for seat in seats])
    return personal(entry | {"attendee_email": ""}, url=url)


def programme(
    registration: Registration, sessions: Iterable[Session], *, gone: Session | None = None
) -> list[dict[str, Any]]:
    """
    What the entries of a person's sessions say, as JSON for the outbox; `gone` is one that
    leaves the calendar. An assistant may have the sessions of several people: each entry is
    of one person.
    """
    meeting = registration.meeting
    return [
        {
            "uid": f"{session.uid}-{registration.uid}@{settings.MAIL_DOMAIN}",
            "sequence": session.sequence,
            "stamp": session.changed_at.isoformat(),
            "starts": session.starts_at.isoformat(),
            "ends": session.ends_at.isoformat(),
            "time_zone": "UTC" if meeting.format == Format.ONLINE else meeting.time_zone,
            "summary": session.text("title", main_language=meeting.language),
            "location": ", ".join(
                filter(None, [session.text("room", main_language=meeting.language), place(meeting)])
            ),
            "description": session.speakers,
            "status": "CANCELLED" if session is gone else "CONFIRMED",
        }
        for session in [*sessions, *([gone] if gone else [])]
    ]


def programme_enclosure(snapshot: dict[str, Any]) -> Enclosure:
    """
    The entries of a person's sessions as a file in a mail: attached only, since what stands
    among the alternatives of its text is taken for an invitation.
    """
    entries = snapshot["programme"]
    events = [_session(entry, url=snapshot["manage_url"]) for entry in entries]
    starts = min(entry["starts"] for entry in entries)
    return Enclosure(
        filename="programme.ics",
        content_type="application/ics",
        params={"method": "PUBLISH", "charset": "UTF-8"},
        content=_file(*events, method="PUBLISH", starts=starts),
    )


def _session(entry: dict[str, Any], *, url: str) -> Event:
    event = Event()
    event.add("uid", entry["uid"])
    event.add("sequence", entry["sequence"])
    event.add("dtstamp", datetime.fromisoformat(entry["stamp"]).astimezone(UTC))
    _add_times(event, entry["starts"], entry["ends"], entry["time_zone"])
    event.add("summary", _line(entry["summary"]))
    _add_texts(event, location=entry["location"], description=entry["description"], url=url)
    event.add("status", entry["status"])
    event.add("transp", "OPAQUE" if entry["status"] == "CONFIRMED" else "TRANSPARENT")
    return event


def public(meeting: Meeting, *, url: str, stamp: datetime) -> bytes:
    """The meeting for anybody: no names, no secret links."""
    event = Event()
    event.add("uid", f"meeting-{meeting.slug}@{settings.MAIL_DOMAIN}")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    zone = "UTC" if meeting.format == Format.ONLINE else meeting.time_zone
    _add_times(event, meeting.starts_at.isoformat(), meeting.ends_at.isoformat(), zone)
    event.add("summary", _line(meeting.text("title")))
    _add_texts(event, location=place(meeting), description=meeting.text("arrival_note"), url=url)
    cancelled = meeting.status == MeetingStatus.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return _file(event, method="PUBLISH", starts=meeting.starts_at.isoformat())


def enclosure(snapshot: dict[str, Any]) -> Enclosure:
    """The entry as the calendar part of a mail (RFC 6047)."""
    entry = snapshot["calendar"]
    return Enclosure(
        filename="meeting.ics",
        content_type="text/calendar",
        params={"method": entry["method"]},
        content=personal(entry, url=snapshot["manage_url"]),
    )


def _add_times(event: Event, starts: str, ends: str, time_zone: str) -> None:
    for name, moment in (("dtstart", starts), ("dtend", ends)):
        at = datetime.fromisoformat(moment)
        event.add(name, at.astimezone(UTC if time_zone == "UTC" else ZoneInfo(time_zone)))


def _add_texts(event: Event, *, location: str, description: str, url: str) -> None:
    if location:
        event.add("location", _line(location))
    event.add("description", "\n\n".join(filter(None, [_lines(description), url])))
    event.add("url", url)


def _line(text: str) -> str:
    """Without what a calendar may not hold (RFC 5545 3.1), and without breaks."""
    return " ".join(_lines(text).split())


def _lines(text: str) -> str:
    # A control character in a name, and some programs lose the whole line, or the file.
    return _CONTROL.sub(" ", text.replace("\r\n", "\n"))


def _file(*events: Event, method: str, starts: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for event in events:
        calendar.add_component(event)
    for name in sorted(calendar.get_missing_tzids()):
        # Before what refers to them, and in front of nothing else.
        calendar.subcomponents.insert(0, _rules(name, datetime.fromisoformat(starts).date()))
    return bytes(calendar.to_ical())


@lru_cache(maxsize=256)
def _rules(zone: str, day: date) -> Timezone:
    """
    The zone's rules around that day: by default Moscow's since 1981 would come along.

    Kept, because finding them takes six times as long as all the rest of a mail, and the
    mails of a meeting all want the same.
    """
    first = day - timedelta(days=366)
    return Timezone.from_tzid(zone, first_date=first, last_date=first + timedelta(days=732))
