"""Correct what is written about a participant, by himself or by the organizer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import Via
from accounts.refusals import Refused
from events.models import Session
from notifications import suppressing
from registrations import (
    feeds,
    letters,
    links,
    offers,
    rewriting,
    seats,
    session_seats,
    staging,
    strangers,
    throttle,
    transitions,
    waitlist,
)
from registrations.models import Consent, Registration, Status
from registrations.rewriting import FIELDS, SEAT_FIELDS, TOLD
from registrations.transitions import AlreadyRegistered, StaleVersion
from registrations.waitlist import MeetingFull

__all__ = [
    "FIELDS",
    "AlreadyRegistered",
    "EditsClosed",
    "MeetingFull",
    "StaleVersion",
    "amend",
    "correct_address",
    "subscribe",
    "unsubscribe",
    "withdraw_consent",
]


class EditsClosed(Refused):
    code = "edits_closed"


def amend(
    *,
    registration: Registration,
    changes: dict[str, Any],
    version: int | None,
    at: datetime,
    by: Actor,
    as_organizer: bool = False,
) -> Registration:
    """
    Change some of FIELDS; values are checked by the form. Nothing changed is harmless.

    `version` is the one that the change was made from; None skips the check. Whoever comes
    to need no seat (as press, or online) gives his back, or need not wait any more; online, his
    seats in sessions as well. Whoever comes to need one gets it while there is one; only an
    organizer goes beyond the limit. A seat that is offered to him moves along like one that he
    has.

    Where the meeting says so, a participant who changes name or organization after he was
    approved is looked at again by the organizer (`staging`); he keeps what he has meanwhile.

    :raises EditsClosed: a participant changes after the lists were closed
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises AlreadyRegistered: the list has somebody of that name and address already
    :raises MeetingFull: a participant comes to need a seat of a limit that has none left
        (`scope`: what the limit is about)
    """
    try:
        return _amend(registration, changes, version, at=at, by=by, as_organizer=as_organizer)
    except IntegrityError as error:
        if "one_live_registration_per_person_and_meeting" not in str(error):
            raise
        raise AlreadyRegistered(
            _("Somebody with this name and address is on the list already.")
        ) from error


@transaction.atomic(durable=True)
def _amend(
    registration: Registration,
    changes: dict[str, Any],
    version: int | None,
    *,
    at: datetime,
    by: Actor,
    as_organizer: bool,
) -> Registration:
    spared = _spared(registration, changes, at=at, by=by)
    counters = None
    if changes.keys() & SEAT_FIELDS or (not as_organizer and changes.keys() & set(TOLD)):
        counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    if registration.erased_at or (
        not as_organizer and not (registration.meeting.takes_edits(at) and registration.is_live)
    ):
        raise EditsClosed(
            _("The lists are closed. Please write to the organizer: %(contact)s.")
            % {"contact": registration.meeting.contact_email}
        )
    if version is not None and version != registration.version:
        raise StaleVersion(
            _("This registration was changed in the meantime. Look at it again."),
            version=registration.version,
        )
    if not rewriting.differing(registration, changes):
        return registration
    was = registration.status, registration.seat
    old = rewriting.write(registration, changes)
    if "email" in old:
        # Whoever corrects an address knows it: if mail to it came back before, it may go now.
        suppressing.allow(scope=f"meeting:{registration.meeting_id}", address=registration.email)
    if counters is not None and not as_organizer:
        staging.after_change(counters, registration, old, at=at, by=by)
    gone: list[Session] = []
    if counters is not None and old.keys() & SEAT_FIELDS:
        rewriting.change_chairs(counters, registration, at=at, may_go_over=as_organizer)
        if "attendance_mode" in old and not session_seats.may_hold(registration):
            gone = [seat.session for seat in session_seats.of(registration)]
            session_seats.give_back(registration)
    journal.record(
        by=by,
        at=at,
        action="registration.amended",
        subjects=letters.subjects(registration),
        changes={"fields": list(old)} | rewriting.seat_changed(registration, *was),
    )
    _tell(registration, old, was=was[0], gone=gone, as_organizer=as_organizer)
    return registration


def _tell(
    registration: Registration,
    old: dict[str, Any],
    *,
    was: str,
    gone: list[Session],
    as_organizer: bool,
) -> None:
    """
    Write what somebody else has changed; and to whoever comes in another way now, where to
    be, or how to join: his calendar follows.
    """
    elsewhere = "attendance_mode" in old and was == registration.status == Status.CONFIRMED
    fields = {*TOLD, "attendance_mode"} if elsewhere else {*TOLD}
    if not as_organizer:
        if elsewhere:
            letters.write_confirmed_elsewhere(registration, gone=gone)
    elif told := {field: value for field, value in old.items() if field in fields}:
        letters.write_details_changed(
            registration,
            changes=rewriting.in_words(registration, told),
            version=registration.version,
            is_elsewhere=elsewhere,
            gone=gone,
        )


def _spared(
    registration: Registration, changes: dict[str, Any], *, at: datetime, by: Actor
) -> frozenset[str]:
    """As `strangers.spare`, where a change by a participant may lead to a letter."""
    reviewed = registration.meeting.reviews_changes and changes.keys() & set(TOLD)
    mode = changes.get("attendance_mode", registration.attendance_mode)
    if not reviewed and mode == registration.attendance_mode:
        return frozenset()
    return strangers.spare(registration.email, registration.submitted_by_email, at=at, by=by)


@transaction.atomic(durable=True)
def correct_address(
    *, registration: Registration, email: str, at: datetime, by: Actor
) -> Registration:
    """
    "I mistyped my e-mail": the answer goes out again, to the right address.

    The old address keeps a link that opens nothing any more, and whoever read it there may
    have had a calendar follow: that ends too. Returns the registration with its new link.

    :raises EditsClosed: the meeting has begun, or the data is erased
    :raises AlreadyRegistered: the list has this name with that address already
    :raises Throttled: a participant has corrected it five times within an hour
    """
    wrote = email, registration.submitted_by_email
    spared = strangers.spare(*wrote, at=at, by=by)
    registration = transitions.locked(registration)
    registration.spared = spared
    if by.via == Via.LINK:
        # Each correction writes to an address that anybody may have typed.
        throttle.hit(f"address:{registration.uid}", limit=5, seconds=3600, at=at)
    meeting = registration.meeting
    if registration.erased_at or not registration.is_live or at >= meeting.starts_at:
        raise EditsClosed(_("The address can no longer be changed here."))
    if registration.email == email:
        return registration
    letters.withdraw_all(registration, reason="address corrected")
    registration.email = email
    transitions.refuse_twin(registration)
    # As above: whoever corrects an address knows it.
    suppressing.allow(scope=f"meeting:{registration.meeting_id}", address=email)
    registration.link_generation += 1
    registration.link_hash = links.hashed(registration)
    registration.calendar_sequence += 1
    registration.version += 1
    registration.save(
        update_fields=["email", "link_generation", "link_hash", "calendar_sequence", "version"]
    )
    links.revoke_merged(registration)
    feeds.end(registration, at=at)
    letters.write_answer(registration, **waitlist.told(registration))
    if (offer := offers.open_of(registration)) and offer.is_open(at):
        letters.write_offered(registration, offer)
    journal.record(
        by=by,
        at=at,
        action="registration.address_corrected",
        subjects=letters.subjects(registration),
    )
    return registration


@transaction.atomic(durable=True)
def unsubscribe(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """No more reminders of this meeting (RFC 8058). Twice is harmless; the seat stays."""
    registration = transitions.locked(registration)
    if registration.unsubscribed_at is None:
        registration.unsubscribed_at = at
        registration.save(update_fields=["unsubscribed_at"])
        letters.withdraw_bulk(registration, reason="unsubscribed")
        journal.record(
            by=by,
            at=at,
            action="registration.unsubscribed",
            subjects=letters.subjects(registration),
        )
    return registration


@transaction.atomic(durable=True)
def subscribe(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """Reminders again, from the next that is due. Twice is harmless."""
    registration = transitions.locked(registration)
    if registration.unsubscribed_at is not None and not registration.erased_at:
        registration.unsubscribed_at = None
        registration.save(update_fields=["unsubscribed_at"])
        journal.record(
            by=by,
            at=at,
            action="registration.subscribed",
            subjects=letters.subjects(registration),
        )
    return registration


@transaction.atomic(durable=True)
def withdraw_consent(
    *, registration: Registration, consent: Consent, at: datetime, by: Actor
) -> None:
    """Take one consent back; the row stays as proof of when. Twice is harmless."""
    registration = transitions.locked(registration)
    taken_back = Consent.objects.filter(
        pk=consent.pk, registration=registration, withdrawn_at=None
    ).update(withdrawn_at=at)
    if taken_back:
        journal.record(
            by=by,
            at=at,
            action="consent.withdrawn",
            subjects=letters.subjects(registration),
            changes={"kind": consent.document.kind},
        )
