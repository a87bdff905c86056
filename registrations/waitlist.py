"""Hand free seats to the people who waited for them, in the order of their turns."""

from __future__ import annotations

from datetime import datetime

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting
from registrations import intake, letters, seats, transitions
from registrations.models import Registration, Seat, SeatLimit, Status


class MeetingFull(Refused):
    code = "meeting_full"


def fill(counter: SeatLimit, *, meeting: Meeting, at: datetime) -> list[Registration]:
    """
    Confirm as many waiting people as there are free seats, first in line first, and tell them.

    The counter is locked by the caller. After the lists are closed nobody is moved any
    more: the organizer decides by hand.
    """
    promoted: list[Registration] = []
    while meeting.takes_edits(at) and seats.has_room(counter):
        first = (
            Registration.objects.waitlisted()
            .filter(meeting=meeting)
            .in_line()
            .select_related("meeting", "meeting__region_set", "category", "region")
            .select_for_update(of=("self",))
            .first()
        )
        if first is None:
            break
        confirm_waiting(counter, first, at=at)
        journal.record(
            by=journal.SYSTEM,
            at=at,
            action="registration.promoted",
            subjects=letters.subjects(first),
            changes={"status": [Status.WAITLISTED, Status.CONFIRMED]},
        )
        promoted.append(first)
    return promoted


def confirm_waiting(
    counter: SeatLimit, registration: Registration, *, at: datetime, seat: str = Seat.WITHIN
) -> None:
    """Seat somebody who waits. The counter is locked, and has room unless seat is OVER."""
    seats.leave_line(counter)
    sit(counter, registration, at=at, seat=seat)
    letters.write_promoted(registration)


def sit(counter: SeatLimit, registration: Registration, *, at: datetime, seat: str) -> None:
    """Confirm on a seat of that kind and count it."""
    if seat == Seat.WITHIN:
        counter.taken += 1
        counter.save(update_fields=["taken"])
    elif seat == Seat.OVER:
        seats.take_over(counter)
    transitions.enter(registration, to=Status.CONFIRMED, at=at, seat=seat)


def admit(
    counter: SeatLimit, registration: Registration, *, at: datetime, over_capacity: bool = False
) -> bool:
    """
    Confirm somebody who neither sits nor waits, or give him a turn in line.

    False when neither is possible: full, and the meeting has no waiting list.
    """
    meeting = registration.meeting
    if not intake.takes_seat(
        meeting=meeting,
        category=registration.category,
        attendance_mode=registration.attendance_mode,
    ):
        sit(counter, registration, at=at, seat=Seat.NONE)
    elif seats.has_room(counter):
        sit(counter, registration, at=at, seat=Seat.WITHIN)
    elif over_capacity:
        sit(counter, registration, at=at, seat=Seat.OVER)
    elif meeting.has_waiting_list:
        turn = seats.draw_turn(meeting.pk)
        assert turn is not None, "the locked counter says that it is full"
        counter.refresh_from_db()
        transitions.enter(registration, to=Status.WAITLISTED, at=at, line=turn.line)
    else:
        return False
    return True
