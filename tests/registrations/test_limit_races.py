"""Real threads over several limits at once: nobody too many, nobody forgotten, no deadlock."""

from datetime import timedelta
from threading import Event
from time import sleep

import pytest
from django.db.models import F

from registrations import amending, booking, categories, convening, limits, review, seats
from registrations.models import Registration, SeatHold, SeatLimit, Status
from tests.factories import LINK, NOON, ORGANIZER, category, make_meeting, make_registration
from tests.registrations.test_races import at_once, own_database, registering

__all__ = ["own_database"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[12, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    """How often a race is run: often enough to see it, and very often in the long checks."""
    return request.param


def shared_out(*, seat_limit=3, region_limit=2, category_limit=2):
    """A meeting with limits of a region and of a category beside its own."""
    meeting = make_meeting(seat_limit=seat_limit)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    for target, number in ((kaluga, region_limit), (category(meeting), category_limit)):
        limits.change(
            meeting=meeting, target=target, wish=limits.Wish(seat_limit=number), at=NOON,
            by=ORGANIZER,
        )  # fmt: skip
    return meeting, kaluga


def unbroken(results):
    assert not [result for result in results if isinstance(result, Exception)], results
    return results


def test_the_last_seat_of_three_limits_goes_to_one(repetitions):
    for _ in range(repetitions):
        meeting, kaluga = shared_out(seat_limit=2, region_limit=1, category_limit=1)

        statuses = unbroken(at_once(*(registering(meeting, region=kaluga) for _ in range(4))))

        assert sorted(statuses) == ["confirmed", "waitlisted", "waitlisted", "waitlisted"]
        assert seats.audit(meeting.pk) == {}


def test_control_of_three_limits_looking_before_taking_oversells(own_database, monkeypatch):
    def look_then_take(registration):
        rows = seats.look(registration.meeting_id).of(registration)
        if seats.full(rows):
            return False
        sleep(0.2)
        for row in rows:
            SeatLimit.objects.filter(pk=row.pk).update(taken=F("taken") + 1)
            SeatHold.objects.create(registration=registration, limit=row)
        return True

    monkeypatch.setattr(seats, "take", look_then_take)
    meeting, kaluga = shared_out(seat_limit=2, region_limit=1, category_limit=1)

    statuses = at_once(*(registering(meeting, region=kaluga) for _ in range(8)))

    assert statuses.count("confirmed") > 1


def test_cancelling_and_registering_in_other_regions_leave_nobody_stranded(repetitions):
    for turn in range(repetitions):
        meeting, kaluga = shared_out(seat_limit=2, region_limit=1, category_limit=2)
        primorye = meeting.region_set.regions.get(code="RU-PRI")
        seated = [make_registration(meeting=meeting, region=r) for r in (kaluga, primorye)]
        waits = make_registration(meeting=meeting, region=kaluga, status=Status.WAITLISTED)
        leaves = seated[turn % 2]

        unbroken(
            at_once(
                lambda p=leaves: booking.cancel(registration=p, at=NOON, by=LINK),
                registering(meeting, region=kaluga),
                registering(meeting, region=primorye),
            )
        )

        assert seats.audit(meeting.pk) == {}
        confirmed = Registration.objects.confirmed().filter(meeting=meeting)
        assert confirmed.count() == 2
        if leaves.region == kaluga:
            waits.refresh_from_db()
            assert waits.status == Status.CONFIRMED


def test_two_who_change_places_wait_for_each_other_and_not_for_ever(repetitions):
    for _ in range(repetitions):
        meeting, kaluga = shared_out(seat_limit=4, region_limit=1, category_limit=4)
        primorye = meeting.region_set.regions.get(code="RU-PRI")
        ada = make_registration(meeting=meeting, region=kaluga)
        bob = make_registration(meeting=meeting, region=primorye)

        def move(person, region):
            return amending.amend(
                registration=person, changes={"region": region}, version=None, at=NOON, by=LINK
            )

        first, second = at_once(
            lambda m=move, p=ada, r=primorye: m(p, r), lambda m=move, p=bob, r=kaluga: m(p, r)
        )

        # Bob finds Ada's seat free or not, as it happens; nothing else may happen.
        assert isinstance(first, Registration)
        assert isinstance(second, Registration | amending.MeetingFull)
        assert seats.audit(meeting.pk) == {}


def test_a_limit_made_while_people_register_counts_all_of_them(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=10)
        kaluga = meeting.region_set.regions.get(code="RU-KLU")

        unbroken(
            at_once(
                *(registering(meeting, region=kaluga) for _ in range(3)),
                lambda m=meeting, r=kaluga: limits.change(
                    meeting=m, target=r, wish=limits.Wish(seat_limit=5), at=NOON, by=ORGANIZER
                ),
            )
        )

        assert SeatLimit.objects.get(meeting=meeting, region=kaluga).taken == 3
        assert seats.audit(meeting.pk) == {}


def test_seats_are_released_while_people_register(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=2)
        kaluga, primorye = (
            meeting.region_set.regions.get(code=code) for code in ("RU-KLU", "RU-PRI")
        )
        day = NOON + timedelta(days=1)
        limits.change(
            meeting=meeting, target=kaluga, wish=limits.Wish(reserve=1, reserved_until=day),
            at=NOON, by=ORGANIZER,
        )  # fmt: skip

        unbroken(
            at_once(
                *(registering(meeting, region=primorye) for _ in range(3)),
                lambda at=day: limits.release_due(at=at),
            )
        )

        assert Registration.objects.confirmed().filter(meeting=meeting).count() == 2
        assert seats.audit(meeting.pk) == {}


def lock_once(meeting_id):
    """`seats.lock` as it must not be: it never looks again at which limits there are."""
    rows = SeatLimit.objects.filter(meeting=meeting_id).select_related("category", "region")
    return seats.Counters(list(rows.select_for_update(of=("self",)).in_order()))


def while_a_limit_is_added(monkeypatch, meeting, target, *acts, wish=None):
    """The acts begin when the limit is there and not committed: all of them wait for it."""
    note, is_there = limits._note, Event()

    def slowly(*args, **facts):
        is_there.set()
        sleep(0.15)
        note(*args, **facts)

    def add():
        monkeypatch.setattr(limits, "_note", slowly)
        return limits.change(
            meeting=meeting, target=target, wish=wish or limits.Wish(seat_limit=5), at=NOON,
            by=ORGANIZER,
        )  # fmt: skip

    def after(act):
        assert is_there.wait(timeout=10)
        monkeypatch.setattr(limits, "_note", note)
        return act()

    return at_once(add, *(lambda act=act: after(act) for act in acts))


def cancelling(person):
    return lambda: booking.cancel(registration=person, at=NOON, by=LINK)


def test_whoever_gives_up_while_a_limit_is_added_gives_back_its_seat_too(monkeypatch):
    meeting = make_meeting(seat_limit=3)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    ada = make_registration(meeting=meeting, region=kaluga)

    unbroken(while_a_limit_is_added(monkeypatch, meeting, kaluga, cancelling(ada)))

    assert SeatLimit.objects.get(region=kaluga).taken == 0
    assert seats.audit(meeting.pk) == {}


def approve_while_a_limit_is_added(monkeypatch):
    meeting = make_meeting(seat_limit=3)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    ada = make_registration(meeting=meeting, region=kaluga, status=Status.PENDING)

    unbroken(
        while_a_limit_is_added(
            monkeypatch,
            meeting,
            kaluga,
            lambda: review.approve(registration=ada, at=NOON, by=ORGANIZER),
        )
    )

    return seats.audit(meeting.pk)


def test_whoever_is_approved_while_a_limit_is_added_takes_a_seat_of_it(monkeypatch):
    assert approve_while_a_limit_is_added(monkeypatch) == {}


def test_control_looking_once_which_limits_there_are_misses_the_new_one(monkeypatch):
    monkeypatch.setattr(seats, "lock", lock_once)

    assert approve_while_a_limit_is_added(monkeypatch) == {"missing of region RU-KLU": (1, 0)}


def test_two_organizers_who_add_the_same_limit_have_one(monkeypatch):
    meeting = make_meeting(seat_limit=3)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")

    unbroken(
        while_a_limit_is_added(
            monkeypatch,
            meeting,
            kaluga,
            lambda: limits.change(
                meeting=meeting,
                target=kaluga,
                wish=limits.Wish(seat_limit=2),
                at=NOON,
                by=ORGANIZER,
            ),
        )
    )

    assert SeatLimit.objects.get(region=kaluga).seat_limit == 2
    assert seats.audit(meeting.pk) == {}


def test_a_new_limit_a_cancellation_and_newcomers_do_not_wait_for_each_other_for_ever(
    monkeypatch, repetitions
):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=10)
        kaluga = meeting.region_set.regions.get(code="RU-KLU")
        ada = make_registration(meeting=meeting, region=kaluga)

        unbroken(
            while_a_limit_is_added(
                monkeypatch,
                meeting,
                kaluga,
                cancelling(ada),
                *(registering(meeting, region=kaluga) for _ in range(3)),
            )
        )

        assert SeatLimit.objects.get(meeting=meeting, region=kaluga).taken == 3
        assert seats.audit(meeting.pk) == {}


def test_taking_a_category_away_and_changing_the_seats_wait_for_each_other_in_one_order(
    repetitions,
):
    for _ in range(repetitions):
        meeting, _kaluga = shared_out()
        guest = category(meeting, "guest")
        limits.change(
            meeting=meeting, target=guest, wish=limits.Wish(seat_limit=1), at=NOON, by=ORGANIZER
        )
        kept = [each for each in meeting.categories.all() if each != guest]

        unbroken(
            at_once(
                lambda m=meeting, k=kept, g=guest: categories.arrange(
                    meeting=m, kept=k, removed=[g], version=None, at=NOON, by=ORGANIZER
                ),
                lambda m=meeting: convening.change(
                    meeting=m, changes={}, seat_limit=7, version=None, at=NOON, by=ORGANIZER
                ),
            )
        )

        assert seats.audit(meeting.pk) == {}
