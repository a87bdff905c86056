"""Correct what is written about a participant, by himself or by the organizer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import Via
from accounts.refusals import Refused
from registrations import (
    intake,
    letters,
    links,
    names,
    offers,
    seats,
    throttle,
    transitions,
    waitlist,
)
from registrations.models import Consent, Registration, Scope, Seat, Status
from registrations.seats import Counters
from registrations.transitions import AlreadyRegistered, StaleVersion
from registrations.waitlist import MeetingFull

__all__ = [
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

# What may be changed, in the order in which a letter names it.
FIELDS = (
    "family_name",
    "given_name",
    "patronymic",
    "latin_name",
    "email",
    "phone",
    "organization",
    "position",
    "region",
    "category",
    "attendance_mode",
    "language",
    "time_zone",
)
# What decides which limits somebody takes a seat in, hence the counters' lock.
SEAT_FIELDS = {"category", "attendance_mode", "region", "organization"}
# Who is told: whoever reads another name or organization on the badge than was written.
TOLD = ("family_name", "given_name", "patronymic", "organization")


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
    to need no seat (as press, or online) gives his back, or need not wait any more. Whoever
    comes to need one gets it while there is one; only an organizer goes beyond the limit. A
    seat that is offered to him moves along like one that he has.

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
    counters = seats.lock(registration.meeting_id) if changes.keys() & SEAT_FIELDS else None
    registration = transitions.locked(registration)
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
    old = {field: getattr(registration, field) for field in FIELDS}
    changed = [field for field in FIELDS if field in changes and changes[field] != old[field]]
    if not changed:
        return registration
    was = registration.status, registration.seat
    for field in changed:
        setattr(registration, field, changes[field])
    who = (registration.family_name, registration.given_name, registration.patronymic)
    registration.name_key = names.name_key(*who)
    derived = intake.set_search_keys(registration)
    registration.version += 1
    registration.save(update_fields=[*changed, "name_key", *derived, "version"])
    if counters is not None and set(changed) & SEAT_FIELDS:
        _change_chairs(counters, registration, at=at, may_go_over=as_organizer)
    journal.record(
        by=by,
        at=at,
        action="registration.amended",
        subjects=letters.subjects(registration),
        changes={"fields": changed} | _seat_changed(registration, *was),
    )
    if as_organizer and set(changed) & set(TOLD):
        letters.write_details_changed(
            registration,
            changes=_in_words(registration, old, [f for f in changed if f in TOLD]),
            version=registration.version,
        )
    return registration


@transaction.atomic(durable=True)
def correct_address(
    *, registration: Registration, email: str, at: datetime, by: Actor
) -> Registration:
    """
    "I mistyped my e-mail": the answer goes out again, to the right address.

    The old address keeps a link that opens nothing any more. Returns the registration
    with its new link.

    :raises EditsClosed: the meeting has begun, or the data is erased
    :raises AlreadyRegistered: the list has this name with that address already
    :raises Throttled: a participant has corrected it five times within an hour
    """
    registration = transitions.locked(registration)
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
    registration.link_generation += 1
    registration.link_hash = links.hashed(registration)
    registration.calendar_sequence += 1
    registration.version += 1
    registration.save(
        update_fields=["email", "link_generation", "link_hash", "calendar_sequence", "version"]
    )
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


def _change_chairs(
    counters: Counters, registration: Registration, *, at: datetime, may_go_over: bool
) -> None:
    """What he sits on, or whether he waits, now that other limits may apply to him."""
    needs = intake.takes_seat(
        meeting=registration.meeting,
        category=registration.category,
        attendance_mode=registration.attendance_mode,
    )
    if registration.status == Status.WAITLISTED and not needs:
        counters.leave_line()
        waitlist.sit(counters, registration, at=at)
        letters.write_answer(registration)
    elif registration.status == Status.CONFIRMED or offers.open_of(registration):
        try:
            seat = counters.move(registration, needs_seat=needs, goes_over=may_go_over)
        except seats.NoRoom as full:
            raise MeetingFull(
                waitlist.none_left(full.limit), scope=Scope(full.limit.scope).name.lower()
            ) from full
        if registration.status == Status.CONFIRMED:
            registration.seat = seat
            registration.save(update_fields=["seat"])
    waitlist.fill(counters, meeting=registration.meeting, at=at)
    # A seat that got free may be his own: he waited, and now stands for another region.
    registration.refresh_from_db(fields=transitions.CHANGED)


def _seat_changed(registration: Registration, status: str, seat: str) -> dict[str, Any]:
    """What the journal says beside the names of the fields: a seat is no detail."""
    said: dict[str, Any] = {}
    if registration.status != status:
        said["status"] = [status, registration.status]
    if registration.seat == Seat.OVER != seat:
        said["over_capacity"] = True
    return said


def _in_words(
    registration: Registration, old: dict[str, Any], changed: list[str]
) -> list[dict[str, str]]:
    with translation.override(registration.language):
        return [
            {
                "field": str(Registration._meta.get_field(field).verbose_name),  # type: ignore[union-attr]  # plain fields only
                "was": str(old[field]),
                "now": str(getattr(registration, field)),
            }
            for field in changed
        ]
