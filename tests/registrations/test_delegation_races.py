"""Two heads at one list, a substitution and a cancellation at one seat: real threads."""

from contextlib import suppress
from time import sleep

import pytest
from django.db.models import F

from accounts.refusals import Refused
from notifications.models import Message
from registrations import booking, places, seats, substituting
from registrations.delegations import filling, naming, opening
from registrations.models import Registration, SeatLimit, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
)
from tests.registrations.test_delegations import HEAD, application
from tests.registrations.test_races import at_once, own_database, registering

__all__ = ["own_database"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[12, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    """How often a race is run: often enough to see it, and very often in the long checks."""
    return request.param


def naming_one(delegation):
    person = application(delegation)

    def act():
        naming.name_people(
            delegation=delegation, applications=[person], consents=[], at=NOON, by=HEAD
        )

    return act


def unbroken(results):
    strange = [
        one for one in results if isinstance(one, Exception) and not isinstance(one, Refused)
    ]
    assert not strange, strange
    return results


def test_two_heads_of_one_delegation_never_name_more_than_its_quota(repetitions):
    meeting = make_meeting(seat_limit=None)
    for _ in range(repetitions):
        delegation = make_delegation(meeting, quota=1)

        results = unbroken(at_once(naming_one(delegation), naming_one(delegation)))

        assert sum(isinstance(one, naming.RowRefused) for one in results) == 1
        assert delegation.people.live().count() == 1
    assert seats.audit(meeting.pk) == {}


def test_a_list_sent_twice_fills_and_writes_once(repetitions):
    meeting = make_meeting()
    for _ in range(repetitions):
        empty = make_delegation(meeting, head_name="", head_email="")

        def sending(address, empty=empty):
            return lambda: filling.take(
                meeting=meeting, wishes=[], asks=True, at=NOON, by=ORGANIZER,
                fills=[filling.Fill(delegation=empty, changes={"head_email": address})],
            )  # fmt: skip

        results = unbroken(at_once(sending("a@example.org"), sending("b@example.org")))

        assert sum(isinstance(one, opening.DelegationExists) for one in results) == 1
        empty.refresh_from_db()
        assert (empty.version, empty.link_generation) == (2, 2)
        assert Message.objects.about(f"delegation:{empty.pk}").count() == 1
    assert seats.audit(meeting.pk) == {}


def test_control_looking_before_taking_a_place_goes_beyond_the_quota(own_database, monkeypatch):
    def look_then_take(*, delegation_id, access_code_id=None, goes_over=False):
        counter = SeatLimit.objects.get(delegation=delegation_id)
        sleep(0.3)
        if counter.is_full:
            raise places.full(counter)
        SeatLimit.objects.filter(pk=counter.pk).update(taken=F("taken") + 1)

    monkeypatch.setattr(places, "take", look_then_take)
    # What keeps heads apart besides the counter: without it they meet.
    monkeypatch.setattr(seats, "lock", lambda meeting_id: unlocked(meeting_id))
    monkeypatch.setattr(naming, "open_list", lambda delegation, *, at: delegation)
    meeting = make_meeting(seat_limit=None)
    delegation = make_delegation(meeting, quota=1)

    at_once(*(naming_one(delegation) for _ in range(4)))

    assert delegation.people.live().count() > 1


def unlocked(meeting_id):
    rows = SeatLimit.objects.filter(meeting=meeting_id).in_hall().in_order()
    return seats.Counters(list(rows))


def replacing(person, delegation):
    newcomer = make_application(
        delegation.meeting, delegation=delegation, delegation_role="expert",
        region=delegation.region,
    )  # fmt: skip

    def act():
        return substituting.substitute(
            registration=person, application=newcomer, at=NOON, by=HEAD, head="Котова"
        )

    return act


def test_a_substitution_and_a_cancellation_end_as_one_after_the_other(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=1)
        delegation = make_delegation(meeting, quota=1)
        naming_one(delegation)()
        person = delegation.people.get()
        waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

        unbroken(
            at_once(
                replacing(person, delegation),
                lambda p=person: booking.cancel(registration=p, at=NOON, by=LINK),
            )
        )

        seated = Registration.objects.confirmed().get(meeting=meeting)
        assert seated == waits or seated.replaces == person
        assert seats.audit(meeting.pk) == {}


def test_two_substitutions_of_one_person_leave_one_newcomer(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=2)
        delegation = make_delegation(meeting, quota=1)
        naming_one(delegation)()
        person = delegation.people.get()

        unbroken(at_once(replacing(person, delegation), replacing(person, delegation)))

        assert delegation.people.live().get().replaces == person
        assert seats.audit(meeting.pk) == {}


def test_naming_cancelling_replacing_and_registering_at_once_never_stand_still(repetitions):
    meeting = make_meeting(seat_limit=20)
    delegation = make_delegation(meeting, quota=6)
    for _ in range(repetitions // 2):
        with suppress(naming.RowRefused):
            naming_one(delegation)()
        people = list(delegation.people.live()[:2])

        unbroken(
            at_once(
                naming_one(delegation),
                registering(meeting),
                lambda p=people[0]: booking.cancel(registration=p, at=NOON, by=LINK),
                replacing(people[-1], delegation),
            )
        )

    assert seats.audit(meeting.pk) == {}
