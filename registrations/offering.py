"""A seat is offered, and answered: by the person, by the organizer, or by the clock."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import leaving, letters, offers, seats, transitions, waitlist
from registrations.models import MOST_MISSED, Offer, Registration, Status
from registrations.waitlist import MeetingFull

__all__ = [
    "MeetingFull",
    "NotWaiting",
    "OfferOver",
    "OffersClosed",
    "accept",
    "ask_again",
    "decline",
    "lapse_due",
    "offer",
    "refuse_over",
    "step_aside",
    "withdraw",
]


class OfferOver(Refused):
    code = "offer_over"


class OffersClosed(Refused):
    code = "offers_closed"


class NotWaiting(Refused):
    code = "invalid_transition"


@transaction.atomic(durable=True)
def accept(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Take the offered seat: confirmed, with the ticket by mail. Twice is harmless.

    The moment that was named is kept to, be the offer still there or not: from it on the
    seat is promised to whoever is next.

    :raises OfferOver: no seat is offered to him, or no longer
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if registration.status == Status.CONFIRMED:
        return registration
    refuse_over(offers.open_of(registration), at=at)
    waitlist.confirm_waiting(counters, registration, at=at)
    offers.note(
        registration,
        "offer.accepted",
        at=at,
        by=by,
        changes={"status": [Status.WAITLISTED, Status.CONFIRMED]},
    )
    return registration


@transaction.atomic(durable=True)
def decline(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Refuse the offered seat and leave the waiting list: an ordinary cancellation, which may be
    taken back. The seat goes to whoever is next. Twice is harmless.

    :raises OfferOver: no seat is offered to him, or no longer
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if registration.status == Status.CANCELLED:
        return registration
    refuse_over(offers.open_of(registration), at=at)
    offers.note(registration, "offer.declined", at=at, by=by)
    leaving.withdraw(counters, registration, at=at, by=by)
    return registration


@transaction.atomic(durable=True)
def step_aside(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Refuse the offered seat and wait on: nothing is offered to him any more until he asks
    (`ask_again`). The seat goes to whoever is next. Twice is harmless.

    :raises OfferOver: no seat is offered to him, or no longer
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    found = offers.open_of(registration)
    if found is None and registration.is_passed_over:
        return registration
    found = refuse_over(found, at=at)
    offers.let_go(counters, registration, found, missed_offers=MOST_MISSED)
    offers.note(registration, "offer.passed_on", at=at, by=by)
    waitlist.fill(counters, meeting=registration.meeting, at=at)
    return registration


@transaction.atomic(durable=True)
def ask_again(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Whoever is passed over wants a seat after all: he stands behind those who let no offer
    pass, and is offered one at once where it is free. Twice is harmless.

    :raises NotWaiting: he is not on the waiting list
    :raises OffersClosed: the lists are closed
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if registration.status != Status.WAITLISTED:
        raise _not_waiting(registration)
    if not registration.meeting.takes_edits(at):
        raise _closed()
    if registration.missed_offers >= MOST_MISSED and not offers.open_of(registration):
        registration.missed_offers = MOST_MISSED - 1
        registration.version += 1
        registration.save(update_fields=["missed_offers", "version"])
        offers.note(registration, "offer.asked_for", at=at, by=by)
        waitlist.fill(counters, meeting=registration.meeting, at=at)
    return registration


@transaction.atomic(durable=True)
def offer(
    *, registration: Registration, at: datetime, by: Actor, over_capacity: bool = False
) -> Registration:
    """
    Offer a seat to somebody who waits, out of turn. Twice is harmless: the offer that he has
    stays as it is.

    :raises NotWaiting: he is not on the waiting list
    :raises OffersClosed: the meeting offers no seats, or its lists are closed
    :raises MeetingFull: no free seat, and not deliberately over capacity
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if registration.status != Status.WAITLISTED:
        raise _not_waiting(registration)
    if offers.open_of(registration):
        return registration
    if not registration.meeting.offer_hours:
        raise OffersClosed(_("This meeting offers no seats: whoever is next is confirmed at once."))
    if not registration.meeting.takes_edits(at):
        raise _closed()
    try:
        offers.make(counters, registration, at=at, by=by, goes_over=over_capacity)
    except seats.NoRoom as full:
        raise MeetingFull(waitlist.none_left(full.limit)) from full
    return registration


@transaction.atomic(durable=True)
def withdraw(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Take an offer back; the person is told, waits on, and is passed over until he asks, or an
    organizer offers him a seat again. The seat goes to whoever is next.

    :raises OfferOver: no seat is offered to him
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    found = offers.open_of(registration)
    if found is None:
        raise OfferOver(_("No seat is offered to this participant."))
    offers.let_go(counters, registration, found, missed_offers=MOST_MISSED)
    letters.write_offer_over(registration, found, why="withdrawn")
    offers.note(registration, "offer.withdrawn", at=at, by=by)
    waitlist.fill(counters, meeting=registration.meeting, at=at)
    return registration


def lapse_due(*, at: datetime) -> int:
    """
    End the offers that nobody answered in time, and offer their seats to whoever is next.

    The person waits on, behind those who let fewer offers pass; after the second he is
    passed over until he asks. Any number of sweeps do no harm. Returns how many ended.
    """
    due = Offer.objects.due(at).select_related("registration")
    return sum(_lapse(each.registration, at=at) for each in due)


@transaction.atomic(durable=True)
def _lapse(registration: Registration, *, at: datetime) -> bool:
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    found = offers.open_of(registration)
    # He, an organizer or another sweep may have been quicker; or it is a newer offer.
    if found is None or found.is_open(at):
        return False
    missed = registration.missed_offers + 1
    offers.let_go(counters, registration, found, missed_offers=missed)
    if registration.meeting.takes_edits(at):
        # Once the lists are closed there is nothing that he could do, and it may be night.
        letters.write_offer_over(registration, found, why="lapsed")
    offers.note(registration, "offer.lapsed", at=at, by=journal.SYSTEM)
    waitlist.fill(counters, meeting=registration.meeting, at=at)
    return True


def refuse_over(found: Offer | None, *, at: datetime) -> Offer:
    """
    The offer, where it can still be answered.

    :raises OfferOver: there is none, or its time has passed
    """
    if found is None:
        raise OfferOver(_("No seat is offered to you at this moment."))
    if not found.is_open(at):
        raise OfferOver(
            _("The time to answer has passed: the seat goes to whoever is next. You stay on the "
              "waiting list.")
        )  # fmt: skip
    return found


def _not_waiting(registration: Registration) -> NotWaiting:
    return NotWaiting(
        _("This cannot be done with a registration that is “%(status)s”.")
        % {"status": registration.get_status_display()}
    )


def _closed() -> OffersClosed:
    return OffersClosed(_("The lists are closed: no seats are offered any more."))
