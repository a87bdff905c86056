"""
Seats: a counter row per meeting, changed by conditional UPDATEs (docs/decisions/0005-seats.md).

Two rules keep it free of lost seats and of deadlocks. A new registration changes the
counter last: its row can be locked by nobody else, and a hot meeting's counter is held
for the last statements only. Whoever changes an existing registration's status locks
the counter first (`lock`), then registrations.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count, F, Q

from registrations.models import Registration, Seat, SeatLimit, Status


@dataclass(frozen=True)
class Turn:
    """A place in the waiting line: how many wait, and the number drawn, which only rises."""

    position: int
    line: int


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Seats change only inside a use case's transaction.")


def take(meeting_id: int) -> bool:
    """Take one seat within the limit. False when there is none; then nothing is locked."""
    _require_transaction()
    free = Q(seat_limit=None) | Q(taken__lt=F("seat_limit"))
    return bool(SeatLimit.objects.filter(free, meeting_id=meeting_id).update(taken=F("taken") + 1))


def draw_turn(meeting_id: int) -> Turn | None:
    """
    Draw a place in the waiting line; None when there is a free seat after all.

    It updates the row that `take` updates, on the opposite condition. So a cancellation
    cannot slip between "it is full" and "somebody waits" and leave both a free seat and
    a waiting person.
    """
    _require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registrations_seatlimit SET waiting = waiting + 1, last_line = last_line + 1"
            " WHERE meeting_id = %s AND taken >= seat_limit RETURNING waiting, last_line",
            [meeting_id],
        )
        row = cursor.fetchone()
    return Turn(position=row[0], line=row[1]) if row else None


def lock(meeting_id: int) -> SeatLimit:
    """Lock the counter: the first step of every change to an existing registration's status."""
    _require_transaction()
    return SeatLimit.objects.select_for_update().get(meeting_id=meeting_id)


def take_over(counter: SeatLimit) -> None:
    """Seat somebody beyond the limit: a deliberate act, counted apart and journalled."""
    counter.over += 1
    counter.save(update_fields=["over"])


def give_back(counter: SeatLimit, seat: str) -> None:
    """
    Return a seat to the locked counter.

    While people sit beyond the limit, the one of them who came first moves to the freed
    seat: the room has as many chairs as before.
    """
    if seat == Seat.NONE:
        return
    if seat == Seat.OVER:
        counter.over -= 1
    else:
        counter.taken -= 1
    absorb_over(counter)


def absorb_over(counter: SeatLimit) -> None:
    """Move whoever sits beyond the limit to seats that are within it now, first come first."""
    while counter.over and has_room(counter):
        longest = Registration.objects.over().filter(meeting_id=counter.meeting_id).first()
        assert longest is not None, "the counter says that somebody sits beyond the limit"
        longest.seat = Seat.WITHIN
        longest.save(update_fields=["seat"])
        counter.over -= 1
        counter.taken += 1
    counter.save(update_fields=["taken", "over"])


def leave_line(counter: SeatLimit) -> None:
    """Somebody who waited does so no longer."""
    counter.waiting -= 1
    counter.save(update_fields=["waiting"])


def has_room(counter: SeatLimit) -> bool:
    """Whether the locked counter has a seat within the limit."""
    return counter.seat_limit is None or counter.taken < counter.seat_limit


def position(registration: Registration) -> int | None:
    """How many wait up to and including this person; None for whoever does not wait."""
    if registration.line is None:
        return None
    return (
        Registration.objects.waitlisted()
        .filter(meeting_id=registration.meeting_id, line__lte=registration.line)
        .count()
    )


def audit(meeting_id: int) -> dict[str, tuple[int, int]]:
    """
    Compare the counter with the rows. Return what differs: {"taken": (counter, rows)}.

    Empty means no drift. Looks only; meaningful while nobody registers.
    """
    counter = SeatLimit.objects.get(meeting_id=meeting_id)
    rows = Registration.objects.filter(meeting_id=meeting_id).aggregate(
        taken=Count("pk", filter=Q(seat=Seat.WITHIN)),
        over=Count("pk", filter=Q(seat=Seat.OVER)),
        waiting=Count("pk", filter=Q(status=Status.WAITLISTED)),
    )
    return {
        name: (getattr(counter, name), rows[name])
        for name in ("taken", "over", "waiting")
        if getattr(counter, name) != rows[name]
    }
