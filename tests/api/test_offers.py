"""Offers of a seat through the API: for the participant, and for the organizer."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from registrations import booking, convening, links
from registrations.models import Offer, Status
from tests.api.conftest import coming
from tests.factories import LINK, ORGANIZER, make_registration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, seat_limit=1, offer_hours=24)


@pytest.fixture
def people(meeting):
    """Two who wait; the first is offered the seat that was given back."""
    leaves = make_registration(meeting=meeting)
    found = [make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(2)]
    booking.cancel(registration=leaves, at=timezone.now(), by=LINK)
    return found


@pytest.fixture
def mine(anyone, people):
    anyone.credentials(HTTP_AUTHORIZATION=f"Link {links.token(people[0])}")
    return anyone


def decide(organizer, person, event, **more):
    url = f"meetings/{person.meeting.slug}/registrations/{person.number}/transitions/"
    return organizer.send("post", url, {"event": event} | more)


def test_my_registration_says_until_when_a_seat_is_offered(mine, people):
    before = mine.send("get", "my-registration/")

    said = before.json()
    assert said["status"] == "waitlisted"
    assert said["waiting_position"] is None
    assert said["is_passed_over"] is False
    until = Offer.objects.get(registration=people[0]).answer_by
    assert datetime.fromisoformat(said["offered_until"]) == until


def test_accepting_confirms_and_twice_is_harmless(mine):
    before = mine.send("get", "my-registration/")["ETag"]

    answers = [mine.send("post", "my-registration/offer/accept/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json()["status"] == "confirmed"
    assert answers[1].json()["offered_until"] is None
    assert answers[0]["ETag"] != before


def test_declining_leaves_the_list(mine, people):
    answer = mine.send("post", "my-registration/offer/decline/", {})

    assert answer.json()["status"] == "cancelled"
    assert Offer.objects.get().registration == people[1]


def test_waiting_on_and_asking_again(mine, people):
    waits = mine.send("post", "my-registration/offer/decline/", {"waits_on": True})

    assert waits.json()["status"] == "waitlisted"
    assert waits.json()["is_passed_over"] is True
    again = mine.send("post", "my-registration/offer/ask-again/")
    assert again.json()["is_passed_over"] is False
    assert again.json()["waiting_position"] == 1


def test_too_late_is_a_problem_with_a_code(mine):
    now = timezone.now()
    Offer.objects.update(made_at=now - timedelta(hours=25), answer_by=now)

    for step, body in [("accept", None), ("decline", {}), ("decline", {"waits_on": True})]:
        answer = mine.send("post", f"my-registration/offer/{step}/", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_over")


def test_only_the_persons_link_answers(anyone, organizer, people):
    for client in (anyone, organizer):
        for step in ("accept", "decline", "ask-again"):
            assert client.send("post", f"my-registration/offer/{step}/").status_code == 401


def test_the_organizer_withdraws_and_offers_by_hand(organizer, people):
    url = f"meetings/{people[0].meeting.slug}/registrations/{people[0].number}/"
    assert organizer.send("get", url).json()["offered_until"]

    taken_back = decide(organizer, people[0], "withdraw_offer")

    assert taken_back.json()["offered_until"] is None
    assert taken_back.json()["missed_offers"] == 2
    assert Offer.objects.get().registration == people[1]
    full = decide(organizer, people[0], "offer")
    assert (full.status_code, full.json()["code"]) == (409, "meeting_full")
    assert decide(organizer, people[0], "offer", over_capacity=True).json()["offered_until"]
    nothing = decide(organizer, make_registration(meeting=people[0].meeting, seat="over"), "offer")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "invalid_transition")


def test_a_meeting_that_offers_no_seats_says_so(organizer, owner):
    meeting = coming(owner=owner, seat_limit=0)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    answer = decide(organizer, waits, "offer", over_capacity=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "offers_closed")


def test_a_stranger_finds_nobody_to_offer_a_seat_to(stranger, people):
    assert decide(stranger, people[1], "offer", over_capacity=True).status_code == 404
    assert decide(stranger, people[0], "withdraw_offer").status_code == 404


def test_the_hours_are_a_field_of_the_meeting(organizer, meeting):
    url = f"meetings/{meeting.slug}/"
    assert organizer.send("get", url).json()["offer_hours"] == 24

    changed = organizer.send("patch", url, {"offer_hours": None}, match=meeting.version)
    wrong = organizer.send("patch", url, {"offer_hours": 337}, match=meeting.version + 1)

    assert changed.json()["offer_hours"] is None
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/offer_hours"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_with_more_offers(
    organizer, meeting, people, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_registration(meeting=meeting, status=Status.WAITLISTED)
    convening.set_seat_limit(meeting=meeting, seat_limit=rows, at=timezone.now(), by=ORGANIZER)
    assert Offer.objects.of(meeting).count() == rows

    with django_assert_num_queries(5):
        listed = organizer.send("get", f"meetings/{meeting.slug}/registrations/").json()["results"]
    assert sum(one["offered_until"] is not None for one in listed) == rows
