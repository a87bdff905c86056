"""Organizations through the API: as typed, what may be one, merged and kept apart again."""

import pytest

from accounts.models import JournalEntry
from events.models import Organization
from tests.api.conftest import coming
from tests.factories import make_registration

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = ("АО «Северный берег»", "Северный берег", "ао северный берег", "Банк")


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, slug="parks", seat_limit=None)


@pytest.fixture
def url(meeting):
    for organization in TYPED:
        make_registration(meeting=meeting, organization=organization)
    return f"meetings/{meeting.slug}/organizations/"


def merge(client, url, **body):
    said = {"name": "Северный берег", "spellings": ["АО «СЕВЕРНЫЙ БЕРЕГ»", "северный берег"]}
    return client.send("post", url, said | body)


def test_a_program_reads_what_was_typed_and_what_may_be_one(organizer, url):
    said = organizer.send("get", url).json()

    assert said["organizations"] == []
    assert [(one["key"], one["people"]) for one in said["spellings"]] == [
        ("ао северный берег", 2), ("банк", 1), ("северный берег", 1),
    ]  # fmt: skip
    [hint] = said["alike"]
    assert hint["organization"] is None
    assert [one["key"] for one in hint["spellings"]] == ["ао северный берег", "северный берег"]


def test_a_program_merges_renames_and_separates(organizer, meeting, url):
    made = merge(organizer, url, short_name="СБ")
    one = f"{url}{made.json()['id']}/"
    renamed = organizer.send("patch", one, {"short_name": "Берег", "spellings": ["Банк"]})
    limited = organizer.send(
        "put", f"meetings/{meeting.slug}/seat-limits/organization/{made.json()['id']}/",
        {"seat_limit": 9},
    )  # fmt: skip
    apart = organizer.send("post", f"{url}separate/", {"spelling": "«Банк»"})
    twice = organizer.send("post", f"{url}separate/", {"spelling": "банк"})

    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["short_name"], made.json()["people"]) == (
        "Северный берег", "СБ", 3,
    )  # fmt: skip
    assert (renamed.json()["name"], renamed.json()["short_name"], renamed.json()["people"]) == (
        "Северный берег", "Берег", 4,
    )  # fmt: skip
    assert (limited.json()["taken"], limited.status_code) == (4, 200)
    assert (apart.status_code, twice.status_code) == (204, 204)
    said = organizer.send("get", url).json()
    assert [one["people"] for one in said["organizations"]] == [3]
    assert [one["key"] for one in said["spellings"]] == ["банк"]
    assert JournalEntry.objects.filter(action="organization.merged", via="api").count() == 2


@pytest.mark.parametrize(
    "wrong",
    [{"spellings": []}, {"spellings": ["«»"]}, {"spellings": "ао"}, {"name": " "},
     {"spellings": ["я" * 400]}, {"spellings": ["\x00"]}],
)  # fmt: skip
def test_what_names_nothing_merges_nothing(organizer, url, wrong):
    answer = merge(organizer, url, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
    assert not Organization.objects.exists()


def test_a_stranger_reads_and_changes_nothing(organizer, stranger, anyone, url):
    made = merge(organizer, url).json()

    for client, status in ((stranger, 404), (anyone, 401)):
        assert client.send("get", url).status_code == status
        assert merge(client, url).status_code == status
        assert client.send("patch", f"{url}{made['id']}/", {"name": "x"}).status_code == status
        gone = client.send("post", f"{url}separate/", {"spelling": TYPED[0]})
        assert gone.status_code == status
    assert Organization.objects.get().name == "Северный берег"


@pytest.mark.parametrize("count", [1, 3])
def test_reading_costs_the_same_for_one_and_three(
    organizer, meeting, count, django_assert_num_queries
):
    for number in range(count):
        make_registration(meeting=meeting, organization=f"Парк {number}")
        make_registration(meeting=meeting, organization=f"Банк {number}")
        merge(organizer, f"meetings/{meeting.slug}/organizations/", spellings=[f"Парк {number}"])

    with django_assert_num_queries(4):
        organizer.send("get", f"meetings/{meeting.slug}/organizations/")


def test_a_program_says_where_an_organization_is_at_home_and_that_it_is_a_member(organizer, url):
    made = merge(organizer, url, region="RU-KLU", is_member=True).json()
    one = f"{url}{made['id']}/"
    kept = organizer.send("patch", one, {"short_name": "СБ"}).json()
    wrong = organizer.send("patch", one, {"region": "RU-XXX"})
    changed = organizer.send("patch", one, {"region": None, "is_member": False}).json()

    assert (made["region"], made["is_member"]) == ("RU-KLU", True)
    assert (kept["short_name"], kept["region"], kept["is_member"]) == ("СБ", "RU-KLU", True)
    assert wrong.json()["errors"][0]["pointer"] == "/region"
    assert (changed["region"], changed["is_member"]) == (None, False)
