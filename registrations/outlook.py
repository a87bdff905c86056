"""What somebody who registers may expect: a seat, a turn in line, or a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from events.models import Approval, Meeting
from registrations import intake, names, seats, waitlist
from registrations.intake import Application
from registrations.models import SeatLimit, Status
from registrations.waitlist import MeetingFull


@dataclass(frozen=True)
class Guess:
    """What an application will come to. The counters, changed at the end, confirm it or not."""

    status: str
    takes_seat: bool = False
    # Those that somebody who will wait needs a seat in.
    limits: Sequence[SeatLimit] = ()


def guess(meeting: Meeting, application: Application, *, at: datetime, closely: bool) -> Guess:
    """
    The meeting's own counter was read with the meeting. As long as it has seats, and those who
    wait get them, nothing else is looked at; once that was wrong, `closely` at all limits.

    :raises MeetingFull: no seat, and no waiting list
    """
    if is_reviewed(meeting, application):
        return Guess(Status.PENDING)
    if not _needs_seat(meeting, application):
        return Guess(Status.CONFIRMED)
    if not closely and meeting.takes_edits(at) and not meeting.seats.is_full:
        return Guess(Status.CONFIRMED, takes_seat=True)
    limits = _limits(meeting, application)
    if not (lacking := _lacking(meeting, limits, at=at)):
        return Guess(Status.CONFIRMED, takes_seat=True)
    if not meeting.has_waiting_list:
        raise MeetingFull(lacking)
    return Guess(Status.WAITLISTED, limits=limits)


def lacking(meeting: Meeting, application: Application, *, at: datetime) -> str:
    """Why that person would wait, or be refused; "" if there is a seat for him. Looks only."""
    if is_reviewed(meeting, application) or not _needs_seat(meeting, application):
        return ""
    return _lacking(meeting, _limits(meeting, application), at=at)


def _lacking(meeting: Meeting, limits: Sequence[SeatLimit], *, at: datetime) -> str:
    if (is_full := seats.full(limits)) is not None:
        return waitlist.none_left(is_full)
    if stands_behind(meeting, limits, at=at):
        return _("Others wait already: the organizer decides who gets the seats that are free.")
    return ""


def stands_behind(meeting: Meeting, limits: Sequence[SeatLimit], *, at: datetime) -> bool:
    """
    Whether a free seat is not for whoever comes now: after the lists are closed nobody is
    moved up by the program, and those who wait were there before.
    """
    return bool(limits and limits[-1].waiting and not meeting.takes_edits(at))


def is_reviewed(meeting: Meeting, application: Application) -> bool:
    """Whether the organizer decides first; whoever has such a code is approved at once."""
    code = application.access_code
    return meeting.approval == Approval.MANUAL and not (code and code.skips_review)


def _limits(meeting: Meeting, application: Application) -> list[SeatLimit]:
    """The limits that the person needs a seat in, as they are now."""
    return seats.applying(
        meeting_id=meeting.pk,
        category_id=application.category.pk,
        region=application.region,
        organization_key=names.organization_key(application.organization),
    )


def _needs_seat(meeting: Meeting, application: Application) -> bool:
    return intake.takes_seat(
        meeting=meeting,
        category=application.category,
        attendance_mode=application.attendance_mode,
    )
