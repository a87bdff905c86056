"""Closing the lists through the API: take, read, compare, take home; a deputy for a boss."""

import csv
import io

import pytest
from django.utils import timezone

from accounts.models import JournalEntry
from registrations.models import PassList, Registration
from tests.factories import make_registration

pytestmark = pytest.mark.django_db


def lists(meeting, rest=""):
    return f"meetings/{meeting.slug}/pass-lists/{rest}"


def make_people(meeting, *families):
    return [
        make_registration(meeting=meeting, family_name=family, given_name="Ян", patronymic="")
        for family in families
    ]


@pytest.fixture
def people(meeting):
    return make_people(meeting, "Бобров", "Волков")


@pytest.fixture
def closed(organizer, meeting, people):
    assert organizer.send("post", lists(meeting, "close/")).status_code == 201
    return meeting


def replace(organizer, person, **newcomer):
    slug = person.meeting.slug
    url = f"meetings/{slug}/registrations/{person.number}/substitute/"
    return organizer.send("post", url, {"family_name": "Юдин", "given_name": "Ян"} | newcomer)


def test_closing_keeps_list_one_and_says_so(organizer, meeting, people):
    answer = organizer.send("post", lists(meeting, "close/"), {"note": "Guards"})
    again = organizer.send("post", lists(meeting, "close/"))

    assert (answer.status_code, again.status_code) == (201, 200)
    kept = answer.json()
    assert kept.pop("made_at")
    assert kept == {
        "number": 1, "made_by": meeting.owners.get().email, "note": "Guards", "people": 2,
        "added": 0, "gone": 0, "changed": 0,
    }  # fmt: skip
    meeting.refresh_from_db()
    assert meeting.edits_close_at <= timezone.now()
    assert meeting.takes_registrations(timezone.now())


def test_registration_can_be_closed_along(organizer, meeting):
    organizer.send("post", lists(meeting, "close/"), {"closes_registration": True})

    meeting.refresh_from_db()
    assert not meeting.takes_registrations(timezone.now())


def test_open_lists_cannot_be_taken(organizer, meeting):
    answer = organizer.send("post", lists(meeting))

    assert (answer.status_code, answer.json()["code"]) == (409, "lists_open")


def test_the_next_list_is_taken_when_something_has_changed(organizer, closed, people):
    nothing = organizer.send("post", lists(closed))
    replace(organizer, people[0])
    taken = organizer.send("post", lists(closed), {"note": "18:00"})

    assert (nothing.status_code, nothing.json()["code"], nothing.json()["number"]) == (
        409,
        "nothing_changed",
        1,
    )
    assert taken.status_code == 201
    kept = taken.json()
    assert [kept[name] for name in ("number", "people", "added", "gone", "changed", "note")] == [
        2, 2, 1, 1, 0, "18:00",
    ]  # fmt: skip


def test_a_list_is_read_with_its_people(organizer, closed, people):
    deputy = replace(organizer, people[0]).json()
    organizer.send("post", lists(closed))

    first = organizer.send("get", lists(closed, "1/")).json()
    second = organizer.send("get", lists(closed, "2/")).json()

    assert [line["family_name"] for line in first["lines"]] == ["Бобров", "Волков"]
    assert second["lines"][1] == {
        "number": deputy["number"], "family_name": "Юдин", "given_name": "Ян", "patronymic": "",
        "organization": "АО «Северный берег»", "position": "Директор", "region": None,
        "region_name": "", "category": "member", "category_name": "Member organization",
        "is_erased": False, "change": "added", "instead_of": people[0].number,
    }  # fmt: skip
    assert organizer.send("get", lists(closed, "3/")).status_code == 404


def test_the_difference_names_each_change(organizer, closed, people):
    boss, other = people
    deputy = replace(organizer, boss).json()["number"]
    organizer.send(
        "patch",
        f"meetings/{closed.slug}/registrations/{other.number}/",
        {"position": "Minister"},
        match=other.version,
    )

    found = organizer.send("get", lists(closed, "1/difference/")).json()

    assert [found[name] for name in ("since", "until", "added", "gone", "changed", "replaced")] == [
        1, None, 1, 1, 1, 1,
    ]  # fmt: skip
    assert [
        (one["change"], one["family_name"], one["instead_of"], one["replaced_by"], one["edits"])
        for one in found["changes"]
    ] == [
        ("gone", "Бобров", None, deputy, []),
        (
            "changed",
            "Волков",
            None,
            None,
            [{"field": "position", "was": "Директор", "now": "Minister"}],
        ),
        ("added", "Юдин", boss.number, None, []),
    ]


