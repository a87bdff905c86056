"""By which rule a seat that became free is passed on, told beforehand and rehearsed."""

import pytest
from django.db import transaction

from events.models import WaitingPolicy
from notifications.models import Message
from registrations import booking, convening, limits, seats, waitlist
from registrations.models import Registration, Seat, Status
from registrations.standing import standing
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_meeting,
    make_registration,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def region(meeting, code):
    return meeting.region_set.regions.get(code=f"RU-{code}")


def waiting(meeting, *, of="KLU", as_="member"):
    return make_registration(
        meeting=meeting, status=Status.WAITLISTED, category_code=as_,
        region=region(meeting, of) if of else None,
    )  # fmt: skip


def shared(meeting):
    for code, share in (("member", 60), ("authority", 40)):
        one = category(meeting, code)
        one.share = share
        one.save(update_fields=["share"])
    return meeting


def promoted(meeting, seat_limit):
    found = convening.set_seat_limit(meeting=meeting, seat_limit=seat_limit, at=NOON, by=ORGANIZER)
    assert seats.audit(meeting.pk) == {}
    return found


def test_first_come_asks_for_nothing_but_the_time():
    meeting = make_meeting(seat_limit=0)
    ada, bob = waiting(meeting, of=None), waiting(meeting)

    assert [waitlist.place(person).position for person in (ada, bob)] == [1, 2]
    assert promoted(meeting, 1) == [ada]


def test_a_region_that_has_nobody_goes_before_a_second_one_of_another():
    meeting = make_meeting(seat_limit=1, waiting_policy=WaitingPolicy.MISSING_REGIONS)
    make_registration(meeting=meeting, region=region(meeting, "KLU"))
    of_kaluga, nowhere = waiting(meeting), waiting(meeting, of=None)
    first, second = waiting(meeting, of="PRI"), waiting(meeting, of="PRI")
    kaliningrad = waiting(meeting, of="KGD")

    order = [first, kaliningrad, of_kaluga, nowhere, second]
    assert [waitlist.place(person).position for person in order] == [1, 2, 3, 4, 5]
    assert promoted(meeting, 4) == [first, kaliningrad, of_kaluga]


def test_the_category_that_lacks_most_of_its_share_is_next():
    meeting = shared(make_meeting(seat_limit=3, waiting_policy=WaitingPolicy.CATEGORY_SHARES))
    for code in ("member", "member", "member"):
        make_registration(meeting=meeting, category_code=code)
    guest, member = waiting(meeting, as_="guest"), waiting(meeting)
    officials = [waiting(meeting, as_="authority") for _ in range(3)]

    order = [*officials[:2], member, officials[2], guest]
    assert [waitlist.place(person).position for person in order] == [1, 2, 3, 4, 5]
    # Of 4, 5, 6 seats authorities should have 1.6, 2, 2.4: they have none, one, two.
    assert promoted(meeting, 5) == officials[:2]
    assert promoted(meeting, 7) == [member, officials[2]]
    assert promoted(meeting, 8) == [guest]


@pytest.mark.parametrize("policy", WaitingPolicy.values)
def test_the_place_that_is_told_is_the_turn_that_comes(policy):
    meeting = shared(make_meeting(seat_limit=2, waiting_policy=policy))
    for _ in range(2):
        make_registration(meeting=meeting, region=region(meeting, "KLU"))
    people = [
        waiting(meeting, as_=as_, of=of)
        for as_, of in [
            ("guest", "KLU"), ("member", "PRI"), ("member", "PRI"), ("authority", None),
            ("authority", "KGD"), ("member", "KLU"), ("authority", "KLU"), ("ministry", "KGD"),
        ]
    ]  # fmt: skip
    told = {waitlist.place(person).position: person for person in people}

    assert [promoted(meeting, seat_limit) for seat_limit in range(3, 11)] == [
        [told[place]] for place in range(1, 9)
    ]


