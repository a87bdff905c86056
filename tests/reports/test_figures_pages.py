"""The figure's pages and API: who sees them, what looks and what acts."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts import bearer, journal
from accounts.models import JournalEntry
from events import access
from events.models import Purpose
from reports.models import FrozenFigure
from tests.factories import NOON, make_meeting, make_registration, make_user
from tests.reports.test_figures import let_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def meeting(owner):
    now = timezone.now()
    meeting = make_meeting(
        owner=owner, seat_limit=None, starts_at=now, ends_at=now + timedelta(hours=3)
    )
    make_registration(meeting=meeting, region=meeting.region_set.regions.get(code="RU-KLU"))
    return meeting


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    return client


def press_link(meeting, **overrides):
    fields = {"label": "Пресс-служба", "at": NOON, "expires_at": timezone.now() + timedelta(days=9)}
    return access.issue(meeting=meeting, purpose=Purpose.PRESS, **fields | overrides)


def path(link) -> str:
    return urlsplit(access.url(link)).path


def page_of(meeting) -> str:
    return reverse("manage-figures", args=[meeting.slug])


def api_of(meeting) -> str:
    return reverse("api-figures", args=[meeting.slug])


def test_the_office_page_says_the_sentence_in_both_languages(office, meeting):
    page = office.get(page_of(meeting)).content.decode()

    assert "Участие в совещании подтвердил 1 человек." in page
    assert "1 person is confirmed." in page
    assert "На входе пока никто не отмечен; показаны подтверждённые." in page


def test_before_the_day_nobody_took_part_whatever_was_scanned(office, client, owner):
    starts_at = timezone.now() + timedelta(days=4)
    meeting = make_meeting(owner=owner, starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
    let_in(make_registration(meeting=meeting), at=timezone.now())

    for address in (page_of(meeting), path(press_link(meeting))):
        page = office.get(address + "?basis=checked_in").content.decode()
        assert "Участие в совещании подтвердил 1 человек." in page
        assert "?basis=checked_in&amp;style" not in page
        assert "На входе пока никто не отмечен" not in page
    live = office.get(api_of(meeting) + "?basis=checked_in").json()
    assert live["basis"] == "confirmed"

    answer = office.post(page_of(meeting), {"basis": "checked_in"}, follow=True)
    assert "День мероприятия ещё не наступил" in answer.content.decode()
    assert not FrozenFigure.objects.exists()


def test_strangers_see_no_figures(client, meeting):
    assert client.get(page_of(meeting)).status_code == 302
    client.force_login(make_user())

    for name in ("manage-figures", "manage-figures-table", "api-figures"):
        assert client.get(reverse(name, args=[meeting.slug])).status_code == 404
    assert client.post(page_of(meeting), {"basis": "confirmed"}).status_code == 404
    assert not FrozenFigure.objects.exists()


@pytest.mark.parametrize("more", [0, 2])
def test_the_office_page_takes_the_same_queries_for_one_and_three(
    office, meeting, more, django_assert_num_queries
):
    for _ in range(more):
        make_registration(meeting=meeting)
    office.post(page_of(meeting), {"basis": "confirmed"})

    # Session, user, meeting; categories, regions; anybody in?; the count; what was published.
    with django_assert_num_queries(8):
        office.get(page_of(meeting))


def test_asking_for_a_basis_shows_it(office, meeting):
    page = office.get(page_of(meeting) + "?basis=registered").content.decode()

    assert "На совещание зарегистрирован 1 человек." in page


def test_to_look_freezes_nothing(office, client, meeting):
    link = press_link(meeting)
    office.get(page_of(meeting) + "?basis=confirmed")
    client.get(path(link) + "?basis=confirmed")
    client.get(path(link) + "figures.xlsx")
    client.head(path(link))

    assert not FrozenFigure.objects.exists()
    link.refresh_from_db()
    assert link.last_used_at is None


def test_the_organizer_freezes(office, meeting, owner):
    answer = office.post(page_of(meeting), {"basis": "confirmed", "style": "exact"}, follow=True)

    figure = FrozenFigure.objects.get()
    assert figure.frozen_by == owner.email
    assert figure.sha256[:12] in answer.content.decode()
    assert "без изменений" in answer.content.decode()


def test_a_changed_figure_says_so(office, meeting):
    office.post(page_of(meeting), {"basis": "confirmed"})
    make_registration(meeting=meeting)

    assert "человек 1 → 2" in office.get(page_of(meeting)).content.decode()


def test_an_unknown_basis_is_not_frozen(office, meeting):
    assert office.post(page_of(meeting), {"basis": "guessed"}).status_code == 400


def test_press_freezes_through_the_link(client, meeting):
    link = press_link(meeting)

    answer = client.post(path(link), {"basis": "confirmed", "style": "exact"})

    assert answer.status_code == 302
    assert FrozenFigure.objects.get().frozen_by == "Пресс-служба"
    assert JournalEntry.objects.get(action="figure.frozen").via == "link"
    link.refresh_from_db()
    assert link.last_used_at is not None


def test_the_press_page_names_the_host_and_no_person(client, meeting):
    page = client.get(path(press_link(meeting))).content.decode()

    assert "Ассоциация парков (демо)" in page
    assert "Yavka" not in page
    assert meeting.registrations.get().family_name not in page


def test_press_links_of_strangers_expired_and_revoked(client, meeting):
    expired = press_link(meeting, expires_at=timezone.now() - timedelta(minutes=1))
    revoked = press_link(meeting)
    access.revoke(link=revoked, at=NOON, by=journal.SYSTEM)
    desk = access.issue(
        meeting=meeting, purpose=Purpose.DESK, label="1", at=NOON,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    desks_token = access.url(desk).rstrip("/").rpartition("/")[2]

    for address, status in [
        (path(expired), 410),
        (path(revoked), 404),
        (reverse("press", args=["a" * 32]), 404),
        (reverse("press", args=[desks_token]), 404),
    ]:
        assert client.get(address).status_code == status
        assert client.get(address + "figures.xlsx").status_code == status
        assert client.post(address, {"basis": "confirmed"}).status_code == status
    assert not FrozenFigure.objects.exists()


def test_the_tables_as_a_spreadsheet(client, meeting):
    answer = client.get(path(press_link(meeting)) + "figures.xlsx?basis=confirmed")

    book = load_workbook(BytesIO(answer.content))
    assert book.sheetnames == ["Итог", "Регионы", "Категории"]
    rows = [[cell.value for cell in row] for row in book["Регионы"]]
    assert rows[0] == ["Округ", "Регион", "Человек", "Регионы"]
    assert rows[-1] == ["Всего", None, 1, 1]
    assert sum(row[2] for row in rows[1:-1] if row[1] is None) == 1


def test_the_api_counts_and_freezes(client, meeting, owner):
    _token, clear = bearer.issue(user=owner, label="test", at=NOON)
    headers = {"authorization": f"Bearer {clear}"}

    live = client.get(api_of(meeting), headers=headers).json()
    frozen = client.post(
        api_of(meeting), {"basis": "confirmed"}, content_type="application/json", headers=headers
    )

    assert live["basis"] == "confirmed"
    assert live["numbers"] == {
        "people": 1, "ministries": 0, "regions": 1, "countries": 0, "organizations": 1,
        "without_region": 0,
    }  # fmt: skip
    assert live["sentences"]["en"].startswith("1 person is confirmed.")
    assert live["districts"][0]["here"] == [
        {"code": "RU-KLU", "name": "Калужская обл.", "people": 1}
    ]
    assert (frozen.status_code, frozen.json()["numbers"]["people"]) == (201, 1)
    assert client.get(api_of(meeting), headers=headers).json()["published"] == [frozen.json()]


def test_the_api_refuses_in_its_own_words(client, owner):
    _token, clear = bearer.issue(user=owner, label="test", at=NOON)
    headers = {"authorization": f"Bearer {clear}"}
    empty = make_meeting(
        owner=owner, starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=3)
    )

    refused = client.post(
        api_of(empty), {"basis": "checked_in"}, content_type="application/json", headers=headers
    )
    unknown = client.get(api_of(empty) + "?basis=guessed", headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_freeze")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/basis")
    assert client.get(api_of(empty)).status_code == 401


@pytest.mark.parametrize("more", [0, 2])
def test_the_api_takes_the_same_queries_for_one_and_three(
    client, meeting, owner, more, django_assert_num_queries
):
    for _ in range(more):
        make_registration(meeting=meeting)
    _token, clear = bearer.issue(user=owner, label="test", at=NOON)

    with django_assert_num_queries(7):
        client.get(api_of(meeting), headers={"authorization": f"Bearer {clear}"})
