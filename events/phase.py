"""Where a meeting stands: what the clock and the counters make of its status, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import when
from events.models import Approval, Meeting, MeetingStatus


class Phase(StrEnum):
    DRAFT = "draft"
    NOT_OPEN_YET = "not_open_yet"
    OPEN = "open"
    WAITING_LIST = "waiting_list"
    FULL = "full"
    CLOSED = "closed"
    TODAY = "today"
    RUNNING = "running"
    OVER = "over"
    CANCELLED = "cancelled"
    PURGED = "purged"


# In which of the three state colours it is shown; "" is none of them.
TONES = {
    Phase.OPEN: "yes",
    Phase.RUNNING: "yes",
    Phase.NOT_OPEN_YET: "wait",
    Phase.WAITING_LIST: "wait",
    Phase.FULL: "no",
    Phase.CANCELLED: "no",
}


@dataclass(frozen=True)
class Stage:
    """A phase, its words for people, and whether somebody may register now."""

    phase: Phase
    words: str

    @property
    def tone(self) -> str:
        return TONES.get(self.phase, "")

    @property
    def takes_registrations(self) -> bool:
        return self.phase in (Phase.OPEN, Phase.WAITING_LIST)


def phase(meeting: Meeting, *, at: datetime, seats_left: int | None) -> Phase:
    """
    Where the meeting stands at that moment. `seats_left` None means no limit.

    Who may come by approval only is told "open" though the seats are gone: nobody
    knows yet who will be approved.
    """
    if meeting.status == MeetingStatus.DRAFT:
        return Phase.DRAFT
    if meeting.purged_at:
        return Phase.PURGED
    if meeting.status == MeetingStatus.CANCELLED:
        return Phase.CANCELLED
    if meeting.takes_registrations(at):
        if seats_left is None or seats_left > 0 or meeting.approval == Approval.MANUAL:
            return Phase.OPEN
        return Phase.WAITING_LIST if meeting.has_waiting_list else Phase.FULL
    if at >= meeting.ends_at:
        return Phase.OVER
    if at >= meeting.starts_at:
        return Phase.RUNNING
    if meeting.registration_opens_at and at < meeting.registration_opens_at:
        return Phase.NOT_OPEN_YET
    today = at.astimezone(meeting.zone).date()
    is_today = today == meeting.starts_at.astimezone(meeting.zone).date()
    return Phase.TODAY if is_today else Phase.CLOSED


def stage(meeting: Meeting, *, at: datetime, seats_left: int | None) -> Stage:
    """The phase with its words, in the active language, at the venue's clock."""
    found = phase(meeting, at=at, seats_left=seats_left)
    return Stage(found, _words(found, meeting))


# What needs no moment to be said. The others are said by `_words`.
WORDS = {
    Phase.DRAFT: gettext_lazy("Draft: only you can see this page"),
    Phase.OPEN: gettext_lazy("Registration is open"),
    Phase.WAITING_LIST: gettext_lazy("All seats are taken, the waiting list is open"),
    Phase.FULL: gettext_lazy("All seats are taken"),
    Phase.CLOSED: gettext_lazy("Registration is closed"),
    Phase.RUNNING: gettext_lazy("Going on now"),
    Phase.OVER: gettext_lazy("Over"),
    Phase.CANCELLED: gettext_lazy("Cancelled"),
    Phase.PURGED: gettext_lazy("Over"),
}


def _words(found: Phase, meeting: Meeting) -> str:
    opens, closes = meeting.registration_opens_at, meeting.registration_closes_at
    if found == Phase.NOT_OPEN_YET and opens:
        said = when.moment(opens, meeting.zone)
        return _("Registration opens on %(moment)s") % {"moment": said}
    if found == Phase.OPEN and closes:
        said = when.moment(closes, meeting.zone)
        return _("Registration is open until %(moment)s") % {"moment": said}
    if found == Phase.TODAY:
        said = f"{when.clock(meeting.starts_at, meeting.zone)} {when.zone_label(meeting.zone)}"
        return _("Today at %(time)s, registration is closed") % {"time": said}
    return str(WORDS[found])