@pytest.mark.parametrize("policy", WaitingPolicy.values)
def test_whoever_was_moved_up_a_moment_ago_has_no_place_any_more(policy):
    meeting = make_meeting(seat_limit=0, waiting_policy=policy)
    ada = waiting(meeting)
    promoted(meeting, 1)

    # Read before that moment: the page still says that he waits.
    assert waitlist.place(ada) is None
    assert standing(ada, at=NOON, place=None).heading == "Вы в листе ожидания"


def test_a_limit_that_is_full_is_stepped_over_and_keeps_its_turn():
    meeting = make_meeting(seat_limit=1, waiting_policy=WaitingPolicy.MISSING_REGIONS)
    limits.change(
        meeting=meeting, target=region(meeting, "PRI"), wish=limits.Wish(seat_limit=0), at=NOON,
        by=ORGANIZER,
    )  # fmt: skip
    make_registration(meeting=meeting, region=region(meeting, "KLU"))
    blocked, fits = waiting(meeting, of="PRI"), waiting(meeting)

    assert promoted(meeting, 5) == [fits]
    blocked.refresh_from_db()
    assert blocked.status == Status.WAITLISTED


def test_a_rehearsal_names_who_is_next_and_changes_nothing():
    meeting = make_meeting(seat_limit=1, waiting_policy=WaitingPolicy.MISSING_REGIONS)
    make_registration(meeting=meeting, region=region(meeting, "KLU"))
    ada, bob = waiting(meeting), waiting(meeting, of="PRI")
    before = list(Registration.objects.order_by("pk").values())

    found = waitlist.rehearse(meeting=meeting, seats_more=5, at=NOON)

    assert [(one.place, one.registration) for one in found] == [(1, bob), (2, ada)]
    assert list(Registration.objects.order_by("pk").values()) == before
    assert not Message.objects.exists()
    assert seats.audit(meeting.pk) == {}
    meeting.seats.refresh_from_db()
    assert meeting.seats.seat_limit == 1


@pytest.mark.parametrize("policy", WaitingPolicy.values)
def test_what_is_rehearsed_is_what_happens(policy):
    meeting = shared(make_meeting(seat_limit=3, waiting_policy=policy))
    for _ in range(3):
        make_registration(meeting=meeting, region=region(meeting, "KLU"))
    wishes = {"PRI": limits.Wish(seat_limit=1), "KGD": limits.Wish(seat_limit=2)}
    for code, wish in wishes.items():
        limits.change(
            meeting=meeting, target=region(meeting, code), wish=wish, at=NOON, by=ORGANIZER
        )
    make_registration(meeting=meeting, seat=Seat.OVER)
    for as_, of in [
        ("guest", "KLU"), ("member", "PRI"), ("member", "PRI"), ("authority", None),
        ("authority", "KGD"), ("member", "KLU"), ("authority", "KGD"), ("member", "KGD"),
    ]:  # fmt: skip
        waiting(meeting, as_=as_, of=of)

    found = waitlist.rehearse(meeting=meeting, seats_more=6, at=NOON)

    assert len(found) == 5  # One sat over the limit.
    assert [one.registration for one in found] == promoted(meeting, 9)


def test_nobody_is_next_once_the_lists_are_closed():
    meeting = make_meeting(seat_limit=0, edits_close_at=NOON)
    waiting(meeting)

    assert waitlist.rehearse(meeting=meeting, seats_more=5, at=NOON) == []


def test_a_rehearsal_waits_for_nobody_and_nobody_for_it():
    meeting = make_meeting(seat_limit=0)
    ada = waiting(meeting)

    with transaction.atomic():
        seats.lock(meeting.pk)
        [found] = at_once(lambda: waitlist.rehearse(meeting=meeting, seats_more=5, at=NOON))

    assert [one.registration for one in found] == [ada]


def test_a_letter_says_the_rule():
    meeting = make_meeting(seat_limit=1, waiting_policy=WaitingPolicy.MISSING_REGIONS)
    ada = make_registration(meeting=meeting, region=region(meeting, "KLU"))
    booking.cancel(registration=ada, at=NOON, by=LINK)
    make_registration(meeting=meeting)
    Message.objects.all().delete()

    booking.restore(registration=ada, at=NOON, by=LINK)

    assert Message.objects.get().snapshot["policy"] == "missing_regions"
