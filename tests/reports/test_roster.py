"""Finding people in the list: by any spelling, by conditions, and why nobody is found."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from registrations import limits
from registrations.models import AttendanceMode, Registration, Seat, Status
from reports import overview, roster
from reports.templatetags import office
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration, make_user
from tests.reports.test_figures import let_in

pytestmark = pytest.mark.django_db


def found(meeting, query: str) -> list[str]:
    asked = roster.RosterFilter(QueryDict(query), meeting=meeting)
    return [person.family_name for person in asked.people]


@pytest.mark.parametrize(
    "typed",
    [
        "Ёлкин",
        "елкин",  # ё and е are one letter to whoever searches
        "`krby",  # the wrong keyboard layout
        "elkin",  # Latin letters
        "елк пёт",  # beginnings of words, in any order
        "пётр ёлкин",
        "заречный",  # the organization
        "jolka@example",  # the e-mail
    ],
)
def test_a_person_is_found_as_people_type(typed):
    meeting = make_meeting()
    make_registration(
        meeting=meeting,
        family_name="Ёлкин",
        given_name="Пётр",
        organization="Парк «Заречный»",
        email="jolka@example.org",
    )
    make_registration(meeting=meeting, family_name="Соколова", given_name="Анна")

    assert found(meeting, f"q={typed}") == ["Ёлкин"]


def test_a_person_is_found_by_the_number_as_it_is_said():
    meeting = make_meeting()
    person = make_registration(meeting=meeting, family_name="Ёлкин")
    make_registration(meeting=meeting)

    assert found(meeting, f"q={person.spoken_number}") == ["Ёлкин"]
    assert found(meeting, f"q={person.number}") == ["Ёлкин"]


def test_signs_that_mean_something_to_the_database_mean_nothing_here():
    meeting = make_meeting()
    make_registration(meeting=meeting)

    assert found(meeting, "q=%25") == []
    assert found(meeting, "q=_") == []


def test_conditions_narrow_the_list():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting, family_name="Первый")
    make_registration(meeting=meeting, family_name="Ждущий", status=Status.WAITLISTED)
    make_registration(meeting=meeting, family_name="Прессов", category_code="press", email="")

    assert found(meeting, "status=waitlisted") == ["Ждущий"]
    assert found(meeting, "category=press") == ["Прессов"]
    assert found(meeting, "more=no_email") == ["Прессов"]
    assert found(meeting, "region=none&status=confirmed") == ["Первый", "Прессов"]
    assert found(meeting, "status=nonsense") == ["Ждущий", "Первый", "Прессов"]


def test_who_came_is_found_and_shown_with_the_time_of_the_first_entry(client):
    meeting = make_meeting(seat_limit=None)
    let_in(make_registration(meeting=meeting, family_name="Ёлкин"), at=meeting.starts_at)
    make_registration(meeting=meeting, family_name="Соколова")
    client.force_login(meeting.owners.get())
    # Views read the clock: the meeting was yesterday, whatever day it is.
    shift = timezone.now() - timedelta(days=1) - meeting.starts_at
    meeting.starts_at, meeting.ends_at = meeting.starts_at + shift, meeting.ends_at + shift
    meeting.save(update_fields=["starts_at", "ends_at"])

    page = client.get(reverse("manage-participants", args=[meeting.slug]), {"lang": "ru"})

    assert found(meeting, "came=yes") == ["Ёлкин"]
    assert found(meeting, "came=no") == ["Соколова"]
    assert "26 мая, 15:00" in page.text


def test_namesakes_are_found_as_perhaps_twice():
    meeting = make_meeting(seat_limit=None)
    for email in ("a@example.org", "b@example.org"):
        make_registration(
            meeting=meeting, family_name="Ли", given_name="Ян", patronymic="", email=email
        )
    make_registration(meeting=meeting, family_name="Иванов")

    assert found(meeting, "more=twins") == ["Ли", "Ли"]


def test_a_namesake_in_another_category_or_meeting_and_erased_names():
    meeting, other = make_meeting(seat_limit=None), make_meeting(seat_limit=None)
    same = {"family_name": "Ли", "given_name": "Ян", "patronymic": ""}
    make_registration(meeting=meeting, email="a@example.org", **same)
    make_registration(meeting=other, email="a@example.org", **same)
    assert found(meeting, "more=twins") == []

    make_registration(meeting=meeting, email="b@example.org", category_code="press", **same)
    assert found(meeting, "more=twins&category=press") == ["Ли"]

    Registration.objects.update(name_key="")
    assert found(meeting, "more=twins") == []


def test_an_empty_list_says_which_condition_hides_whom(client):
    meeting = make_meeting()
    make_registration(meeting=meeting, family_name="Ёлкин")
    client.force_login(meeting.owners.get())

    asked = roster.RosterFilter(QueryDict("q=ёлкин&status=declined"), meeting=meeting)
    page = client.get(
        reverse("manage-participants", args=[meeting.slug]),
        {"q": "ёлкин", "status": "declined"},
        headers={"accept-language": "en"},
    )

    assert [(line["value"], line["count"]) for line in asked.hidden_by()] == [
        (str(Status.DECLINED.label), 1),
        ("ёлкин", 0),
    ]
    assert "Nobody fits all of this" in page.text
    assert "without it 1 person" in page.text


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_with_more_people(client, count, django_assert_num_queries):
    meeting = make_meeting(seat_limit=None)
    for _number in range(count):
        make_registration(meeting=meeting)
    client.force_login(meeting.owners.get())

    with django_assert_num_queries(13):
        answer = client.get(reverse("manage-participants", args=[meeting.slug]))

    assert answer.status_code == 200


def test_the_overview_counts_free_seats_as_registration_does():
    meeting = make_meeting(seat_limit=4, format="hybrid")
    make_registration(meeting=meeting)
    make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE, seat=Seat.NONE)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    wish = limits.Wish(reserve=2, reserved_until=NOON + timedelta(days=5))
    limits.change(meeting=meeting, target=kaluga, wish=wish, at=NOON, by=ORGANIZER)

    numbers = overview.numbers(meeting)

    assert (numbers.confirmed, numbers.room.left) == (2, 1)


def test_every_letter_has_a_title_until_it_is_rendered():
    templates = Path(settings.BASE_DIR, "registrations/templates/registrations/mail")

    letters = {path.name.partition(".")[0] for path in templates.glob("*.subject.txt")}

    # A trial is one of the others, sent to the organizer himself.
    assert letters | {"trial"} == set(office.MAILS)


@pytest.mark.parametrize("count", [1, 3])
def test_the_overview_costs_the_same_with_more_people(client, count, django_assert_num_queries):
    start = timezone.now() + timedelta(days=9)
    meeting = make_meeting(seat_limit=None, starts_at=start, ends_at=start + timedelta(hours=3))
    for _number in range(count):
        make_registration(meeting=meeting)
    client.force_login(meeting.owners.get())

    with django_assert_num_queries(17):
        answer = client.get(reverse("manage-overview", args=[meeting.slug]))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("visitor", "посетитель"),
        ("participant 3407950", "участник"),
        ("registration:17", "участник"),
        ("Yavka", "автоматически"),
        ("desk: 2", "desk: 2"),
        ("olga@example.org", "olga@example.org"),
    ],
)
def test_whoever_acted_is_named_in_the_language_of_the_page(who, shown):
    assert office.actor(who) == shown


@pytest.mark.parametrize("page", ["manage-overview", "manage-participants"])
def test_the_page_is_titled_in_the_language_of_the_reader(client, page):
    meeting = make_meeting()
    client.force_login(meeting.owners.get())

    answer = client.get(reverse(page, args=[meeting.slug]), {"lang": "en"})

    assert "— Meeting of parks" in answer.text


def test_pages_of_the_list_keep_the_question(client):
    meeting = make_meeting(seat_limit=None)
    for _number in range(51):
        make_registration(meeting=meeting)
    client.force_login(meeting.owners.get())

    answer = client.get(reverse("manage-participants", args=[meeting.slug]), {"status": "live"})

    assert 'href="?status=live&amp;page=2"' in answer.text


def test_the_list_is_of_one_meeting():
    meeting, other = make_meeting(owner=make_user()), make_meeting()
    make_registration(meeting=other, family_name="Чужой")

    assert found(meeting, "") == []
    assert Registration.objects.count() == 1
