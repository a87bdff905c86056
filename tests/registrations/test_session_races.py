"""Many at the last place of two sessions, and people who swap them: real threads."""

from collections import Counter
from time import sleep

import pytest
from django.db import connection
from django.db.models import F

from accounts.refusals import Refused
from registrations import booking, seats, session_seats
from registrations.models import SeatLimit, SessionSeat
from registrations.sessions import choosing, planning
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_meeting,
    make_registration,
    make_session,
)
from tests.registrations.test_races import at_once, own_database

__all__ = ["own_database"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[15, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    """How often a race is run: often enough to see it, and very often in the long checks."""
    return request.param


def choosing_one(person, session, *instead_of):
    def act():
        choosing.book(registration=person, session=session, instead_of=instead_of, at=NOON, by=LINK)
        return session.title

    return act


def unbroken(results):
    strange = [
        one for one in results if isinstance(one, Exception) and not isinstance(one, Refused)
    ]
    assert not strange, strange
    return results


def test_the_last_places_of_two_sessions_go_to_exactly_as_many_as_there_are(repetitions):
    meeting = make_meeting(seat_limit=None)
    people = [make_registration(meeting=meeting) for _ in range(10)]
    for _ in range(repetitions):
        first = make_session(meeting, title="Первая", hour=0, capacity=1)
        second = make_session(meeting, title="Вторая", hour=1, capacity=2)

        results = unbroken(
            at_once(
                *(choosing_one(person, session)
                  for person in people[:5] for session in (first, second))
            )
        )  # fmt: skip

        taken = Counter(one for one in results if isinstance(one, str))
        assert taken == {"Первая": 1, "Вторая": 2}
        assert sum(isinstance(one, choosing.SessionFull) for one in results) == 7
        assert seats.audit(meeting.pk) == {}
        for session in (first, second):
            planning.remove(session=session, at=NOON, by=ORGANIZER, releases=True)


def test_control_looking_before_taking_a_place_oversells(own_database, monkeypatch):
    """The same with the counter read first and written later: the test above has teeth."""

    def look_then_take(person, session, *, at):
        counter = SeatLimit.objects.get(session=session)
        sleep(0.3)
        if counter.is_full:
            return False
        SeatLimit.objects.filter(pk=counter.pk).update(taken=F("taken") + 1)
        SessionSeat.objects.create(
            registration=person, session=session, starts_at=session.starts_at,
            ends_at=session.ends_at, booked_at=at,
        )  # fmt: skip
        return True

    def unlocked(sessions):
        return {row.session_id: row for row in SeatLimit.objects.filter(session__in=sessions)}

    monkeypatch.setattr(session_seats, "take", look_then_take)
    monkeypatch.setattr(session_seats, "lock", unlocked)
    meeting = make_meeting(seat_limit=None)
    session = make_session(meeting, capacity=1)
    people = [make_registration(meeting=meeting) for _ in range(5)]

    at_once(*(choosing_one(person, session) for person in people))

    assert SessionSeat.objects.filter(session=session).count() > 1


def test_one_person_in_two_tabs_is_in_one_of_two_parallel_sessions(repetitions):
    meeting = make_meeting(seat_limit=None)
    first = make_session(meeting, hour=0, capacity=500)
    second = make_session(meeting, hour=0.5, capacity=500)
    for _ in range(repetitions):
        person = make_registration(meeting=meeting)

        results = unbroken(at_once(choosing_one(person, first), choosing_one(person, second)))

        assert sum(isinstance(one, choosing.SessionsOverlap) for one in results) == 1
        assert person.session_seats.count() == 1
    assert seats.audit(meeting.pk) == {}


def test_control_without_the_lock_and_the_constraint_one_is_in_two_sessions(
    own_database, monkeypatch
):
    """Neither the person's row locked nor PostgreSQL's refusal: two sessions at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE registrations_sessionseat"
            " DROP CONSTRAINT nobody_is_in_two_sessions_at_once"
        )
    meeting = make_meeting(seat_limit=None)
    first = make_session(meeting, hour=0, capacity=5)
    second = make_session(meeting, hour=0.5, capacity=5)
    person = make_registration(meeting=meeting)
    take = session_seats.take

    def slowly(*args, **options):
        sleep(0.3)
        return take(*args, **options)

    monkeypatch.setattr(session_seats, "take", slowly)
    monkeypatch.setattr(choosing.transitions, "locked", lambda one: one)

    at_once(choosing_one(person, first), choosing_one(person, second))

    assert person.session_seats.count() == 2


def test_two_who_swap_places_wait_for_each_other_and_not_for_ever(repetitions):
    meeting = make_meeting(seat_limit=None)
    left = make_session(meeting, title="Левая", hour=0, capacity=2)
    right = make_session(meeting, title="Правая", hour=0, capacity=2)
    ada, bob = (make_registration(meeting=meeting) for _ in range(2))
    choosing_one(ada, left)()
    choosing_one(bob, right)()
    for turn in range(repetitions):
        there, back = (right, left) if turn % 2 == 0 else (left, right)

        results = unbroken(at_once(choosing_one(ada, there, back), choosing_one(bob, back, there)))

        assert results == [there.title, back.title]
        assert seats.audit(meeting.pk) == {}


def test_swapping_into_full_sessions_keeps_everybody_where_he_was(repetitions):
    meeting = make_meeting(seat_limit=None)
    left = make_session(meeting, title="Левая", hour=0, capacity=1)
    right = make_session(meeting, title="Правая", hour=0, capacity=1)
    ada, bob = (make_registration(meeting=meeting) for _ in range(2))
    choosing_one(ada, left)()
    choosing_one(bob, right)()
    for _ in range(repetitions):
        results = unbroken(at_once(choosing_one(ada, right, left), choosing_one(bob, left, right)))

        assert all(isinstance(one, choosing.SessionFull) for one in results)
    assert (ada.session_seats.get().session, bob.session_seats.get().session) == (left, right)
    assert seats.audit(meeting.pk) == {}


def test_choosing_cancelling_and_moving_at_once_leave_no_drift(repetitions):
    meeting = make_meeting(seat_limit=None)
    for turn in range(repetitions):
        session = make_session(meeting, hour=0, capacity=2)
        other = make_session(meeting, hour=1, capacity=2)
        leaver, stayer = (make_registration(meeting=meeting) for _ in range(2))
        choosing_one(leaver, session)()
        wish = planning.Wish(
            title=f"Перенесена {turn}", starts_at=other.ends_at, capacity=2,
            ends_at=meeting.ends_at,
        )  # fmt: skip

        unbroken(
            at_once(
                lambda p=leaver: booking.cancel(registration=p, at=NOON, by=LINK),
                choosing_one(stayer, session),
                choosing_one(leaver, other, session),
                lambda s=session, w=wish: planning.change(
                    session=s, wish=w, version=None, at=NOON, by=ORGANIZER
                ),
            )
        )

        assert not leaver.session_seats.exists()
        assert stayer.session_seats.get().starts_at == wish.starts_at
        assert seats.audit(meeting.pk) == {}
        for one in (session, other):
            planning.remove(session=one, at=NOON, by=ORGANIZER, releases=True)
