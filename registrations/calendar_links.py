"""
Links that open Google's calendar with an entry filled in.

What is in such a link is in the history of a browser and with Google as soon as it is pressed.
So it leads to the meeting's public page, never to anybody's own; where to join online it says
to whom the meeting's own page says it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import translation
from django.utils.text import Truncator

from events.models import Format, Meeting
from registrations import calendar
from registrations.models import Registration

GOOGLE = "https://calendar.google.com/calendar/render"
# A letter takes six signs of an address, and servers refuse addresses of more than 8,000.
MOST_OF_TEXT = 500


def public(meeting: Meeting, *, url: str) -> str:
    """The meeting for anybody, in the active language."""
    return _google(meeting, location=calendar.place(meeting), url=url)


def personal(registration: Registration, *, url: str) -> str:
    """The meeting as this person takes part in it; `url` is the public page."""
    with translation.override(registration.language):
        location = calendar.facts(registration)["location"]
        return _google(registration.meeting, location=location, url=url)


def _google(meeting: Meeting, *, location: str, url: str) -> str:
    said: dict[str, Any] = {"action": "TEMPLATE", "text": meeting.text("title")}
    if meeting.format == Format.ONLINE:
        said["dates"] = f"{_utc(meeting.starts_at)}/{_utc(meeting.ends_at)}"
    else:
        # The wall clock of the venue, and whose it is: it binds.
        clock = [f"{m.astimezone(meeting.zone):%Y%m%dT%H%M%S}" for m in _span(meeting)]
        said |= {"dates": "/".join(clock), "ctz": meeting.time_zone}
    if location:
        said["location"] = _short(location)
    note = _short(meeting.text("arrival_note"))
    said["details"] = "\n\n".join(filter(None, [note, url]))
    return f"{GOOGLE}?{urlencode(said)}"


def _span(meeting: Meeting) -> tuple[datetime, datetime]:
    return meeting.starts_at, meeting.ends_at


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _short(text: str) -> str:
    return Truncator(text).chars(MOST_OF_TEXT, truncate="…")