def test_two_lists_are_compared(organizer, closed, people):
    replace(organizer, people[0])
    organizer.send("post", lists(closed))
    replace(organizer, people[1], family_name="Яковлев")

    between = organizer.send("get", lists(closed, "1/difference/?until=2")).json()

    assert (between["until"], between["added"], between["gone"]) == (2, 1, 1)
    for nonsense in ("1", "9", "x", "9" * 20):
        answer = organizer.send("get", lists(closed, f"1/difference/?until={nonsense}"))
        assert answer.status_code == 404


def test_lists_are_opened_again(organizer, closed):
    late = organizer.send("post", lists(closed, "reopen/"), {"until": "2020-01-24T10:00:00Z"})
    answer = organizer.send("post", lists(closed, "reopen/"))

    assert (late.status_code, late.json()["code"]) == (409, "nothing_to_reopen")
    closed.refresh_from_db()
    assert answer.json() == {
        "is_closed": False,
        "closes_at": closed.starts_at.isoformat().replace("+00:00", "Z"),
    }
    assert closed.takes_edits(timezone.now())


@pytest.mark.parametrize("rest", ["1.csv", "1/difference.csv"])
def test_files_are_taken_home_and_journalled(organizer, closed, people, rest):
    Registration.objects.filter(pk=people[1].pk).update(family_name="=SUM(A1)")
    replace(organizer, people[0])
    if rest == "1.csv":
        organizer.send("post", lists(closed))
        rest = "2.csv"

    answer = organizer.send("post", lists(closed, rest))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))

    assert rows[0][-2:] == ["Amendment", "Instead of whom"]
    assert "'=SUM(A1)" in [row[1] for row in rows]
    assert f"Бобров Ян, {people[0].number}" in [row[-1] for row in rows]
    entry = JournalEntry.objects.get(action="pass_list.exported")
    assert entry.via == "api"


def test_a_workbook_is_a_workbook(organizer, closed):
    answer = organizer.send("post", lists(closed, "1.xlsx"))

    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert b"".join(answer.streaming_content)[:2] == b"PK"


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_cost_the_same_for_one_and_for_three(
    organizer, closed, people, count, django_assert_num_queries
):
    for family in ["Юдин", "Яковлев"][: count - 1]:
        people[0] = Registration.objects.get(
            number=replace(organizer, people[0], family_name=family).json()["number"]
        )
        organizer.send("post", lists(closed))

    with django_assert_num_queries(3):
        found = organizer.send("get", lists(closed)).json()["results"]

    assert [one["number"] for one in found] == list(range(1, count + 1))


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_for_one_person_and_for_three(
    organizer, meeting, count, django_assert_num_queries
):
    make_people(meeting, *["Бобров", "Волков"][: min(count, 2)])
    if count == 3:
        make_registration(meeting=meeting, family_name="Гусев", seat="over")
    organizer.send("post", lists(meeting, "close/"))

    with django_assert_num_queries(5):
        found = organizer.send("get", lists(meeting, "1/")).json()

    assert len(found["lines"]) == count


def test_strangers_find_no_lists(stranger, anyone, closed):
    for method, rest in [
        ("get", ""), ("post", ""), ("post", "close/"), ("post", "reopen/"), ("get", "1/"),
        ("get", "1/difference/"), ("post", "1.csv"), ("post", "1/difference.xlsx"),
    ]:  # fmt: skip
        assert stranger.send(method, lists(closed, rest)).status_code == 404
        assert anyone.send(method, lists(closed, rest)).status_code == 401
    assert PassList.objects.count() == 1


def test_a_name_is_enough_for_a_deputy(organizer, people):
    boss = people[0]

    answer = replace(organizer, boss)

    deputy = answer.json()
    boss.refresh_from_db()
    assert answer.status_code == 201
    assert (deputy["status"], boss.status) == ("confirmed", "cancelled")
    for field in ("organization", "position", "language"):
        assert deputy[field] == getattr(boss, field)
    assert deputy["category"] == "member"


def test_a_deputy_may_differ_and_must_have_a_name(organizer, people):
    other = replace(
        organizer, people[0], position="Expert", region="RU-KLU", category="guest",
        email="yudin@example.org",
    )  # fmt: skip
    nameless = replace(organizer, people[1], family_name="", given_name="")
    again = replace(organizer, people[0], family_name="Яковлев")

    assert [other.json()[name] for name in ("position", "region", "category", "email")] == [
        "Expert", "RU-KLU", "guest", "yudin@example.org",
    ]  # fmt: skip
    assert nameless.json()["errors"][0]["pointer"] == "/given_name"
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
