"""Real threads and PostgreSQL: two people at one seat, a cancellation between two steps."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from accounts import journal
from registrations import booking, seats
from registrations.idempotency import Claim
from registrations.models import IdempotencyKey, Registration, SeatLimit, Status
from tests.factories import LINK, NOON, make_application, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[20, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request: pytest.FixtureRequest) -> int:
    """How often a race is run: often enough to see it, and very often in the long checks."""
    return request.param


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads that start together; return their results or exceptions."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return act()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def registering(meeting, **overrides) -> Callable[[], str]:
    claim = overrides.pop("claim", None)
    application = make_application(meeting, **overrides)

    def act():
        return booking.register(
            meeting=meeting, application=application, consents=[], at=NOON, by=journal.PUBLIC,
            claim=claim,
        ).status  # fmt: skip

    return act


def crowd(meeting, size: int) -> list[str]:
    return sorted(at_once(*(registering(meeting) for _ in range(size))))


def test_the_last_seats_go_to_exactly_as_many_as_there_are():
    meeting = make_meeting(seat_limit=3)

    statuses = crowd(meeting, 16)

    assert statuses == ["confirmed"] * 3 + ["waitlisted"] * 13
    assert seats.audit(meeting.pk) == {}
    lines = Registration.objects.waitlisted().order_by("line", "pk").values_list("line", flat=True)
    assert list(lines) == list(range(1, 14))


@pytest.fixture
def own_database(django_db_blocker) -> Iterator[None]:
    """A copy of the test database without the CHECK that forbids overselling."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        # What earlier tests' servers left open: a template must be used by nobody.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
    connection.creation.clone_test_db("control", verbosity=0)
    settings = connection.settings_dict
    settings["NAME"] = f"{name}_control"
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE registrations_seatlimit"
                " DROP CONSTRAINT never_more_seats_taken_than_there_are"
            )
        yield
    finally:
        connection.close()
        settings["NAME"] = name
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}_control" WITH (FORCE)')


def test_control_looking_before_taking_oversells(own_database, monkeypatch):
    """The same crowd with the counter read first and written later: the test above has teeth."""

    def look_then_take(registration: Registration) -> bool:
        counter = SeatLimit.objects.get(whole=registration.meeting_id)
        sleep(0.3)
        if counter.is_full:
            return False
        SeatLimit.objects.filter(pk=counter.pk).update(taken=F("taken") + 1)
        return True

    monkeypatch.setattr(seats, "take", look_then_take)
    meeting = make_meeting(seat_limit=3)

    statuses = crowd(meeting, 16)

    assert statuses.count("confirmed") > 3


def stranded(meeting) -> bool:
    """A free seat, and somebody who waits for it for ever."""
    counter = SeatLimit.objects.get(meeting=meeting)
    return counter.taken < counter.seat_limit and counter.waiting > 0


def cancel_against_register(repetitions: int) -> int:
    meeting = make_meeting(seat_limit=1)
    seated = make_registration(meeting=meeting)
    strandings = 0
    for _ in range(repetitions):

        def cancel(person=seated):
            return booking.cancel(registration=person, at=NOON, by=LINK)

        results = at_once(cancel, registering(meeting))
        assert not [result for result in results if isinstance(result, Exception)], results
        strandings += stranded(meeting)
        live = list(Registration.objects.live().order_by("line", "pk"))
        seated = next((person for person in live if person.seat == "within"), None)
        if seated is None:
            SeatLimit.objects.update(taken=0, waiting=0)
            Registration.objects.all().delete()
            seated = make_registration(meeting=meeting)
    return strandings


# The control below strands people within forty.
@pytest.mark.parametrize("repetitions", [60, pytest.param(500, marks=pytest.mark.long)])
def test_a_cancellation_leaves_no_free_seat_with_somebody_waiting(repetitions):
    assert cancel_against_register(repetitions) == 0


def test_control_waiting_without_the_condition_strands_people(monkeypatch):
    """Counting whoever waits without looking at the seats again: some wait for ever."""

    def draw_blindly(limits: list[SeatLimit], **_options: bool) -> seats.Turn:
        sleep(0.01)
        SeatLimit.objects.filter(pk=limits[-1].pk).update(
            waiting=F("waiting") + 1, last_line=F("last_line") + 1
        )
        counter = SeatLimit.objects.get(pk=limits[-1].pk)
        return seats.Turn(counter.waiting, counter.last_line)

    monkeypatch.setattr(seats, "draw_turn", draw_blindly)

    assert cancel_against_register(40) > 0


def test_two_cancellations_confirm_two_who_wait(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=2)
        seated = [make_registration(meeting=meeting) for _ in range(2)]
        waiting = [make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(3)]

        at_once(
            *(
                lambda person=person: booking.cancel(registration=person, at=NOON, by=LINK)
                for person in seated
            )
        )

        confirmed = set(Registration.objects.confirmed().filter(meeting=meeting))
        assert confirmed == set(waiting[:2])
        assert seats.audit(meeting.pk) == {}


def test_the_seated_and_the_first_in_line_cancel_together(repetitions):
    """The one who waits leaves while a seat is being passed to him: it goes to the next."""
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=1)
        seated = make_registration(meeting=meeting)
        first, second = (
            make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(2)
        )

        results = at_once(
            *(
                lambda person=person: booking.cancel(registration=person, at=NOON, by=LINK)
                for person in (seated, first)
            )
        )

        assert not [result for result in results if isinstance(result, Exception)], results
        assert list(Registration.objects.confirmed().filter(meeting=meeting)) == [second]
        assert seats.audit(meeting.pk) == {}


def test_a_double_click_is_one_registration():
    for _ in range(20):
        meeting = make_meeting(seat_limit=5)
        twin = {"email": "a@example.org", "family_name": "Ли", "given_name": "Ян"}

        results = at_once(
            *(registering(meeting, claim=Claim("m", "key", {}), **twin) for _ in range(4))
        )

        assert results == ["confirmed"] * 4
        assert Registration.objects.filter(meeting=meeting).count() == 1
        assert seats.audit(meeting.pk) == {}
        Registration.objects.all().delete()
        SeatLimit.objects.all().delete()
        IdempotencyKey.objects.all().delete()


def test_the_same_person_from_two_browsers_is_one_registration():
    meeting = make_meeting(seat_limit=5)
    twin = {"email": "a@example.org", "family_name": "Ли", "given_name": "Ян"}

    results = at_once(*(registering(meeting, **twin) for _ in range(4)))

    assert results.count("confirmed") == 1
    assert [type(r) for r in results if r != "confirmed"] == [booking.AlreadyRegistered] * 3
    assert seats.audit(meeting.pk) == {}
