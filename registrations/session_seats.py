"""
Seats in sessions: counter rows like those of the hall, and the rows that they count.

Only the confirmed have such seats, also while a changed name of theirs is looked at; and of a
meeting in a hall only who comes there: a seat in a session is a chair. Whoever ceases to be one
of these gives them back (`transitions.enter`, `amending`). The counters are locked before
anybody's registration (registrations.seats), by all (`seats.lock`) or those concerned (`lock`),
always in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from events.models import Format, Session
from registrations.models import (
    AttendanceMode,
    Registration,
    SeatLimit,
    SessionSeat,
    SessionSeatQuerySet,
    Status,
)

EXCLUSION = "nobody_is_in_two_sessions_at_once"


def may_hold(registration: Registration) -> bool:
    """Whether the person is one of those who may have seats in sessions."""
    is_there = registration.attendance_mode == AttendanceMode.IN_PERSON
    online = registration.meeting.format == Format.ONLINE
    confirmed = registration.status == Status.CONFIRMED or registration.was_confirmed
    return confirmed and (is_there or online)


def of(registration: Registration) -> SessionSeatQuerySet:
    """A person's seats with their sessions, in order of time."""
    return registration.session_seats.select_related("session").in_order()


def chosen(registration: Registration) -> list[Session]:
    """The sessions in which a person has a seat, in order of time; who may have none costs none."""
    return [seat.session for seat in of(registration)] if may_hold(registration) else []


def lock(sessions: Collection[int]) -> dict[int, SeatLimit]:
    """
    Lock the counters of these sessions, in order; a session that is gone has none.

    Only who holds its counter changes a session. What was read before, or in this very
    statement while it waited, may be old: whoever wants its times reads them afterwards.
    """
    _require_transaction()
    counters = SeatLimit.objects.filter(session__in=sessions).in_order().select_for_update()
    return {counter.session_id: counter for counter in counters if counter.session_id}


def take(registration: Registration, session: Session, *, at: datetime) -> bool:
    """
    Take a seat. False when none is left, or the session is for everybody.

    :raises IntegrityError: the person has a seat in another session at that time
    """
    _require_transaction()
    free = SeatLimit.objects.filter(session=session, taken__lt=F("seat_limit"))
    if not free.update(taken=F("taken") + 1):
        return False
    SessionSeat.objects.create(
        registration=registration,
        session=session,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        booked_at=at,
    )
    return True


def give_back(registration: Registration, *, only: Collection[int] | None = None) -> list[int]:
    """
    Give back a person's seats in all sessions, or `only` in these; the counters are locked by
    the caller. Returns the ids of the sessions.
    """
    _require_transaction()
    seats = SessionSeat.objects.filter(registration=registration)
    if only is not None:
        seats = seats.filter(session__in=only)
    left = sorted(seats.values_list("session", flat=True))
    if left:
        seats.delete()
        SeatLimit.objects.filter(session__in=left).update(taken=F("taken") - 1)
    return left


def hand_over(seats: Sequence[SessionSeat], newcomer: Registration, *, at: datetime) -> None:
    """
    Take the seats that somebody gave back in this very transaction, for whoever comes
    instead; the counters were locked all the time, so nobody got in between.
    """
    _require_transaction()
    if not seats or not may_hold(newcomer):
        return
    for seat in seats:
        SeatLimit.objects.filter(session=seat.session_id).update(taken=F("taken") + 1)
        seat.pk, seat.registration, seat.booked_at = None, newcomer, at
    SessionSeat.objects.bulk_create(seats)


def clashing(
    session: Session, *, starts_at: datetime, ends_at: datetime
) -> dict[int, list[SessionSeat]]:
    """
    Who of a session's people would be in two at once, were it at that time: by the id of the
    person, the seats in other sessions.
    """
    others = (
        SessionSeat.objects.filter(
            Q(starts_at__lt=ends_at, ends_at__gt=starts_at),
            registration__session_seats__session=session,
        )
        .exclude(session=session)
        .select_related("session")
        .in_order()
    )
    found: dict[int, list[SessionSeat]] = {}
    for seat in others:
        found.setdefault(seat.registration_id, []).append(seat)
    return found


def move_along(meeting_id: int, by: timedelta, *, at: datetime) -> None:
    """
    All sessions of a meeting begin so much later. Seats follow, and nobody is in two sessions
    at once who was not before.
    """
    _require_transaction()
    with connection.cursor() as cursor:
        # One by one they pass over each other's time; only where they arrive counts.
        cursor.execute(f"SET CONSTRAINTS {EXCLUSION} DEFERRED")
        Session.objects.filter(meeting=meeting_id).update(
            starts_at=F("starts_at") + by,
            ends_at=F("ends_at") + by,
            sequence=F("sequence") + 1,
            version=F("version") + 1,
            changed_at=at,
        )
        cursor.execute(f"SET CONSTRAINTS {EXCLUSION} IMMEDIATE")


def set_times(times: Mapping[int, Mapping[str, datetime]], *, at: datetime) -> None:
    """
    Sessions by their ids, with the times at which each begins and ends. Seats follow.

    :raises IntegrityError: somebody would be in two of them at once, or one end before it begins
    """
    _require_transaction()
    if not times:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {EXCLUSION} DEFERRED")
        for pk, new in times.items():
            Session.objects.filter(pk=pk).update(
                **new,
                sequence=F("sequence") + 1,
                version=F("version") + 1,
                changed_at=at,
            )
        cursor.execute(f"SET CONSTRAINTS {EXCLUSION} IMMEDIATE")


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Seats in sessions change only inside a use case's transaction.")
