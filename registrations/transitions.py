"""From one status to another: the row's side of it. Counters are `seats`, order is `waitlist`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from events.models import Meeting
from registrations import names, places, session_seats
from registrations.models import (
    LIVE,
    DelegationRole,
    Offer,
    Registration,
    RegistrationQuerySet,
    Seat,
    Status,
)

CHANGED = [
    "status",
    "seat",
    "delegation_role",
    "waiting_since",
    "line",
    "missed_offers",
    "approved_as",
    "awaits_head_of",
    "status_changed_at",
    "calendar_sequence",
    "version",
]


class AlreadyRegistered(Refused):
    code = "already_registered"


class StaleVersion(Refused):
    code = "stale_version"


def refuse_twin(registration: Registration) -> None:
    """
    Whoever comes back to life must not stand on the list a second time.

    :raises AlreadyRegistered: the person has registered anew in between
    """
    who = (registration.family_name, registration.given_name, registration.patronymic)
    if (
        twins(registration.meeting, email=registration.email, who=who)
        .exclude(pk=registration.pk)
        .exists()
    ):
        raise AlreadyRegistered(_("This participant has registered again in the meantime."))


def twins(meeting: Meeting, *, email: str, who: tuple[str, str, str]) -> RegistrationQuerySet:
    """Whoever is on the list with that address and that name (family, given, patronymic)."""
    people = Registration.objects.live().filter(meeting=meeting)
    return people.of(email=email, name_key=names.name_key(*who))


def locked(registration: Registration) -> Registration:
    """The row as it is now, locked; the counter must be locked before (`seats.lock`)."""
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related(
            "meeting", "meeting__region_set", "category", "region", "delegation", "access_code",
            "awaits_head_of", "merged_into",
        )
        .get(pk=registration.pk)
    )  # fmt: skip


def enter(
    registration: Registration,
    *,
    to: str,
    at: datetime,
    seat: str = Seat.NONE,
    line: int | None = None,
    since: datetime | None = None,
    goes_over: bool = False,
) -> None:
    """
    Write the new status. `calendar_sequence` rises, so that calendars follow (RFC 5546).

    `line` and `since`: the turn of whoever waits, and since when, if not from now on. Whatever
    was still to be decided about a request is decided with it.

    Whoever comes on or leaves the list of a delegation, or of those with a code, takes or
    gives back a place there; with `goes_over`, one beyond its quota. Whoever is not confirmed
    any more gives his seats in sessions back; the counters are locked by the caller.

    Whoever waits no longer has no offer of a seat any more; what it held the caller takes over
    (`waitlist.confirm_waiting`) or gives back (`waitlist.pass_on`).

    :raises DelegationFull: the delegation has no place left
    :raises CodeUsedUp: the code with which he registered has none left
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A status changes inside a use case's transaction.")
    if registration.is_live != (to in LIVE):
        of = {
            "delegation_id": registration.delegation_id,
            "access_code_id": registration.access_code_id,
        }
        if registration.is_live:
            places.give_back(**of)
        else:
            places.take(**of, goes_over=goes_over)
            _follow_the_head(registration)
    if registration.status == Status.WAITLISTED:
        Offer.objects.filter(registration=registration).delete()
    if last_told(registration) == Status.CONFIRMED != to:
        session_seats.give_back(registration)
    registration.status = to
    registration.seat = seat
    registration.waiting_since = (since or at) if to == Status.WAITLISTED else None
    registration.line = line
    registration.missed_offers = 0
    registration.approved_as = None
    registration.awaits_head_of = None
    registration.status_changed_at = at
    registration.calendar_sequence += 1
    registration.version += 1
    registration.save(update_fields=CHANGED)


def _follow_the_head(registration: Registration) -> None:
    """Who was the head and comes back finds that there may be another one by now."""
    heads = Registration.objects.live().filter(delegation_role=DelegationRole.HEAD)
    if registration.delegation_role == DelegationRole.HEAD and (
        heads.filter(delegation=registration.delegation_id).exists()
    ):
        registration.delegation_role = DelegationRole.EXPERT


def look_again(registration: Registration, *, approved: dict[str, str], at: datetime) -> None:
    """
    Back to the organizer's desk with what was given: the seat, or the turn in line.

    `approved`: what was approved of what is others now. The counter of those who wait is the
    caller's.
    """
    seat, line, since = registration.seat, registration.line, registration.waiting_since
    in_sessions = list(session_seats.of(registration))
    enter(registration, to=Status.PENDING, at=at)
    registration.seat, registration.line, registration.waiting_since = seat, line, since
    registration.approved_as = approved
    registration.save(update_fields=["seat", "line", "waiting_since", "approved_as"])
    session_seats.hand_over(in_sessions, registration, at=at)


def last_told(registration: Registration) -> str:
    """
    What the person holds to be his status, hence what has to be taken back from him: whoever
    was confirmed and has changed his name has the meeting in his calendar still.
    """
    return Status.CONFIRMED if registration.was_confirmed else registration.status


def leave(registration: Registration, *, to: str, at: datetime) -> None:
    """To cancelled or declined: no seat and no turn any more."""
    enter(registration, to=to, at=at)
