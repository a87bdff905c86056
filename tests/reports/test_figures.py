"""Counting: what counts, once, for whom; and keeping what was said."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import JournalEntry
from attendance import checkin, desks
from attendance.checkin import ScanInput
from events.models import Organization, OrganizationVariant, Region, RegionKind
from registrations import erasure, names
from registrations.models import Status
from reports import boards, freezing, headline, wording
from reports.models import Basis, FrozenFigure, Style
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def region(meeting, code="RU-KLU"):
    return meeting.region_set.regions.get(code=code)


def counted(meeting, basis=Basis.CONFIRMED, at=NOON):
    return headline.count(lists=headline.lists(meeting), basis=basis, at=at)


def let_in(registration, at=None):
    meeting = registration.meeting
    desk = desks.organizers(meeting=meeting, user=meeting.owners.get(), label="1")
    scan = ScanInput(
        id=uuid4(), method="camera", scanned_at=at or NOON, text=registration.ticket_code
    )
    return checkin.record(desk=desk, scans=[scan], at=at or NOON)


def freeze(meeting, basis=Basis.CONFIRMED, style=Style.EXACT, at=NOON):
    return freezing.freeze(meeting=meeting, basis=basis, style=style, at=at, by=ORGANIZER)


def test_each_basis_counts_its_own():
    meeting = make_meeting(seat_limit=2)
    make_registration(meeting=meeting)
    let_in(make_registration(meeting=meeting))
    make_registration(meeting=meeting, status=Status.WAITLISTED, waiting_since=NOON)
    make_registration(meeting=meeting, status=Status.PENDING)
    make_registration(meeting=meeting, status=Status.DECLINED)
    make_registration(meeting=meeting, status=Status.CANCELLED)

    assert [counted(meeting, basis).people for basis in Basis] == [4, 2, 1]


def test_another_meeting_does_not_count():
    meeting = make_meeting()
    let_in(make_registration())

    assert [counted(meeting, basis).people for basis in Basis] == [0, 0, 0]


def test_press_and_staff_stand_aside():
    meeting = make_meeting()
    make_registration(meeting=meeting, category_code="press", region=region(meeting))
    make_registration(meeting=meeting, category_code="ministry")

    figure = counted(meeting)

    assert (figure.people, figure.ministries, figure.regions, figure.organizations) == (1, 1, 0, 1)
    assert sum(figure.aside.values()) == 1


def test_organizations_are_counted_merged():
    meeting = make_meeting(seat_limit=None)
    spellings = ["АО «Северный берег»", "ао северный берег", "Северный берег (управляющая)", "Иное"]
    for spelling in spellings:
        make_registration(meeting=meeting, organization=spelling)
    make_registration(meeting=meeting, organization="")
    before = counted(meeting).organizations
    merged = Organization.objects.create(meeting=meeting, name="Северный берег")
    for key in {names.organization_key(spelling) for spelling in spellings[:3]}:
        OrganizationVariant.objects.create(meeting=meeting, organization=merged, key=key)

    assert (before, counted(meeting).organizations) == (3, 2)


def test_only_active_regions_count_and_countries_apart():
    meeting = make_meeting(seat_limit=None)
    country = Region.objects.create(
        region_set=meeting.region_set, code="BY", name="Беларусь", kind=RegionKind.COUNTRY
    )
    gone = Region.objects.create(
        region_set=meeting.region_set, code="OLD", name="Прежний", is_active=False
    )
    for place in (country, gone, region(meeting), region(meeting), None):
        make_registration(meeting=meeting, region=place)

    figure = counted(meeting)

    assert (figure.people, figure.regions, figure.countries) == (5, 1, 1)
    lines = boards.by_district(figure, lists=headline.lists(meeting))
    assert [(line.people, line.regions) for line in lines] == [
        (2, 1),
        (1, None),
        (1, None),
        (1, None),
    ]


def test_people_from_regions_is_offered_when_everybody_has_one():
    meeting = make_meeting()
    make_registration(meeting=meeting, region=region(meeting))
    assert Style.JOINED in wording.styles(counted(meeting))

    make_registration(meeting=meeting)
    assert Style.JOINED not in wording.styles(counted(meeting))


def test_whoever_came_took_part_even_if_cancelled_later():
    registration = make_registration()
    let_in(registration)
    registration.status, registration.seat = Status.CANCELLED, "none"
    registration.save(update_fields=["status", "seat"])

    assert counted(registration.meeting, Basis.CHECKED_IN).people == 1


def test_who_came_is_counted_from_the_day_at_the_venue_on():
    midnight = datetime.fromisoformat("2026-05-26T00:00+03:00")
    meeting = make_meeting(starts_at=midnight + timedelta(hours=1), ends_at=midnight + DAY)
    let_in(make_registration(meeting=meeting))

    def natural(at):
        return headline.natural_basis(meeting, at=at)

    assert natural(midnight - timedelta(seconds=1)) == Basis.CONFIRMED
    assert natural(midnight) == Basis.CHECKED_IN
    # The doors of a meeting at one in the morning open on the evening before.
    meeting.doors_at = midnight - timedelta(minutes=30)
    assert natural(midnight - timedelta(seconds=1)) == Basis.CHECKED_IN


def test_who_came_is_published_from_the_day_on():
    midnight = datetime.fromisoformat("2026-05-26T00:00+03:00")
    meeting = make_meeting(starts_at=midnight + timedelta(hours=9), ends_at=midnight + DAY)
    let_in(make_registration(meeting=meeting))

    with pytest.raises(freezing.NothingToFreeze):
        freeze(meeting, Basis.CHECKED_IN, at=midnight - timedelta(seconds=1))
    figure, _is_new = freeze(meeting, Basis.CHECKED_IN, at=midnight)

    assert figure.numbers["people"] == 1


def test_the_figure_takes_one_query_and_the_lists_two(django_assert_num_queries):
    meeting = make_meeting()
    make_registration(meeting=meeting)

    with django_assert_num_queries(2):
        lists = headline.lists(meeting)
        assert lists.meeting.region_set
    for basis in Basis:
        with django_assert_num_queries(1):
            headline.count(lists=lists, basis=basis, at=NOON)


def test_the_figure_is_dated_no_later_than_the_end():
    meeting = make_meeting()

    assert counted(meeting, at=NOON).as_of == NOON
    assert counted(meeting, at=NOON + timedelta(days=99)).as_of == meeting.ends_at


def test_a_frozen_figure_stays_and_says_what_changed():
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting, region=region(meeting))
    figure, is_new = freeze(meeting)
    make_registration(meeting=meeting, category_code="ministry", organization="Министерство")

    kept = FrozenFigure.objects.get()
    assert is_new
    assert kept.sentences["ru"] == (
        "Участие в совещании подтвердил 1 человек. Представлен 1 регион и 1 организация."
    )
    assert [(d.what, d.then, d.now) for d in freezing.differences(kept, live=counted(meeting))] == [
        ("people", 1, 2),
        ("ministries", 0, 1),
        ("organizations", 1, 2),
        ("without_region", 0, 1),
    ]
    assert figure == kept


def test_the_same_figure_is_frozen_once():
    meeting = make_registration().meeting

    first, is_new = freeze(meeting, at=meeting.ends_at + timedelta(hours=1))
    again, is_new_again = freeze(meeting, at=meeting.ends_at + timedelta(hours=9))

    assert (first, is_new, is_new_again) == (again, True, False)


def test_the_hash_can_be_taken_again():
    figure, _ = freeze(make_registration().meeting)

    figure.refresh_from_db()

    assert figure.sha256 == freezing.digest(figure)
    figure.numbers["people"] += 1
    assert figure.sha256 != freezing.digest(figure)


def test_freezing_is_journalled_without_names():
    meeting = make_registration().meeting
    figure, _ = freeze(meeting)

    entry = JournalEntry.objects.get(action="figure.frozen")
    assert entry.subjects == [f"meeting:{meeting.pk}", f"figure:{figure.pk}"]
    assert entry.changes["people"] == 1
    assert entry.who == ORGANIZER.who


def test_nothing_is_not_published():
    with pytest.raises(freezing.NothingToFreeze):
        freeze(make_meeting())


def test_a_style_that_is_not_true_is_not_frozen():
    meeting = make_registration().meeting

    figure, _ = freeze(meeting, style=Style.ROUNDED)

    assert figure.numbers["style"] == "exact"


def test_a_list_without_districts_is_one_table():
    owner = make_user()
    meeting = make_meeting(owner=owner)
    make_registration(meeting=meeting, region=region(meeting))

    (line,) = boards.by_district(counted(meeting), lists=headline.lists(meeting))

    assert (line.name, line.people, line.regions, len(line.missing)) == ("Регионы", 1, 1, 2)


def test_erasing_people_leaves_every_count():
    registration = make_registration(organization="АО «Северный берег»")
    let_in(registration)
    before = [counted(registration.meeting, basis).numbers() for basis in Basis]

    after_the_end = registration.meeting.ends_at + timedelta(days=1)
    erasure.erase(registration=registration, at=after_the_end, by=ORGANIZER)

    assert [counted(registration.meeting, basis).numbers() for basis in Basis] == before
