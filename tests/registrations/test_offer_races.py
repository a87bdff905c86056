"""An answer at the very deadline, two sweeps, an answer among newcomers: real threads."""

from datetime import timedelta
from threading import Event
from time import sleep

import pytest

from accounts.refusals import Refused
from registrations import booking, letters, offering, seats, transitions
from registrations.models import Offer, Registration, SeatLimit, Status
from tests.factories import LINK, NOON, make_meeting, make_registration
from tests.registrations.test_offers import DEADLINE, HOURS, offered
from tests.registrations.test_races import at_once, registering

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[8, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    """How often a race is run: often enough to see it, and very often in the long checks."""
    return request.param


def unbroken(results):
    strange = [
        one for one in results if isinstance(one, Exception) and not isinstance(one, Refused)
    ]
    assert not strange, strange
    return results


def accepting(person, *, at=DEADLINE - timedelta(microseconds=1)):
    return lambda: offering.accept(registration=person, at=at, by=LINK)


def sweeping(at=DEADLINE):
    return lambda: offering.lapse_due(at=at)


def seat_counts(meeting) -> tuple[int, int, int]:
    """How many sit, how many are offered a seat, how many seats the counter says are taken."""
    sitting = Registration.objects.confirmed().filter(meeting=meeting).count()
    return sitting, Offer.objects.of(meeting).count(), SeatLimit.objects.get(whole=meeting).taken


def test_an_answer_at_the_deadline_and_the_sweep_give_the_seat_to_exactly_one(repetitions):
    for _ in range(repetitions):
        meeting, [first, second] = offered(waiting=2)

        accepted, swept = unbroken(at_once(accepting(first), sweeping()))

        first.refresh_from_db()
        if swept:
            # He came too late by a hair: the next is asked, and he waits behind.
            assert isinstance(accepted, offering.OfferOver)
            assert (first.status, first.missed_offers) == (Status.WAITLISTED, 1)
            assert Offer.objects.get(registration=second).answer_by > DEADLINE
            assert seat_counts(meeting) == (0, 1, 1)
        else:
            assert first.status == Status.CONFIRMED
            assert seat_counts(meeting) == (1, 0, 1)
        assert seats.audit(meeting.pk) == {}


def swept_while_he_accepts(monkeypatch):
    """The sweep begins when the offer was looked at and nothing is written yet."""
    meeting, [first, second] = offered(waiting=2)
    enter, has_looked = transitions.enter, Event()

    def slowly(*args, **facts):
        has_looked.set()
        sleep(0.3)
        return enter(*args, **facts)

    def sweep():
        assert has_looked.wait(timeout=10)
        return offering.lapse_due(at=DEADLINE)

    monkeypatch.setattr(transitions, "enter", slowly)
    _accepted, swept = unbroken(at_once(accepting(first), sweep))
    return meeting, swept, Offer.objects.filter(registration=second).exists()


def test_a_sweep_that_comes_while_he_accepts_waits_and_finds_nothing(monkeypatch):
    meeting, swept, goes_on = swept_while_he_accepts(monkeypatch)

    assert (swept, goes_on) == (0, False)
    assert seats.audit(meeting.pk) == {}


def test_control_without_the_lock_one_seat_is_given_to_two(monkeypatch):
    monkeypatch.setattr(seats, "lock", seats.look)
    # The row of the unsent letter would be a lock as well.
    monkeypatch.setattr(letters, "withdraw_offer", lambda _person: None)
    monkeypatch.setattr(
        transitions, "locked", lambda person: Registration.objects.get(pk=person.pk)
    )

    meeting, swept, goes_on = swept_while_he_accepts(monkeypatch)

    assert (swept, goes_on) == (1, True)
    assert seats.audit(meeting.pk)["seated"] == (1, 2)


def test_two_sweeps_at_once_end_an_offer_once(repetitions):
    for _ in range(repetitions):
        meeting, people = offered(waiting=3)

        ended = unbroken(at_once(sweeping(), sweeping(), sweeping()))

        assert sorted(ended) == [0, 0, 1]
        people[0].refresh_from_db()
        assert people[0].missed_offers == 1
        assert Offer.objects.get(registration__meeting=meeting).registration == people[1]
        assert seat_counts(meeting) == (0, 1, 1)
        assert seats.audit(meeting.pk) == {}


def test_an_answer_a_newcomer_and_a_cancellation_leave_no_seat_too_many_or_too_few(repetitions):
    for turn in range(repetitions):
        meeting = make_meeting(seat_limit=2, offer_hours=HOURS)
        leaves, stays = make_registration(meeting=meeting), make_registration(meeting=meeting)
        first, second = (
            make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(2)
        )
        booking.cancel(registration=leaves, at=NOON, by=LINK)
        step = (offering.accept, offering.decline, offering.step_aside, booking.cancel)[turn % 4]

        unbroken(
            at_once(
                lambda act=step, who=first: act(registration=who, at=NOON, by=LINK),
                registering(meeting),
                lambda who=stays: booking.cancel(registration=who, at=NOON, by=LINK),
                registering(meeting),
            )
        )

        # Four want the two seats, less whoever does not: so each is taken or on offer.
        first.refresh_from_db()
        sitting, on_offer, taken = seat_counts(meeting)
        assert sitting + on_offer == taken == 2
        assert (first.status == Status.CONFIRMED) == (step is offering.accept)
        assert Offer.objects.filter(registration=second).exists()
        assert seats.audit(meeting.pk) == {}


def test_pressing_accept_several_times_takes_one_seat(repetitions):
    for _ in range(repetitions):
        meeting, [first] = offered()

        results = unbroken(at_once(*(accepting(first) for _ in range(3))))

        assert {person.status for person in results} == {Status.CONFIRMED}
        assert seat_counts(meeting) == (1, 0, 1)
        assert seats.audit(meeting.pk) == {}


def test_taking_an_offer_back_while_he_accepts_is_one_or_the_other(repetitions):
    for _ in range(repetitions):
        meeting, [first] = offered()

        unbroken(
            at_once(
                accepting(first),
                lambda who=first: offering.withdraw(registration=who, at=NOON, by=LINK),
            )
        )

        first.refresh_from_db()
        sits = first.status == Status.CONFIRMED
        assert seat_counts(meeting) == ((1, 0, 1) if sits else (0, 0, 0))
        assert seats.audit(meeting.pk) == {}
