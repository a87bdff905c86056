"""Writing something else about a participant, while his row is locked, with what hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation

from registrations import intake, letters, names, offers, seats, transitions, waitlist
from registrations.models import Registration, Scope, Seat, Status
from registrations.seats import Counters
from registrations.waitlist import MeetingFull

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
# What stands on the badge: who reads another name or organization there than was written is
# told, and the organizer may want to approve it.
TOLD = ("family_name", "given_name", "patronymic", "organization")


def differing(registration: Registration, changes: dict[str, Any]) -> list[str]:
    """The fields that would become others, in their order."""
    return [
        field
        for field in FIELDS
        if field in changes and changes[field] != getattr(registration, field)
    ]


def write(registration: Registration, changes: dict[str, Any]) -> dict[str, Any]:
    """
    Write what differs, and what is derived from it. Returns what it was; the version rises.

    A Latin name that nobody has corrected follows the name that it was made of.

    :raises IntegrityError: the list has somebody of that name and address already
    """
    changes = _with_latin_name(registration, changes)
    changed = differing(registration, changes)
    old = {field: getattr(registration, field) for field in changed}
    for field in changed:
        setattr(registration, field, changes[field])
    who = (registration.family_name, registration.given_name, registration.patronymic)
    registration.name_key = names.name_key(*who)
    derived = intake.set_search_keys(registration)
    registration.version += 1
    # Whoever joins online from now on finds another place in his calendar.
    registration.calendar_sequence += "attendance_mode" in changed
    counted = ["version", "calendar_sequence"]
    registration.save(update_fields=[*changed, "name_key", *derived, *counted])
    return old


def _with_latin_name(registration: Registration, changes: dict[str, Any]) -> dict[str, Any]:
    was = registration.family_name, registration.given_name
    now = (
        changes.get("family_name", registration.family_name),
        changes.get("given_name", registration.given_name),
    )
    own = changes.get("latin_name", registration.latin_name)
    if was == now or own != names.latin_name(*was):
        return changes
    return changes | {"latin_name": names.latin_name(*now)}


def change_chairs(
    counters: Counters, registration: Registration, *, at: datetime, may_go_over: bool
) -> None:
    """
    What he sits on, or whether he waits, now that other limits may apply to him.

    :raises MeetingFull: he comes to need a seat of a limit that has none left (`scope`)
    """
    needs = intake.takes_seat(
        meeting=registration.meeting,
        category=registration.category,
        attendance_mode=registration.attendance_mode,
    )
    if registration.status == Status.WAITLISTED and not needs:
        counters.leave_line()
        waitlist.sit(counters, registration, at=at)
        letters.write_answer(registration)
    elif (
        registration.status == Status.CONFIRMED
        or registration.was_confirmed
        or offers.open_of(registration)
    ):
        try:
            seat = counters.move(registration, needs_seat=needs, goes_over=may_go_over)
        except seats.NoRoom as full:
            raise MeetingFull(
                waitlist.none_left(full.limit), scope=Scope(full.limit.scope).name.lower()
            ) from full
        if registration.status != Status.WAITLISTED:
            registration.seat = seat
            registration.save(update_fields=["seat"])
    waitlist.fill(counters, meeting=registration.meeting, at=at)
    # A seat that got free may be his own: he waited, and now stands for another region.
    registration.refresh_from_db(fields=transitions.CHANGED)


def seat_changed(registration: Registration, status: str, seat: str) -> dict[str, Any]:
    """What the journal says beside the names of the fields: a seat is no detail."""
    said: dict[str, Any] = {}
    if registration.status != status:
        said["status"] = [status, registration.status]
    if registration.seat == Seat.OVER != seat:
        said["over_capacity"] = True
    return said


def in_words(
    registration: Registration, old: dict[str, Any], *, language: str | None = None
) -> list[dict[str, str]]:
    """Each of these fields with what it was and is, in the person's language if in no other."""
    with translation.override(language or registration.language):
        return [
            {
                "field": str(Registration._meta.get_field(field).verbose_name),  # type: ignore[union-attr]  # plain fields only
                "was": _said(field, old[field]),
                "now": _said(field, getattr(registration, field)),
            }
            for field in FIELDS
            if field in old
        ]


def _said(field: str, value: Any) -> str:
    """A value as people say it, in the active language."""
    choices = dict(Registration._meta.get_field(field).flatchoices)  # type: ignore[union-attr]  # plain fields only
    return str(choices.get(value, value))
