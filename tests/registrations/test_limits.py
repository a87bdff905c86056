"""Seats shared out among categories, regions, districts and organizations."""

from datetime import timedelta

import pytest

from accounts import journal
from accounts.models import JournalEntry
from events.models import Format, RegionGroup
from notifications.models import Message
from registrations import (
    amending,
    booking,
    categories,
    convening,
    limits,
    organizations,
    review,
    seats,
    waitlist,
)
from registrations.limits import Wish
from registrations.models import AttendanceMode, Registration, Scope, Seat, SeatLimit, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_meeting,
    make_regions,
    make_registration,
)

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=3)


def limit(meeting, target, at=NOON, **wish):
    return limits.change(meeting=meeting, target=target, wish=Wish(**wish), at=at, by=ORGANIZER)


def region(meeting, code="RU-KLU"):
    return meeting.region_set.regions.get(code=code)


def register(meeting, **overrides):
    return booking.register(
        meeting=meeting, application=make_application(meeting, **overrides), consents=[], at=NOON,
        by=journal.PUBLIC,
    ).registration  # fmt: skip


def statuses(*people):
    return [Registration.objects.get(pk=person.pk).status for person in people]


def test_a_seat_is_taken_in_all_limits_or_in_none():
    meeting = make_meeting(seat_limit=5)
    kaluga = region(meeting)
    limit(meeting, kaluga, seat_limit=1)
    limit(meeting, category(meeting, "guest"), seat_limit=1)

    first = register(meeting, region=kaluga, category_code="guest")
    second = register(meeting, region=kaluga)
    third = register(meeting, region=region(meeting, "RU-PRI"))

    assert statuses(first, second, third) == ["confirmed", "waitlisted", "confirmed"]
    assert first.holds.count() == 3
    assert second.holds.count() == 0
    assert meeting.seats.__class__.objects.get(whole=meeting).taken == 2
    assert seats.audit(meeting.pk) == {}


def test_the_place_in_line_is_told_among_those_who_wait_for_the_same():
    meeting = make_meeting(seat_limit=4)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    for of in (kaluga, primorye):
        limit(meeting, of, seat_limit=1)
        register(meeting, region=of)
    register(meeting, region=primorye)

    waiting = register(meeting, region=kaluga, language="ru")

    place = waitlist.place(waiting)
    assert (place.position, place.limit.region) == (1, kaluga)
    facts = Message.objects.about(f"registration:{waiting.pk}").get().snapshot
    assert (facts["position"], facts["waits_for"]) == (1, "Калужская область")


def test_a_seat_goes_to_the_first_for_whom_there_is_one_in_all_limits():
    meeting = make_meeting(seat_limit=2)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    limit(meeting, kaluga, seat_limit=1)
    sits = register(meeting, region=kaluga)
    leaves = register(meeting, region=primorye)
    blocked = register(meeting, region=kaluga)
    fits = register(meeting, region=primorye)

    booking.cancel(registration=leaves, at=NOON, by=LINK)
    assert statuses(sits, blocked, fits) == ["confirmed", "waitlisted", "confirmed"]
    booking.cancel(registration=sits, at=NOON, by=LINK)

    assert statuses(blocked) == ["confirmed"]
    assert seats.audit(meeting.pk) == {}


def test_kept_seats_are_for_their_region_until_the_day():
    meeting = make_meeting(seat_limit=2)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    limit(meeting, kaluga, reserve=1, reserved_until=LATER)

    first, second = register(meeting, region=primorye), register(meeting, region=primorye)
    own = register(meeting, region=kaluga)

    assert statuses(first, second, own) == ["confirmed", "waitlisted", "confirmed"]
    whole = SeatLimit.objects.get(whole=meeting)
    assert (whole.taken, whole.held) == (2, 0)
    booking.cancel(registration=own, at=NOON, by=LINK)
    assert SeatLimit.objects.get(whole=meeting).held == 1
    assert statuses(second) == ["waitlisted"]

    assert limits.release_due(at=LATER - timedelta(minutes=1)) == 0
    assert limits.release_due(at=LATER) == 1
    assert limits.release_due(at=LATER) == 0

    assert statuses(second) == ["confirmed"]
    assert seats.audit(meeting.pk) == {}


