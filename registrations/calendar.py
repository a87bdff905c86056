"""
Calendar files (RFC 5545): the person's own entry, and the public one of a meeting.

The person gets REQUEST and CANCEL (RFC 5546), tamed: the only ATTENDEE is the
recipient, with PARTSTAT=ACCEPTED and RSVP=FALSE, so no reply is asked for. Downloads
and feeds are PUBLISH, and so are the sessions somebody has chosen: a REQUEST is about one
thing (RFC 5546 3.2.2), a published file may hold many.

SEQUENCE rises with every change of time, place or status, whoever was told of it: it is the sum
of what the registration, its meeting and, in its entry, the session count, and none of these
ever falls.
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
from icalendar import Alarm, Calendar, Event, Timezone, vCalAddress, vText

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
# Minutes before the start at which a calendar speaks up: to pack, and to set out.
ALARMS_HERE = [24 * 60, 2 * 60]
ALARMS_ONLINE = [15]
ALARMS_SESSION = [10]
# How often a program that follows a feed is asked to look again.
LOOKS_AGAIN = timedelta(hours=4)


def facts(registration: Registration, *, method: str = "REQUEST") -> dict[str, Any]:
    """What the entry says, as JSON for the outbox; texts in the active language."""
    meeting = registration.meeting
    online = joins_online(registration)
    # Where it is shown is for the confirmed alone.
    online_url = meeting.online_url if registration.status == Status.CONFIRMED else ""
    status = _status(registration, method=method)
    return {
        "method": method,
        "status": status,
        "uid": f"{registration.uid}@{settings.MAIL_DOMAIN}",
        "sequence": meeting.sequence + registration.calendar_sequence,
        "stamp": registration.status_changed_at.isoformat(),
        "starts": meeting.starts_at.isoformat(),
        "ends": meeting.ends_at.isoformat(),
        "time_zone": _zone(meeting),
        "summary": meeting.text("title"),
        "location": online_url if online else place(meeting),
        "conference": online_url if online else "",
        "alarms": _alarms(status, ALARMS_ONLINE if online else ALARMS_HERE),
        "description": meeting.text("arrival_note"),
        "organizer_name": meeting.contact_name,
        "organizer_email": meeting.contact_email or settings.DEFAULT_FROM_EMAIL,
        "attendee_name": registration.full_name,
        "attendee_email": registration.email,
    }


def joins_online(registration: Registration) -> bool:
    """Whether the person takes part from elsewhere."""
    online = registration.attendance_mode == AttendanceMode.ONLINE
    return online or registration.meeting.format == Format.ONLINE


def _status(registration: Registration, *, method: str = "PUBLISH") -> str:
    if method == "CANCEL" or registration.meeting.status == MeetingStatus.CANCELLED:
        return "CANCELLED"
    return _STATUS[Status(registration.status)]


def _alarms(status: str, minutes: list[int]) -> list[int]:
    """Nobody is reminded of what does not take place, or of what he may not come to."""
    return minutes if status == "CONFIRMED" else []


def _zone(meeting: Meeting) -> str:
    """The venue's wall clock binds; online the moment does."""
    return "UTC" if meeting.format == Format.ONLINE else meeting.time_zone


def place(meeting: Meeting) -> str:
    """Venue and street address in one line."""
    return ", ".join(filter(None, [meeting.text("venue"), meeting.text("address")]))


def personal(entry: dict[str, Any], *, url: str) -> bytes:
    """The file for one person, made of `facts`; `url` is the person's own page."""
    return _file(*_entries(entry, url=url), method=entry["method"], starts=entry["starts"])


def _entries(entry: dict[str, Any], *, url: str) -> list[Event]:
    event = _event(entry, url=url)
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
    return [event, *(_event(one, url=url) for one in entry.get("sessions", ()))]


def download(registration: Registration, *, url: str) -> bytes:
    """
    The same entry as a download, with the sessions that the person has chosen: PUBLISH,
    without an attendee.
    """
    return personal(_published(registration), url=url)


