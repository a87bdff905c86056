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
    KEPT = "kept"
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
    Phase.KEPT: "wait",
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
        return self.phase in (Phase.OPEN, Phase.KEPT, Phase.WAITING_LIST)


@dataclass(frozen=True)
class Room:
    """
    What the counters say: how many seats are left for everybody (None: no limit), how many
    for those whom they are kept for, how many people wait.
    """

    left: int | None
    kept: int = 0
    waiting: int = 0


def phase(meeting: Meeting, *, at: datetime, room: Room) -> Phase:
    """
    Where the meeting stands at that moment.

    Who may come by approval only is told "open" though the seats are gone: nobody
    knows yet who will be approved. After the lists are closed whoever comes stands behind
    those who wait, be there seats or not.
    """
    if meeting.status == MeetingStatus.DRAFT:
        return Phase.DRAFT
    if meeting.purged_at:
        return Phase.PURGED
    if meeting.status == MeetingStatus.CANCELLED:
        return Phase.CANCELLED
    if meeting.takes_registrations(at):
        stands_behind = room.waiting and not meeting.takes_edits(at)
        is_full = room.left is not None and room.left <= 0
        if meeting.approval == Approval.MANUAL or not (stands_behind or is_full):
            return Phase.OPEN
        if room.kept and not stands_behind:
            return Phase.KEPT
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


def stage(meeting: Meeting, *, at: datetime, room: Room) -> Stage:
    """The phase with its words, in the active language, at the venue's clock."""
    found = phase(meeting, at=at, room=room)
    return Stage(found, _words(found, meeting, room))


# What needs no moment to be said. The others are said by `_words`.
WORDS = {
    Phase.DRAFT: gettext_lazy("Draft: only you can see this page"),
    Phase.OPEN: gettext_lazy("Registration is open"),
    Phase.KEPT: gettext_lazy("Registration is open for those whom seats are kept for"),
    Phase.WAITING_LIST: gettext_lazy("All seats are taken, the waiting list is open"),
    Phase.FULL: gettext_lazy("All seats are taken"),
    Phase.CLOSED: gettext_lazy("Registration is closed"),
    Phase.RUNNING: gettext_lazy("Going on now"),
    Phase.OVER: gettext_lazy("Over"),
    Phase.CANCELLED: gettext_lazy("Cancelled"),
    Phase.PURGED: gettext_lazy("Over"),
}


def _words(found: Phase, meeting: Meeting, room: Room) -> str:
    opens, closes = meeting.registration_opens_at, meeting.registration_closes_at
    if found == Phase.NOT_OPEN_YET and opens:
        said = when.moment(opens, meeting.zone)
        return _("Registration opens on %(moment)s") % {"moment": said}
    if found == Phase.OPEN and closes:
        said = when.moment(closes, meeting.zone)
        return _("Registration is open until %(moment)s") % {"moment": said}
    if found == Phase.WAITING_LIST and room.left != 0:
        return _("Others wait already, the waiting list is open")
    if found == Phase.TODAY:
        said = f"{when.clock(meeting.starts_at, meeting.zone)} {when.zone_label(meeting.zone)}"
        return _("Today at %(time)s, registration is closed") % {"time": said}
    return str(WORDS[found])
