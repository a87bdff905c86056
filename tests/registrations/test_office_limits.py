"""The page on which an organizer shares the seats out, and what participants see of it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events.models import RegionGroup
from registrations import booking, form_stamp, limits
from registrations.models import SeatLimit, Status
from tests.factories import LINK, ORGANIZER, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


PAGE = "/manage/parks/edit/limits/"


def test_a_limit_is_added_changed_and_removed(office, meeting):
    made = office.post(PAGE, {"target": "region:RU-KLU", "seat_limit": "5"})
    changed = office.post(
        PAGE, {"target": "region:RU-KLU", "seat_limit": "5", "reserve": "2",
               "reserved_until": f"{timezone.now() + timedelta(days=5):%Y-%m-%dT%H:%M}"},
    )  # fmt: skip

    assert (made.status_code, changed.status_code) == (303, 303)
    row = SeatLimit.objects.get(region__code="RU-KLU")
    held = SeatLimit.objects.get(whole=meeting).held
    assert (row.seat_limit, row.reserve, held) == (5, 2, 2)
    page = office.get(PAGE).content.decode()
    assert "Kaluga Oblast" in page
    assert "2 of 2, until" in page

    assert office.post(PAGE, {"target": "region:RU-KLU", "remove": "1"}).status_code == 303
    assert not SeatLimit.objects.filter(region__code="RU-KLU").exists()


@pytest.mark.parametrize(
    ("typed", "objection"),
    [
        ({"target": "region:RU-KLU"}, "Say how many seats, or how many are kept."),
        ({"target": "", "seat_limit": "5"}, "This field is required."),
        ({"target": "region:RU-XX", "seat_limit": "5"}, "Select a valid choice."),
        ({"target": "region:RU-KLU", "reserve": "1"}, "Say until which day they are kept."),
        (
            {
                "target": "region:RU-KLU",
                "reserve": "11",
                "reserved_until": f"{timezone.now() + timedelta(days=5):%Y-%m-%dT%H:%M}",
            },
            "Only 10 seats of the meeting are free.",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(office, typed, objection):
    answer = office.post(PAGE, typed)

    assert answer.status_code == 422
    assert objection in answer.content.decode()
    assert SeatLimit.objects.count() == 1


@pytest.mark.parametrize(
    "target", ["category:\x00", "region:\x00", "group:\x00", f"organization:{'9' * 5000}", "x:\x00"]
)
def test_what_cannot_be_has_no_limit(office, target):
    assert office.post(PAGE, {"target": target, "remove": "1"}).status_code == 404


def test_a_stranger_finds_no_limits(meeting):
    stranger = Client()
    stranger.force_login(make_user())

    assert stranger.get(PAGE).status_code == 404
    assert stranger.post(PAGE, {"target": "region:RU-KLU", "seat_limit": "0"}).status_code == 404
    assert Client().get(PAGE).status_code == 302
    assert SeatLimit.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_with_more_limits(office, meeting, rows, django_assert_num_queries):
    for code in ("RU-KLU", "RU-KGD", "RU-PRI")[:rows]:
        office.post(PAGE, {"target": f"region:{code}", "seat_limit": "5"})
    office.get(PAGE)

    with django_assert_num_queries(11):
        office.get(PAGE)


def test_it_says_how_many_wait_for_what(office, meeting):
    kaluga, primorye = (meeting.region_set.regions.get(code=c) for c in ("RU-KLU", "RU-PRI"))
    for target in (kaluga, primorye, meeting.categories.get(code="member")):
        limits.change(
            meeting=meeting, target=target, wish=limits.Wish(seat_limit=0), at=timezone.now(),
            by=ORGANIZER,
        )  # fmt: skip
    for region in (kaluga, kaluga, None):
        make_registration(meeting=meeting, region=region, status=Status.WAITLISTED)

    lines = office.get(PAGE).context["lines"]

    assert {line.name: line.waiting for line in lines} == {
        "Kaluga Oblast": 2, "Primorsky Krai": 0, "Member organization": 3,
    }  # fmt: skip


def test_who_is_next_stands_in_the_readers_language_or_why_it_is_nobody(office, meeting):
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    meeting.seats.seat_limit = 0
    meeting.seats.save(update_fields=["seat_limit"])
    make_registration(meeting=meeting, region=kaluga, status=Status.WAITLISTED)
    somebody = office.get(PAGE).content.decode()
    limits.change(
        meeting=meeting, target=kaluga, wish=limits.Wish(seat_limit=0), at=timezone.now(),
        by=ORGANIZER,
    )  # fmt: skip

    nobody = office.get(PAGE).content.decode()

    assert "· Kaluga Oblast</small>" in somebody
    assert "would help nobody now" not in somebody
    assert "would help nobody now" in nobody


def test_the_page_says_why_nobody_is_next_once_the_lists_are_closed(office, meeting):
    meeting.seats.seat_limit = 0
    meeting.seats.save(update_fields=["seat_limit"])
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    waits = make_registration(
        meeting=meeting, status=Status.WAITLISTED, family_name="Ждущий", region=kaluga
    )
    page = office.get(PAGE).content.decode()
    assert waits.full_name in page
    assert "· Kaluga Oblast" in page

    meeting.edits_close_at = timezone.now() - timedelta(hours=1)
    meeting.save(update_fields=["edits_close_at"])
    page = office.get(PAGE).content.decode()

    assert waits.full_name not in page
    assert "The lists are closed: the waiting list no longer moves up by itself." in page


def test_participants_see_what_is_left_and_are_asked_before_they_wait(meeting, monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    limits.change(
        meeting=meeting, target=kaluga, wish=limits.Wish(seat_limit=1, shows_left=True),
        at=timezone.now(), by=ORGANIZER,
    )  # fmt: skip
    visitor = Client(headers={"accept-language": "en"})
    seen = visitor.get("/m/parks/").content.decode()
    assert 'Kaluga Oblast</span>: <span class="num">1</span>' in seen
    make_registration(meeting=meeting, region=kaluga)
    typed = {
        "who": "self", "family_name": "Ivanov", "given_name": "Petr", "email": "p@example.org",
        "organization": "Park", "position": "Head", "region": "RU-KLU",
        "category": str(meeting.categories.get(code="member").pk),
        "stamp": "",
    }  # fmt: skip

    asked = visitor.post("/m/parks/register/", typed)
    page = asked.content.decode()
    assert asked.status_code == 409
    assert "All seats for “Kaluga Oblast” are taken." in page
    assert 'name="accepts_waiting"' in page
    waits = visitor.post("/m/parks/register/", typed | {"accepts_waiting": "1"})

    assert waits.status_code == 303
    assert "number 1 in line for “Kaluga Oblast”" in visitor.get(waits["Location"]).content.decode()
    assert meeting.registrations.waitlisted().get().status == Status.WAITLISTED


def typed(meeting, **overrides):
    return {
        "who": "self", "family_name": "Ivanov", "given_name": "Petr", "email": "p@example.org",
        "organization": "Park", "position": "Head", "region": "RU-KLU", "stamp": "",
        "category": str(meeting.categories.get(code="member").pk), **overrides,
    }  # fmt: skip


@pytest.mark.parametrize("has_waiting_list", [True, False])
def test_a_kept_seat_is_taken_on_the_page_and_promised_to_nobody_else(
    meeting, monkeypatch, has_waiting_list
):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    meeting.has_waiting_list = has_waiting_list
    meeting.save(update_fields=["has_waiting_list"])
    limits.change(
        meeting=meeting, target=meeting.region_set.regions.get(code="RU-KLU"),
        wish=limits.Wish(reserve=3, reserved_until=timezone.now() + timedelta(days=1)),
        at=timezone.now(), by=ORGANIZER,
    )  # fmt: skip
    for _ in range(7):
        make_registration(meeting=meeting)
    visitor = Client(headers={"accept-language": "en"})

    page = visitor.get("/m/parks/").content.decode()
    form = visitor.get("/m/parks/register/").content.decode()
    own = visitor.post("/m/parks/register/", typed(meeting))
    others = visitor.post("/m/parks/register/", typed(meeting, region="RU-PRI", email="o@e.org"))

    assert "Registration is open for those whom seats are kept for" in page
    assert 'href="/m/parks/register/"' in page
    assert "are left</dd>" not in page
    assert "The seats that are left are kept for some participants." in form
    assert own.status_code == 303
    assert meeting.registrations.get(family_name="Ivanov").status == Status.CONFIRMED
    assert others.status_code == 409
    assert "The seats that are left are kept for others." in others.content.decode()
    assert ('name="accepts_waiting"' in others.content.decode()) == has_waiting_list


def test_nobody_is_put_behind_those_who_wait_unasked(meeting, monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    meeting.seats.seat_limit = 1
    meeting.seats.save(update_fields=["seat_limit"])
    sits = make_registration(meeting=meeting)
    make_registration(meeting=meeting, status=Status.WAITLISTED)
    meeting.edits_close_at = timezone.now() - timedelta(hours=1)
    meeting.save(update_fields=["edits_close_at"])
    booking.cancel(registration=sits, at=timezone.now(), by=LINK)
    visitor = Client(headers={"accept-language": "en"})

    page = visitor.get("/m/parks/").content.decode()
    form = visitor.get("/m/parks/register/").content.decode()
    asked = visitor.post("/m/parks/register/", typed(meeting))
    waits = visitor.post("/m/parks/register/", typed(meeting, accepts_waiting="1"))

    assert "Others wait already, the waiting list is open" in page
    assert "the organizer decides who gets the seats that are free, and writes to you" in form
    assert "All seats are taken" not in form + asked.content.decode()
    assert (asked.status_code, waits.status_code) == (409, 303)
    assert meeting.registrations.get(family_name="Ivanov").status == Status.WAITLISTED


def left_on_the_page(text):
    found = re.findall(r'<span dir="auto">([^<]+)</span>: <span class="num">(\d+)</span>', text)
    return {name: int(left) for name, left in found}


def test_no_more_seats_are_promised_than_the_wider_limits_have(meeting):
    at, kaluga = timezone.now(), meeting.region_set.regions.get(code="RU-KLU")
    district = RegionGroup.objects.create(region_set=meeting.region_set, code="C", name="Центр")
    primorye = meeting.region_set.regions.get(code="RU-PRI")
    primorye.group = district
    primorye.save(update_fields=["group"])
    until = {"reserved_until": at + timedelta(days=1)}
    for target, wish in [
        (kaluga, limits.Wish(seat_limit=9, reserve=2, shows_left=True, **until)),
        (primorye, limits.Wish(seat_limit=9, shows_left=True)),
        (district, limits.Wish(seat_limit=3)),
        (meeting.categories.get(code="guest"), limits.Wish(seat_limit=9, shows_left=True)),
    ]:
        limits.change(meeting=meeting, target=target, wish=wish, at=at, by=ORGANIZER)
    visitor = Client(headers={"accept-language": "en"})
    first = left_on_the_page(visitor.get("/m/parks/").content.decode())
    for _ in range(6):
        make_registration(meeting=meeting)

    then = left_on_the_page(visitor.get("/m/parks/").content.decode())

    assert first == {"Kaluga Oblast": 9, "Primorsky Krai": 3, "Guest": 8}
    assert then == {"Kaluga Oblast": 4, "Primorsky Krai": 2, "Guest": 2}