def feed(registration: Registration, *, url: str) -> bytes:
    """
    The same once more for a program that looks again and again. Who gives its address to
    somebody else gives away no more than the entry: `url` is the meeting's public page, and
    nobody's name stands in it. What is cancelled stays in it, as cancelled.
    """
    entry = _published(registration)
    with translation.override(registration.language):
        name = registration.meeting.text("short_title")
    events = _entries(entry, url=url)
    return _file(*events, method="PUBLISH", starts=entry["starts"], name=name)


def _published(registration: Registration) -> dict[str, Any]:
    seats = registration.session_seats.select_related("session").in_order()
    with translation.override(registration.language):
        entry = facts(registration, method="PUBLISH")
        entry["sessions"] = programme(registration, [seat.session for seat in seats])
    return entry | {"attendee_email": ""}


def programme(
    registration: Registration, sessions: Iterable[Session], *, gone: Iterable[Session] = ()
) -> list[dict[str, Any]]:
    """
    What the entries of a person's sessions say, as JSON for the outbox; `gone` are those that
    leave the calendar. An assistant may have the sessions of several people: each entry is
    of one person.
    """
    status = _status(registration)
    wanted = [(session, status) for session in sessions]
    wanted += [(session, "CANCELLED") for session in gone]
    return [_session(registration, session, status) for session, status in wanted]


def _session(registration: Registration, session: Session, status: str) -> dict[str, Any]:
    meeting = registration.meeting
    room = session.text("room", main_language=meeting.language)
    return {
        "uid": f"{session.uid}-{registration.uid}@{settings.MAIL_DOMAIN}",
        "sequence": meeting.sequence + registration.calendar_sequence + session.sequence,
        "stamp": session.changed_at.isoformat(),
        "starts": session.starts_at.isoformat(),
        "ends": session.ends_at.isoformat(),
        "time_zone": _zone(meeting),
        "summary": session.text("title", main_language=meeting.language),
        "location": ", ".join(filter(None, [room, place(meeting)])),
        "description": session.speakers,
        "status": status,
        "alarms": _alarms(status, ALARMS_SESSION),
    }


def programme_enclosure(snapshot: dict[str, Any]) -> Enclosure:
    """
    The entries of a person's sessions as a file in a mail: attached only, since what stands
    among the alternatives of its text is taken for an invitation.
    """
    entries = snapshot["programme"]
    events = [_event(entry, url=snapshot["manage_url"]) for entry in entries]
    starts = min(entry["starts"] for entry in entries)
    return Enclosure(
        filename="programme.ics",
        content_type="application/ics",
        params={"method": "PUBLISH", "charset": "UTF-8"},
        content=_file(*events, method="PUBLISH", starts=starts),
    )


def _event(entry: dict[str, Any], *, url: str) -> Event:
    event = Event()
    event.add("uid", entry["uid"])
    event.add("sequence", entry["sequence"])
    event.add("dtstamp", datetime.fromisoformat(entry["stamp"]).astimezone(UTC))
    _add_times(event, entry["starts"], entry["ends"], entry["time_zone"])
    event.add("summary", _line(entry["summary"]))
    _add_texts(event, location=entry["location"], description=entry["description"], url=url)
    event.add("status", entry["status"])
    event.add("transp", "TRANSPARENT" if entry["status"] == "CANCELLED" else "OPAQUE")
    # Letters that were written by an older version know of none.
    for minutes in entry.get("alarms", ()):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _line(entry["summary"]))
        alarm.add("trigger", timedelta(minutes=-minutes))
        event.add_component(alarm)
    return event


def public(meeting: Meeting, *, url: str, stamp: datetime) -> bytes:
    """The meeting for anybody: no names, no secret links."""
    event = Event()
    event.add("uid", f"meeting-{meeting.slug}@{settings.MAIL_DOMAIN}")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    _add_times(event, meeting.starts_at.isoformat(), meeting.ends_at.isoformat(), _zone(meeting))
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


def _file(*events: Event, method: str, starts: str, name: str = "") -> bytes:
    """With a `name` it is a feed: a calendar of its own, to be looked at again."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if name:
        # Each twice: as RFC 7986 calls it, and as programs did long before.
        calendar.add("name", _line(name))
        calendar.add("x-wr-calname", _line(name))
        calendar.add("refresh-interval", LOOKS_AGAIN, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", f"PT{LOOKS_AGAIN // timedelta(hours=1)}H")
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