def test_seats_are_kept_only_while_they_are_free():
    meeting = make_meeting(seat_limit=3)
    for _ in range(2):
        register(meeting, region=region(meeting, "RU-PRI"))

    for wish in (
        {"reserve": 2, "reserved_until": LATER},
        {"reserve": 1},
        {"reserve": 1, "reserved_until": NOON},
        {"reserve": 1, "reserved_until": meeting.starts_at + timedelta(seconds=1)},
        {"reserve": 2, "seat_limit": 1, "reserved_until": LATER},
    ):
        with pytest.raises(limits.NothingToKeep):
            limit(meeting, region(meeting), **wish)
    limit(meeting, region(meeting), reserve=1, reserved_until=LATER)

    assert not SeatLimit.objects.filter(reserve=2).exists()
    assert seats.audit(meeting.pk) == {}


def move(person, to, **how):
    return amending.amend(
        registration=person, changes={"region": to}, version=None, at=NOON, **how or {"by": LINK}
    )


AS_ORGANIZER = {"by": ORGANIZER, "as_organizer": True}


def test_seats_are_kept_no_longer_than_until_the_meeting_moved_earlier_begins():
    meeting = make_meeting(seat_limit=1)
    limit(meeting, region(meeting), reserve=1, reserved_until=LATER)
    waits = register(meeting)
    starts_at = NOON + timedelta(days=1)

    convening.change(
        meeting=meeting, changes={"starts_at": starts_at}, version=None, at=NOON, by=ORGANIZER
    )

    assert SeatLimit.objects.get(region=region(meeting)).reserved_until == starts_at
    assert limits.release_due(at=starts_at) == 1
    # The lists closed when it began: whoever waited is let in at the door, or not.
    assert statuses(waits) == ["waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_whom_an_organizer_lets_take_a_kept_seat_along_leaves_none_to_keep():
    meeting = make_meeting(seat_limit=1)
    kaluga = region(meeting)
    limit(meeting, kaluga, reserve=1, reserved_until=LATER)
    ada = register(meeting, region=kaluga)

    move(ada, region(meeting, "RU-PRI"), **AS_ORGANIZER)

    row = SeatLimit.objects.get(region=kaluga)
    assert (row.taken, row.reserve, row.reserved_until) == (0, 0, None)
    assert seats.audit(meeting.pk) == {}


def test_a_kept_seat_is_no_way_past_those_who_wait():
    meeting = make_meeting(seat_limit=2)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    limit(meeting, kaluga, reserve=1, reserved_until=LATER)
    sits = register(meeting, region=primorye)
    waits = register(meeting, region=primorye)
    ada = register(meeting, region=kaluga)

    with pytest.raises(amending.MeetingFull):
        move(ada, primorye)

    row = SeatLimit.objects.get(region=kaluga)
    assert (row.taken, row.reserve) == (1, 1)
    assert statuses(sits, waits, ada) == ["confirmed", "waitlisted", "confirmed"]
    booking.cancel(registration=sits, at=NOON, by=LINK)
    booking.cancel(registration=Registration.objects.get(pk=waits.pk), at=NOON, by=LINK)
    move(ada, primorye)
    assert SeatLimit.objects.get(whole=meeting).held == 1
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("how", [{}, AS_ORGANIZER])
def test_who_moves_from_one_kept_seat_to_another_leaves_the_first_to_keep(how):
    meeting = make_meeting(seat_limit=2)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    for of in (kaluga, primorye):
        limit(meeting, of, reserve=1, reserved_until=LATER)
    ada = register(meeting, region=kaluga)

    move(ada, primorye, **how)

    rows = SeatLimit.objects.filter(region__in=(kaluga, primorye)).order_by("region__code")
    assert [(row.taken, row.reserve, row.kept) for row in rows] == [(0, 1, 1), (1, 1, 0)]
    assert SeatLimit.objects.get(whole=meeting).held == 1
    assert seats.audit(meeting.pk) == {}


def test_a_new_limit_counts_who_sits_already_and_refuses_to_be_lower():
    meeting = make_meeting(seat_limit=5)
    for _ in range(2):
        register(meeting)
    register(meeting, category_code="press")

    with pytest.raises(limits.LimitBelowTaken) as refusal:
        limit(meeting, category(meeting), seat_limit=1)
    made = limit(meeting, category(meeting), seat_limit=2)

    assert refusal.value.facts == {"taken": 2}
    assert (made.scope, made.taken) == (Scope.CATEGORY, 2)
    assert statuses(register(meeting)) == ["waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_a_new_limit_counts_who_has_a_seat_and_not_who_would_need_one():
    meeting = make_meeting(seat_limit=5, format=Format.HYBRID)
    kaluga = region(meeting)
    online = register(meeting, region=kaluga, attendance_mode=AttendanceMode.ONLINE)
    register(meeting, region=kaluga)
    meeting = convening.change(
        meeting=meeting, changes={"format": Format.IN_PERSON}, version=None, at=NOON, by=ORGANIZER
    )

    made = limit(meeting, kaluga, seat_limit=2)

    assert (made.taken, online.holds.count()) == (1, 0)
    assert seats.audit(meeting.pk) == {}


def test_a_district_limits_all_its_regions():
    meeting = make_meeting(seat_limit=5)
    district = RegionGroup.objects.create(region_set=meeting.region_set, code="C", name="Центр")
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    for one in (kaluga, primorye):
        one.group = district
        one.save(update_fields=["group"])
    limit(meeting, district, seat_limit=1)

    assert statuses(register(meeting, region=kaluga)) == ["confirmed"]
    assert statuses(register(meeting, region=primorye)) == ["waitlisted"]
    assert statuses(register(meeting, region=region(meeting, "RU-KGD"))) == ["confirmed"]


def test_an_organization_limits_all_its_spellings():
    meeting = make_meeting(seat_limit=5)
    union = organizations.merge(
        meeting=meeting, keys=["союз парков", "union of parks"], name="Союз парков",
        short_name="", at=NOON, by=ORGANIZER,
    )  # fmt: skip
    limit(meeting, union, seat_limit=1)

    assert statuses(register(meeting, organization="Союз парков")) == ["confirmed"]
    assert statuses(register(meeting, organization="«Union of Parks»")) == ["waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_merging_seats_whoever_belongs_to_the_organization_now():
    meeting = make_meeting(seat_limit=5)
    say = {"meeting": meeting, "at": NOON, "by": ORGANIZER}
    union = organizations.merge(keys=["союз парков"], name="Союз", short_name="", **say)
    limit(meeting, union, seat_limit=1)
    ada = register(meeting, organization="Союз парков")
    bob = register(meeting, organization="Union of Parks")

    organizations.merge(
        keys=["union of parks"], name="Союз", short_name="", organization=union, **say
    )
    bob.refresh_from_db()
    assert (bob.status, bob.seat) == (Status.CONFIRMED, Seat.OVER)
    assert seats.audit(meeting.pk) == {}
    organizations.separate(key="союз парков", **say)
    bob.refresh_from_db()
    assert (bob.seat, ada.holds.count()) == (Seat.WITHIN, 1)
    assert seats.audit(meeting.pk) == {}
    organizations.separate(key="union of parks", **say)

    assert [row.scope for row in SeatLimit.objects.filter(meeting=meeting)] == [Scope.MEETING]
    assert bob.holds.count() == 1
    assert seats.audit(meeting.pk) == {}


def test_who_comes_to_belong_to_another_organization_leaves_the_seat_kept_for_the_first():
    meeting = make_meeting(seat_limit=2)
    say = {"meeting": meeting, "at": NOON, "by": ORGANIZER, "short_name": ""}
    union = organizations.merge(keys=["союз парков", "союз"], name="Союз", **say)
    works = organizations.merge(keys=["завод"], name="Завод", **say)
    for of in (union, works):
        limit(meeting, of, reserve=1, reserved_until=LATER)
    ada = register(meeting, organization="Союз парков")

    organizations.merge(keys=["союз парков"], name="Завод", organization=works, **say)

    rows = SeatLimit.objects.filter(organization__in=(union, works)).order_by("organization")
    assert [(row.taken, row.kept) for row in rows] == [(0, 1), (1, 0)]
    ada.refresh_from_db()
    assert ada.seat == Seat.WITHIN
    assert seats.audit(meeting.pk) == {}


def test_changing_region_or_category_moves_the_seat_and_frees_the_old_one():
    meeting = make_meeting(seat_limit=5)
    kaluga, primorye = region(meeting), region(meeting, "RU-PRI")
    limit(meeting, kaluga, seat_limit=1)
    limit(meeting, primorye, seat_limit=1)
    ada, bob = register(meeting, region=kaluga), register(meeting, region=primorye)
    waits = register(meeting, region=kaluga)
    move = {"registration": ada, "version": None, "at": NOON, "changes": {"region": primorye}}

    with pytest.raises(amending.MeetingFull):
        amending.amend(by=LINK, **move)
    booking.cancel(registration=bob, at=NOON, by=LINK)
    amending.amend(by=LINK, **move)

    assert statuses(ada, waits) == ["confirmed", "confirmed"]
    assert seats.audit(meeting.pk) == {}


def test_an_organizer_goes_over_a_narrow_limit_deliberately():
    meeting = make_meeting(seat_limit=5)
    kaluga = region(meeting)
    limit(meeting, kaluga, seat_limit=1)
    ada, bob = register(meeting, region=kaluga), register(meeting, region=kaluga)

    with pytest.raises(review.MeetingFull) as refusal:
        review.promote(registration=bob, at=NOON, by=ORGANIZER)
    bob = review.promote(registration=bob, at=NOON, by=ORGANIZER, over_capacity=True)

    assert "Калужская область" in str(refusal.value)
    assert bob.seat == Seat.OVER
    row = SeatLimit.objects.get(region=kaluga)
    assert (row.taken, row.over) == (1, 1)
    booking.cancel(registration=ada, at=NOON, by=LINK)
    bob.refresh_from_db()
    assert bob.seat == Seat.WITHIN
    assert seats.audit(meeting.pk) == {}


KEPT_NO_LONGER = {
    "removed": lambda meeting, place: limits.remove(
        meeting=meeting, target=place, at=NOON, by=ORGANIZER
    ),
    "released": lambda _meeting, _place: limits.release_due(at=LATER),
    "other regions": lambda meeting, _place: convening.change(
        meeting=meeting, changes={"region_set": make_regions()}, version=None, at=NOON,
        by=ORGANIZER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", KEPT_NO_LONGER)
def test_a_seat_that_is_kept_no_longer_takes_in_who_sits_over_the_limit_first(how):
    meeting = make_meeting(seat_limit=2)
    kaluga = region(meeting)
    limit(meeting, kaluga, reserve=1, reserved_until=LATER)
    register(meeting)
    waits = register(meeting)
    over = make_registration(meeting=meeting, seat=Seat.OVER)

    KEPT_NO_LONGER[how](meeting, kaluga)

    over.refresh_from_db()
    assert over.seat == Seat.WITHIN
    assert statuses(waits) == ["waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_without_its_limit_a_region_is_bounded_by_the_meeting_alone():
    meeting = make_meeting(seat_limit=2)
    kaluga = region(meeting)
    limit(meeting, kaluga, seat_limit=1, reserve=1, reserved_until=LATER)
    sits, waits = register(meeting, region=kaluga), register(meeting, region=kaluga)

    for _ in range(2):
        limits.remove(meeting=meeting, target=kaluga, at=NOON, by=ORGANIZER)

    assert statuses(sits, waits) == ["confirmed", "confirmed"]
    assert sits.holds.count() == 1
    assert seats.audit(meeting.pk) == {}
    actions = JournalEntry.objects.filter(action__startswith="seat_limit")
    assert [e.action for e in actions.order_by("pk")] == [
        "seat_limit.changed",
        "seat_limit.removed",
    ]


def without(meeting, gone):
    categories.arrange(
        meeting=meeting, kept=[each for each in meeting.categories.all() if each != gone],
        removed=[gone], version=None, at=NOON, by=ORGANIZER,
    )  # fmt: skip


def test_seats_are_kept_for_no_category_that_is_gone():
    meeting = make_meeting(seat_limit=1)
    guest = category(meeting, "guest")
    limit(meeting, guest, reserve=1, reserved_until=LATER)
    waits = register(meeting)

    without(meeting, guest)

    assert statuses(waits) == ["confirmed"]
    assert SeatLimit.objects.get(meeting=meeting).held == 0
    assert seats.audit(meeting.pk) == {}


def test_a_meeting_without_a_waiting_list_says_for_whom_there_is_no_seat():
    meeting = make_meeting(seat_limit=5, has_waiting_list=False)
    limit(meeting, region(meeting), seat_limit=0)

    with pytest.raises(booking.MeetingFull) as refusal:
        register(meeting, region=region(meeting))

    assert "Калужская область" in str(refusal.value)


@pytest.mark.parametrize(
    ("scope", "code"), [("region", "RU-XX"), ("category", "nobody"), ("organization", "x"),
                        ("planet", "earth"), ("organization", "1")],
)  # fmt: skip
def test_a_limit_is_about_something_of_this_meeting(scope, code):
    with pytest.raises(limits.TargetUnknown):
        limits.find(make_meeting(), scope=scope, code=code)


def test_a_waiting_registration_counts_in_no_limit():
    meeting = make_meeting(seat_limit=0)
    row = limit(meeting, category(meeting), seat_limit=5)
    make_registration(meeting=meeting, status=Status.WAITLISTED)

    row.refresh_from_db()
    assert (row.taken, row.over) == (0, 0)
