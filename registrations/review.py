"""The organizer decides: approve, decline, revoke, or seat somebody out of the line."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import (
    letters,
    seats,
    session_seats,
    staging,
    strangers,
    transitions,
    waitlist,
)
from registrations.models import Registration, Seat, Status
from registrations.waitlist import MeetingFull

__all__ = ["InvalidTransition", "MeetingFull", "approve", "decline", "promote"]


class InvalidTransition(Refused):
    code = "invalid_transition"


@transaction.atomic(durable=True)
def approve(
    *, registration: Registration, at: datetime, by: Actor, over_capacity: bool = False
) -> Registration:
    """
    Confirm a request, or reverse a refusal; when it is full, a turn in line. Whoever was
    approved before gets back what he kept, and is told that he is confirmed again.

    A head who was to decide first is passed over.

    :raises InvalidTransition: the registration is not one to approve, or the meeting is over
        or called off
    :raises MeetingFull: no seat, no waiting list, and not deliberately over capacity
    """
    spared = strangers.spare_untold(registration, at=at)
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    _refuse_unless_ahead(registration, at=at)
    was = registration.status
    if was not in (Status.PENDING, Status.DECLINED) or registration.erased_at:
        raise _cannot(registration)
    transitions.refuse_twin(registration)
    if registration.was_confirmed:
        staging.reinstate(counters, registration, at=at)
    else:
        waitlist.admit(counters, registration, at=at, over_capacity=over_capacity)
        letters.write_answer(registration, **waitlist.told(registration))
    _note(registration, "registration.approved", was=was, at=at, by=by)
    return registration


@transaction.atomic(durable=True)
def decline(
    *,
    registration: Registration,
    at: datetime,
    by: Actor,
    reason: str = "",
    shows_reason: bool = False,
) -> Registration:
    """
    Decline a request, or take a confirmation back; a seat that gets free is passed on.

    The person reads the reason only if `shows_reason`.

    :raises InvalidTransition: the registration is cancelled or declined already, or the
        meeting is over or called off
    """
    spared = strangers.spare_untold(registration, at=at)
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    _refuse_unless_ahead(registration, at=at)
    if not registration.is_live:
        raise _cannot(registration)
    was, held = registration.status, transitions.last_told(registration)
    sessions = session_seats.chosen(registration)
    registration.decision_reason, registration.shows_reason = reason, shows_reason
    registration.save(update_fields=["decision_reason", "shows_reason"])
    transitions.leave(registration, to=Status.DECLINED, at=at)
    letters.withdraw_reminders(registration, reason="declined")
    letters.write_declined(registration, was=held, sessions=sessions)
    _note(registration, "registration.declined", was=was, at=at, by=by)
    waitlist.pass_on(counters, registration, was=was, at=at)
    return registration


@transaction.atomic(durable=True)
def promote(
    *, registration: Registration, at: datetime, by: Actor, over_capacity: bool = False
) -> Registration:
    """
    Seat somebody who waits, out of turn if need be.

    :raises InvalidTransition: the person does not wait, or the meeting is over or called off
    :raises MeetingFull: no free seat, and not deliberately over capacity
    """
    spared = strangers.spare_untold(registration, at=at)
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    _refuse_unless_ahead(registration, at=at)
    if registration.status != Status.WAITLISTED:
        raise _cannot(registration)
    try:
        waitlist.confirm_waiting(counters, registration, at=at, goes_over=over_capacity)
    except seats.NoRoom as full:
        raise MeetingFull(waitlist.none_left(full.limit)) from full
    _note(registration, "registration.promoted", was=Status.WAITLISTED, at=at, by=by)
    return registration


def _refuse_unless_ahead(registration: Registration, *, at: datetime) -> None:
    if not registration.meeting.is_ahead(at):
        raise InvalidTransition(
            _("The meeting is over or called off: there is nothing to decide any more.")
        )


def _cannot(registration: Registration) -> InvalidTransition:
    return InvalidTransition(
        _("This cannot be done with a registration that is “%(status)s”.")
        % {"status": registration.get_status_display()}
    )


def _note(registration: Registration, action: str, *, was: str, at: datetime, by: Actor) -> None:
    changes = {"status": [was, registration.status]}
    if registration.seat == Seat.OVER:
        changes["over_capacity"] = True  # type: ignore[assignment]  # JSON, mixed on purpose
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(registration), changes=changes
    )
