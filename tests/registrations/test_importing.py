"""People from a table: looked at first, then all of them on the list, or none."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Approval
from notifications.models import Message
from registrations import importing, seats
from registrations.models import ImportRun, Registration, SeatLimit, Source, Status
from tests.factories import (
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
    make_user,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def bring(meeting, *applications, at=NOON, **options):
    options = {"skips_review": True, "is_told": True} | options
    return importing.bring(
        meeting=meeting, applications=applications, at=at, by=ORGANIZER, **options
    )


def test_rows_take_seats_in_their_order_and_the_rest_stand_in_line():
    meeting = make_meeting(seat_limit=2)

    brought = bring(meeting, *[make_application(meeting) for _ in range(3)])

    assert [one.status for one in brought] == ["confirmed", "confirmed", "waitlisted"]
    assert {one.source for one in brought} == {Source.IMPORT}
    assert Message.objects.count() == 3
    assert seats.audit(meeting.pk) == {}


def test_one_row_that_cannot_be_brought_keeps_all_out():
    meeting = make_meeting(seat_limit=9)
    known = make_application(meeting)
    bring(meeting, known)

    with pytest.raises(importing.RowRefused) as refusal:
        bring(meeting, make_application(meeting), known)

    assert (refusal.value.code, refusal.value.facts["row"]) == ("already_registered", 2)
    assert Registration.objects.count() == 1
    assert SeatLimit.objects.get(whole=meeting).taken == 1


def test_without_seats_and_line_nobody_is_brought():
    meeting = make_meeting(seat_limit=1, has_waiting_list=False)

    with pytest.raises(importing.RowRefused) as refusal:
        bring(meeting, make_application(meeting), make_application(meeting))

    assert (refusal.value.code, refusal.value.facts["row"]) == ("meeting_full", 2)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(("skips_review", "status"), [(True, "confirmed"), (False, "pending")])
def test_where_the_organizer_approves_it_is_said_whether_they_are(skips_review, status):
    meeting = make_meeting(approval=Approval.MANUAL)

    [one] = bring(meeting, make_application(meeting), skips_review=skips_review)

    assert one.status == status


def test_nobody_is_told_where_that_was_not_wanted():
    meeting = make_meeting()

    bring(meeting, make_application(meeting), is_told=False)

    assert not Message.objects.exists()


def test_a_meeting_that_is_over_takes_nobody():
    meeting = make_meeting()

    with pytest.raises(importing.ListClosed):
        bring(meeting, make_application(meeting), at=meeting.ends_at)


def test_the_same_table_twice_at_once_is_brought_once():
    for _ in range(20):
        meeting = make_meeting(seat_limit=9)
        rows = [make_application(meeting) for _ in range(3)]

        results = at_once(*[lambda m=meeting, r=rows: bring(m, *r)] * 2)

        assert sum(isinstance(one, importing.RowRefused) for one in results) == 1
        assert Registration.objects.filter(meeting=meeting).count() == 3
        assert seats.audit(meeting.pk) == {}


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


PAGE = "/manage/parks/participants/import/"
TERMS = {"category": "member", "language": "ru", "skips_review": "on", "is_told": "on"}
HEADINGS = "ФИО;Организация;Должность;Регион;Категория;Телефон;E-mail"


def test_a_secretary_pastes_a_table_looks_and_saves(office, meeting):
    rows = (
        f"{HEADINGS}\nО’Коннор-Смит Шон;Парк;Эксперт;Калужская область;Guest;+7 900 000-00-00;"
        "shon@example.org\nСоловьёва Анна Петровна;Минпром;;bdfyjdj;;;\n"
    )

    looked = office.post(PAGE, TERMS | {"rows": rows}).content.decode()
    assert "is no region of the list" in looked
    assert not Registration.objects.exists()
    rows = rows.replace("bdfyjdj", "Приморье")
    done = office.post(PAGE, TERMS | {"rows": rows, "save": "1"}, follow=True).content.decode()

    assert "2 people are on the list." in done
    people = Registration.objects.order_by("pk").values_list(
        "family_name", "given_name", "region__code", "category__code", "source", "status"
    )
    assert list(people) == [
        ("О’Коннор-Смит", "Шон", "RU-KLU", "guest", "import", "confirmed"),
        ("Соловьёва", "Анна", "RU-PRI", "member", "import", "confirmed"),
    ]


def test_what_looks_like_a_formula_is_refused_in_words(office, meeting):
    looked = office.post(PAGE, TERMS | {"rows": '=HYPERLINK("x")\tПарк', "save": "1"})

    assert "cannot stand here" in looked.content.decode()
    assert not Registration.objects.exists()


def test_two_hundred_rows_are_looked_at_with_few_queries(office, django_assert_max_num_queries):
    letters = "абвгдежзик"
    rows = "\n".join(f"Иванов{a}{b} Пётр\tКалужская область" for a in letters for b in letters * 2)
    fields = TERMS | {"rows": rows, "column": ["name", "region"]}

    with django_assert_max_num_queries(12):
        looked = office.post(PAGE, fields)

    assert "200 rows" in looked.content.decode()
    more = office.post(PAGE, fields | {"rows": rows + "\nЛи Ян\tПриморье"})
    assert more.status_code == 303
    assert ImportRun.objects.get().total == 201


def test_whoever_is_on_the_list_or_stands_twice_is_named(office, meeting):
    make_registration(
        meeting=meeting, family_name="Ли", given_name="Ян", patronymic="", email="li@example.org"
    )
    rows = "Ли Ян\tli@example.org\nКим Ен\tkim@example.org\nКим Ен\tkim@example.org"

    looked = office.post(PAGE, TERMS | {"rows": rows, "save": "1"}).content.decode()

    assert "This person is on the list already." in looked
    assert "The same as row 2." in looked
    assert Registration.objects.get().status == Status.CONFIRMED


def test_a_stranger_brings_nobody(meeting):
    stranger = Client()
    stranger.force_login(make_user())

    assert stranger.post(PAGE, TERMS | {"rows": "Ли Ян", "save": "1"}).status_code == 404
