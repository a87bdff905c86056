"""What a meeting offers is kept in memory, and a change of it is seen by the next request."""

from threading import Thread

import pytest
from django.db import connection, transaction

from events.models import Category, Host, Meeting, MeetingStatus, Region, RegionSet
from registrations import consents, convening, prospectus
from registrations.models import SeatLimit
from tests.factories import NOON, ORGANIZER, category, make_consent, make_meeting

pytestmark = pytest.mark.django_db


def offered(meeting):
    """All that is kept, as the next request finds it."""
    found = prospectus.find(meeting.slug)
    return {
        "title": found.title,
        "list": found.region_set.name,
        "regions": sorted(r.name for r in found.region_set.regions.all() if r.is_active),
        "categories": sorted(each.name for each in found.categories.all()),
        "hosts": sorted(host.name for host in found.hosts.all()),
        "texts": [document.title for document in consents.current(found)],
        "seats": (found.seats.seat_limit, found.seats.taken, found.seats.layout),
    }


# Past all use cases: nothing but the rows themselves says that they changed.
CHANGES = {
    "title": lambda m: Meeting.objects.filter(pk=m.pk).update(title="Иначе"),
    "list": lambda m: RegionSet.objects.filter(pk=m.region_set_id).update(name="Иначе"),
    "regions": lambda m: m.region_set.regions.filter(code="RU-KLU").update(is_active=False),
    "categories": lambda m: m.categories.filter(code="guest").update(name="Иначе"),
    "hosts": lambda m: m.hosts.all().delete(),
    "texts": lambda m: make_consent(m, text="Иначе.", title="иное"),
    "seats": lambda m: SeatLimit.objects.filter(whole=m).update(taken=1),
}
MORE = {
    "regions": lambda m: Region.objects.create(region_set=m.region_set, code="RU-X", name="Иначе"),
    "categories": lambda m: Category.objects.create(meeting=m, code="new", name="Иначе"),
    "hosts": lambda m: Host.objects.create(meeting=m, name="Иначе", position=1),
    "texts": lambda m: make_consent(m, kind="photo", title="съёмку"),
    "seats": lambda m: SeatLimit.objects.filter(whole=m).update(seat_limit=9),
}
LESS = {
    "regions": lambda m: m.region_set.regions.filter(code="RU-PRI").delete(),
    "categories": lambda m: m.categories.filter(code="guest").delete(),
    "texts": lambda m: m.consent_documents.update(replaced_at=NOON),
}


@pytest.mark.parametrize(
    ("what", "change"),
    [(name, change) for some in (CHANGES, MORE, LESS) for name, change in some.items()],
)
def test_a_change_of_anything_is_seen_by_the_next_request(what, change):
    meeting = make_meeting()
    make_consent(meeting)
    before = offered(meeting)

    change(meeting)

    after = offered(meeting)
    assert {name for name in before if before[name] != after[name]} == {what}


def test_one_statement_as_long_as_nothing_has_changed(django_assert_num_queries):
    meeting = make_meeting()
    make_consent(meeting)
    offered(meeting)

    with django_assert_num_queries(1):
        offered(meeting)


def test_what_a_request_does_to_its_meeting_stays_with_it():
    meeting = make_meeting()
    first = prospectus.find(meeting.slug)

    first.title = "Иначе"
    first.seats.taken = 7
    first.hosts.create(name="Иначе", position=1)

    second = prospectus.find(meeting.slug)
    assert (second.title, second.seats.taken) == (meeting.title, 0)
    assert len(second.hosts.all()) == 2


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, None])
def test_a_draft_is_not_there_and_neither_is_what_does_not_exist(status):
    meeting = make_meeting()
    assert prospectus.find(meeting.slug) is not None
    if status:
        Meeting.objects.filter(pk=meeting.pk).update(status=status, published_at=None)
    else:
        meeting.slug = "nothing"

    assert prospectus.find(meeting.slug) is None


@pytest.mark.django_db(transaction=True)
def test_what_another_connection_commits_is_seen_at_once_and_not_before():
    meeting = make_meeting()
    guest = category(meeting, "guest")
    seen = []

    def elsewhere(act):
        def run():
            try:
                act()
            finally:
                connection.close()

        thread = Thread(target=run)
        thread.start()
        thread.join()

    def look():
        found = prospectus.find(meeting.slug)
        seen.append((found.title, {each.name for each in found.categories.all()} >= {"Иначе"}))

    elsewhere(look)
    with transaction.atomic():
        Category.objects.filter(pk=guest.pk).update(name="Иначе")
        elsewhere(look)
    elsewhere(look)
    convening.change(
        meeting=meeting, changes={"title": "Иной"}, version=None, at=NOON, by=ORGANIZER
    )
    elsewhere(look)

    assert seen == [
        (meeting.title, False), (meeting.title, False), (meeting.title, True), ("Иной", True),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_what_was_read_in_a_transaction_that_failed_is_forgotten():
    meeting = make_meeting()

    with transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(title="Иначе")
        inside = prospectus.find(meeting.slug).title
        transaction.set_rollback(True)

    assert (inside, prospectus.find(meeting.slug).title) == ("Иначе", meeting.title)
