"""Merging in the office and through the API: looked at first, then done; strangers see nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from attendance import checkin
from registrations import booking, links
from registrations.models import Registration, Status
from tests.attendance.door import open_desk, scan
from tests.factories import LINK, NOON, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db
PAGE = "/manage/parks/participants/"
API = "/api/v1/meetings/parks/registrations/"


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        owner=make_user(), slug="parks", seat_limit=2, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


@pytest.fixture
def ada(meeting):
    return make_registration(
        meeting=meeting, family_name="Лавлейс", email="ada@example.org", organization="Первая"
    )


@pytest.fixture
def twin(meeting, ada):
    return make_registration(
        meeting=meeting, family_name="Лавлейс", email="al@example.org", organization="Вторая"
    )


def test_from_the_hint_to_the_preview_to_one_registration(office, meeting, ada, twin):
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED, family_name="Очередная")
    before = list(Registration.objects.order_by("pk").values())

    page = office.get(f"{PAGE}{ada.number}/").content.decode()
    assert f"{PAGE}{ada.number}/merge/?other={twin.number}" in page
    hints = office.get(f"{PAGE}{ada.number}/merge/").content.decode()
    assert twin.spoken_number in hints
    choice = office.get(f"{PAGE}{ada.number}/merge/", {"other": twin.number}).content.decode()
    assert "Первая" in choice
    assert "Вторая" in choice
    query = {"other": twin.number, "keep": ada.number, "organization": "second", "look": "1"}
    foreseen = office.get(f"{PAGE}{ada.number}/merge/", query)
    said = foreseen.content.decode()
    for words in ("One seat becomes free and goes to Очередная", "The person is not written to"):
        assert words in said
    assert list(Registration.objects.order_by("pk").values()) == before

    query |= {"version": ada.version, "other_version": twin.version}
    answer = office.post(f"{PAGE}{ada.number}/merge/", query, follow=True)

    ada.refresh_from_db()
    twin.refresh_from_db()
    waiting.refresh_from_db()
    assert (ada.organization, ada.email) == ("Вторая", "ada@example.org")
    assert (twin.merged_into, waiting.status) == (ada, Status.CONFIRMED)
    said = answer.content.decode()
    assert "Merged with" in said
    assert twin.spoken_number in said
    other = office.get(f"{PAGE}{twin.number}/").content.decode()
    assert "Merged into" in other
    assert "Put on the list again" not in other
    assert "merged with another one" in office.get(PAGE).content.decode()


def test_the_other_way_round(office, ada, twin):
    query = {"other": twin.number, "keep": twin.number, "email": "first"}

    office.post(f"{PAGE}{ada.number}/merge/", query)

    ada.refresh_from_db()
    twin.refresh_from_db()
    assert (ada.merged_into, twin.email) == (twin, "ada@example.org")


def test_at_first_the_one_that_has_got_further_is_kept(office, meeting, ada):
    waiting = make_registration(meeting=meeting, status=Status.PENDING, family_name="Лавлейс")
    booking.cancel(registration=waiting, at=NOON, by=LINK)

    for one, other in ((ada, waiting), (waiting, ada)):
        page = office.get(f"{PAGE}{one.number}/merge/", {"other": other.number, "look": "1"})
        assert page.context["kept"] == ada


def test_what_was_changed_since_it_was_looked_at_is_refused(office, ada, twin):
    query = {"other": twin.number, "keep": ada.number, "version": 7, "other_version": 1}

    answer = office.post(f"{PAGE}{ada.number}/merge/", query)

    assert answer.status_code == 409
    assert "was changed in the meantime" in answer.content.decode()
    assert not Registration.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize("typed", ["0000000", "abc", "own"])
def test_a_number_that_is_none_is_said(office, ada, typed):
    typed = ada.number if typed == "own" else typed

    answer = office.get(f"{PAGE}{ada.number}/merge/", {"other": typed})

    assert answer.status_code == 422
    assert "There is no other registration" in answer.content.decode()


def test_people_of_other_meetings_cannot_be_merged_nor_seen(office, meeting, ada):
    stranger = make_registration(family_name="Чужая")

    page = office.get(f"{PAGE}{ada.number}/merge/", {"other": stranger.number})
    api = office.post(
        f"{API}{ada.number}/merge/", {"other": stranger.number},
        content_type="application/json", headers={"if-match": "*"},
    )  # fmt: skip
    theirs = office.get(f"/manage/{stranger.meeting.slug}/participants/{stranger.number}/merge/")

    assert (page.status_code, api.status_code, theirs.status_code) == (422, 404, 404)
    assert "Чужая" not in page.content.decode()


def test_scans_with_either_code_stand_on_the_kept_ones_page(office, meeting, ada, twin):
    desk = open_desk(meeting, at=NOON)
    checkin.record(desk=desk, scans=[scan(twin, scanned_at=NOON)], at=NOON)

    office.post(f"{PAGE}{ada.number}/merge/", {"other": twin.number, "keep": ada.number})

    assert len(office.get(f"{PAGE}{ada.number}/").context["scans"]) == 1
    assert office.get(PAGE, {"came": "yes"}).context["rows"] == [ada]


def test_the_api_merges(office, ada, twin):
    def merge(match, **said):
        return office.post(
            f"{API}{ada.number}/merge/", {"other": twin.number} | said,
            content_type="application/json", headers={"if-match": match},
        )  # fmt: skip

    stale = merge('"9"')
    merged = merge('"1"', take=["organization"], other_version=1)
    again = merge("*")

    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert merged.status_code == 200, merged.content
    assert merged.json()["organization"] == "Вторая"
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    other = office.get(f"{API}{twin.number}/").json()
    assert (other["status"], other["merged_into"]) == ("cancelled", ada.number)


def test_the_api_of_the_participant_follows(client, office, ada, twin):
    key = {"HTTP_AUTHORIZATION": f"Link {links.token(twin)}"}
    office.post(f"{PAGE}{ada.number}/merge/", {"other": twin.number, "keep": ada.number})

    assert client.get("/api/v1/my-registration/", **key).json()["number"] == ada.number
    stored = client.get(f"/r/{links.token(ada)}/data/").content.decode()
    assert "al@example.org" in stored


@pytest.mark.parametrize("others", [1, 3])
def test_the_page_of_hints_asks_the_same_number_of_questions(
    office, meeting, ada, others, django_assert_num_queries
):
    meeting.seats.seat_limit = 9
    meeting.seats.save()
    for n in range(others):
        make_registration(meeting=meeting, family_name="Лавлейс", email=f"{n}@example.org")

    with django_assert_num_queries(5):
        office.get(f"{PAGE}{ada.number}/merge/")
