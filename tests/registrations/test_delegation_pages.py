"""The page of a delegation's head, and the organizer's page of delegations."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from registrations.delegations import keys
from registrations.models import Delegation, Registration, SeatLimit, Status
from tests.factories import make_consent, make_delegation, make_meeting, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def delegation(meeting):
    make_consent(meeting)
    return make_delegation(meeting, name="Калужская область", quota=3, language="en")


@pytest.fixture
def head():
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


def page(delegation, path=""):
    return f"/d/{keys.token(delegation)}/{path}"


PERSON = {"name": "Иванов Пётр Ильич", "organization": "Минпром", "position": "Эксперт",
          "email": "ivanov@example.org", "role": "head", "agreed": "1"}  # fmt: skip


def test_a_head_adds_a_person_in_four_fields(head, delegation):
    answer = head.post(page(delegation, "add/"), PERSON, follow=True)

    person = Registration.objects.get()
    assert (person.family_name, person.given_name, person.patronymic) == ("Иванов", "Пётр", "Ильич")
    assert (person.region.code, person.delegation_role) == ("RU-KLU", "head")
    assert person.submitted_by_name == "Мария Котова"
    said = answer.content.decode()
    assert "1 of 3 places" in said
    assert "Иванов Пётр Ильич" in said
    assert "mail to ivanov@example.org is on its way" in said


def test_without_the_box_nobody_is_added_and_nothing_is_lost(head, delegation):
    answer = head.post(page(delegation, "add/"), PERSON | {"agreed": ""})

    assert answer.status_code == 422
    assert "Say that these people agreed" in answer.content.decode()
    assert "Иванов Пётр Ильич" in answer.content.decode()
    assert not Registration.objects.exists()


def test_pasted_rows_are_looked_at_before_they_are_saved(head, delegation):
    rows = "ФИО\tОрганизация\tE-mail\nЛи Ян\tПарк\tli@example.org\nСоловьёва Анна\tПарк\tanna"

    looked = head.post(page(delegation, "paste/"), {"rows": rows})
    refused = head.post(page(delegation, "paste/"), {"rows": rows, "save": "1", "agreed": "1"})

    assert "This address is mistyped" in looked.content.decode()
    assert 'value="name" selected' in looked.content.decode()
    assert refused.status_code == 200
    assert not Registration.objects.exists()


def test_pasted_rows_are_saved_all_together(head, delegation):
    rows = "1\tЛи\tЯн\t\tПарк\tli@example.org\n2\tСоловьёва\tАнна\tПетровна\tПарк\tanna@example.org"

    answer = head.post(
        page(delegation, "paste/"), {"rows": rows, "save": "1", "agreed": "1"}, follow=True
    )

    assert "2 of 3 places" in answer.content.decode()
    assert sorted(Registration.objects.values_list("family_name", "patronymic")) == [
        ("Ли", ""), ("Соловьёва", "Петровна"),
    ]  # fmt: skip


def test_more_rows_than_places_are_refused_as_a_whole(head, delegation):
    rows = "\n".join(f"Петрова{letter} Анна" for letter in "абвг")

    answer = head.post(page(delegation, "paste/"), {"rows": rows, "save": "1", "agreed": "1"})

    assert answer.status_code == 422
    assert "Row 4: All 3 places of the delegation are taken" in answer.content.decode()
    assert not Registration.objects.exists()


def test_a_row_of_somebody_on_the_list_says_so(head, delegation):
    head.post(page(delegation, "add/"), PERSON)

    answer = head.post(
        page(delegation, "paste/"), {"rows": "Иванов Пётр Ильич\tivanov@example.org\nЛи Ян\t\n"}
    )

    assert "This person is on the list already." in answer.content.decode()


def test_a_head_replaces_somebody(head, delegation):
    head.post(page(delegation, "add/"), PERSON)
    leaver = Registration.objects.get()
    path = page(delegation, f"{leaver.number}/replace/")

    shown = head.get(path)
    done = head.post(path, PERSON | {"name": "Ли Ян", "email": "li@example.org"}, follow=True)

    assert "Instead of Иванов Пётр Ильич" in shown.content.decode()
    assert "instead of Иванов Пётр Ильич" in done.content.decode()
    assert Registration.objects.get(status=Status.CONFIRMED).replaces == leaver


def test_a_head_removes_somebody_after_being_asked(head, delegation):
    head.post(page(delegation, "add/"), PERSON)
    person = Registration.objects.get()
    path = page(delegation, f"{person.number}/remove/")

    assert head.get(path).status_code == 200
    assert Registration.objects.get().is_live
    head.post(path)

    assert Registration.objects.get().status == Status.CANCELLED
    assert Message.objects.get(kind="cancelled").snapshot["by_head"] == "Мария Котова"


def test_a_head_corrects_an_address_and_marks_roles(head, delegation):
    head.post(page(delegation, "add/"), PERSON)
    person = Registration.objects.get()

    head.post(page(delegation, f"{person.number}/address/"), {"email": "right@example.org"})
    head.post(page(delegation, f"{person.number}/role/"), {"role": "driver"})

    person.refresh_from_db()
    assert (person.email, person.delegation_role) == ("right@example.org", "driver")


def test_nobody_comes_is_said_on_the_page(head, delegation):
    answer = head.post(page(delegation, "nobody/"), follow=True)

    assert "you said that nobody comes" in answer.content.decode()


def test_the_list_can_be_printed(head, delegation):
    head.post(page(delegation, "add/"), PERSON)

    assert "Иванов Пётр Ильич" in head.get(page(delegation, "list/")).content.decode()


def test_the_box_stays_ticked_when_something_else_is_wrong(head, delegation):
    wrong = head.post(page(delegation, "add/"), PERSON | {"email": "кривой@"}).content.decode()

    assert 'name="agreed" value="1" checked' in wrong
    assert "have agreed to обработку данных" in " ".join(wrong.split())
    assert 'value="1" checked' not in head.get(page(delegation)).content.decode()


def test_whoever_is_on_the_list_already_is_not_said_to_be_a_wrong_field(head, delegation):
    head.post(page(delegation, "add/"), PERSON)

    again = head.post(page(delegation, "add/"), PERSON).content.decode()

    assert "That did not work" in again
    assert "Check 1 field" not in again


def test_the_head_sees_who_is_not_on_the_list_any_more(head, office, delegation):
    for name in ("Ли Ян", "Ким Ен", "Пак Су"):
        head.post(page(delegation, "add/"), PERSON | {"name": name, "email": "", "role": "expert"})
    declined, cancelled, replaced = Registration.objects.order_by("pk")
    path = f"/manage/parks/participants/{declined.number}/step/"
    office.post(path, {"step": "decline", "reason": "Мест нет", "shows_reason": "on"})
    head.post(page(delegation, f"{cancelled.number}/remove/"))
    head.post(page(delegation, f"{replaced.number}/replace/"), PERSON)

    shown = head.get(page(delegation)).content.decode()

    _list, _heading, gone = shown.partition("Not on the list any more")
    gone = gone.partition("</section>")[0]
    assert "Ли Ян" in gone
    assert "Мест нет" in gone
    assert "Ким Ен" in gone
    assert "Пак Су" not in gone
    assert "tell the person yourself" in gone
    for one in (declined, cancelled):
        office.post(f"/manage/parks/participants/{one.number}/erase/")
    assert "Not on the list any more" not in head.get(page(delegation)).content.decode()


def test_rows_for_a_full_list_are_told_so_before_they_are_saved(head, delegation):
    for name in ("Ли Ян", "Ким Ен"):
        head.post(page(delegation, "add/"), PERSON | {"name": name, "role": "expert"})
    rows = {"rows": "Пак Су\nЮ Лин"}
    one_left = head.post(page(delegation, "paste/"), rows).content.decode()
    head.post(page(delegation, "add/"), PERSON | {"name": "Цой Ир", "role": "expert"})

    full = head.post(page(delegation, "paste/"), rows).content.decode()
    saved = head.post(page(delegation, "paste/"), rows | {"save": "1", "agreed": "1"})

    assert "Only 1 place is left." in one_left
    assert "No place is left: replace or remove somebody first." in full
    assert saved.status_code == 422
    assert Registration.objects.count() == 3


def test_what_a_row_says_of_the_role_is_seen_before_it_is_saved(head, delegation):
    rows = "ФИО\tРоль\nЛи Ян\tзам. рук.\nКим Ен\tпереводчик\n"

    looked = head.post(page(delegation, "paste/"), {"rows": rows}).content.decode()

    assert looked.count("deputy head") == 1
    assert looked.count("expert</td>") == 1


@pytest.mark.parametrize("path", ["", "paste/", "list/"])
def test_looking_changes_nothing(head, delegation, path):
    before = Delegation.objects.values().get()

    answer = head.get(page(delegation, path))

    assert answer.status_code == 200
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert Delegation.objects.values().get() == before


def test_a_link_opens_its_own_delegation_only(head, meeting, delegation):
    other = make_delegation(meeting, name="Тула", region=None)
    head.post(page(other, "add/"), PERSON)
    stranger = Registration.objects.get()

    for path in ("replace/", "remove/", "role/", "address/"):
        answer = head.post(
            page(delegation, f"{stranger.number}/{path}"), PERSON | {"role": "driver"}
        )
        assert answer.status_code == 404
    assert "Иванов" not in head.get(page(delegation)).content.decode()
    stranger.refresh_from_db()
    assert (stranger.status, stranger.delegation_role) == ("confirmed", "head")


def test_a_renewed_or_unknown_link_opens_nothing(head, office, delegation):
    old = page(delegation)
    office.post(f"/manage/parks/delegations/{delegation.uid}/step/", {"step": "renew"})

    assert head.get(old).status_code == 404
    assert head.get("/d/abcdefghijklmnopqrstuvwxyz234567/").status_code == 404


def test_the_list_costs_the_same_number_of_queries_for_one_and_three(
    head, delegation, django_assert_num_queries
):
    for count, names in enumerate((["Ли Ян"], ["Ким Ен", "Пак Су"])):
        for name in names:
            head.post(page(delegation, "add/"), PERSON | {"name": name, "role": "expert"})
        assert Registration.objects.count() == 1 + 2 * count
        with django_assert_num_queries(7):
            head.get(page(delegation))


OFFICE = "/manage/parks/delegations/"


def test_an_organizer_opens_changes_asks_and_removes(office, meeting):
    office.post(OFFICE, {"region": "RU-PRI", "head_email": "pri@example.org", "quota": "4",
                         "category": "member", "language": "ru"})  # fmt: skip
    made = Delegation.objects.get()
    path = f"{OFFICE}{made.uid}/"

    shown = office.get(path)
    office.post(f"{path}step/", {"step": "ask"})
    office.post(path, {"region": "RU-PRI", "name": "Приморье", "head_email": "pri@example.org",
                       "quota": "5", "category": "member", "language": "ru",
                       "version": "1"})  # fmt: skip

    assert made.name == "Приморский край"
    assert keys.url(made) in shown.content.decode()
    assert Message.objects.get().kind == "delegation_opened"
    made.refresh_from_db()
    assert (made.name, SeatLimit.objects.get(delegation=made).seat_limit) == ("Приморье", 5)
    office.post(f"{path}step/", {"step": "remove"})
    assert not Delegation.objects.exists()


def test_one_for_each_region_in_one_click(office, meeting):
    answer = office.post(f"{OFFICE}regions/", {"quota": "3", "category": "member"}, follow=True)

    assert "3 delegations opened." in answer.content.decode()
    assert "0 of 3 have answered" in answer.content.decode()


def test_a_list_of_heads_is_pasted(office, meeting):
    rows = ("Регион\tРуководитель\tПочта\tМест\n"
            "Калужская область\tКотова Мария\tkotova@example.org\t4\n"
            "Союз парков\tЛи Ян\tli@example.org\n")  # fmt: skip
    fields = {"rows": rows, "quota": "2", "category": "member"}

    looked = office.post(f"{OFFICE}paste/", fields)
    assert not Delegation.objects.exists()
    office.post(f"{OFFICE}paste/", fields | {"save": "1"})

    assert "Open 2 delegations" in looked.content.decode()
    assert sorted(Delegation.objects.values_list(
        "name", "region__code", "head_name", "head_email", "places__seat_limit"
    )) == [
        ("Калужская область", "RU-KLU", "Котова Мария", "kotova@example.org", 4),
        ("Союз парков", None, "Ли Ян", "li@example.org", 2),
    ]  # fmt: skip


def test_one_for_each_region_is_filled_with_heads_afterwards(office, meeting):
    office.post(f"{OFFICE}regions/", {"quota": "3", "category": "member"})
    rows = ("Регион;E-mail;Имя;Квота\nКалужская обл.;o'neil@example.org;О'Нил Шон;4\n"
            "Приморье;li@example.org;Ли Ян;\nСоюз парков;park@example.org;;2\n")  # fmt: skip
    fields = {"rows": rows, "quota": "9", "category": "member"}

    looked = office.post(f"{OFFICE}paste/", fields).content.decode()
    saved = office.post(f"{OFFICE}paste/", fields | {"send": "1"}, follow=True).content.decode()
    again = office.post(f"{OFFICE}paste/", fields | {"save": "1"}).content.decode()

    assert looked.count("fills the open one") == 2
    assert looked.count("opens a new one") == 1
    assert "Save and write to 3 heads" in looked
    assert "Only save: 1 to open, 2 to fill" in looked
    assert "1 delegation opened. Heads for 2 delegations. 3 heads are being written to." in saved
    assert sorted(Delegation.objects.exclude(head_email="").values_list(
        "region__code", "head_name", "head_email", "places__seat_limit"
    ), key=str) == [
        ("RU-KLU", "О'Нил Шон", "o'neil@example.org", 4),
        ("RU-PRI", "Ли Ян", "li@example.org", 3),
        (None, "", "park@example.org", 2),
    ]  # fmt: skip
    assert again.count("already.") == 3
    assert Message.objects.filter(kind="delegation_opened").count() == 3


def test_a_row_means_the_only_one_of_its_region_that_has_no_head(office, meeting):
    make_delegation(meeting, name="Правительство", head_name="", head_email="")
    fields = {"rows": "Калужская область\tli@example.org", "category": "member"}

    looked = office.post(f"{OFFICE}paste/", fields).content.decode()
    other = office.post(f"{OFFICE}paste/", fields | {
        "rows": "Регион\tНазвание\tПочта\nКалужская область\tЗаксобрание\tli@example.org"
    }).content.decode()  # fmt: skip
    make_delegation(meeting, name="Палата", head_name="", head_email="")
    unclear = office.post(f"{OFFICE}paste/", fields).content.decode()

    assert "Правительство" in looked
    assert "Fill 1 delegation" in looked
    for opens in (other, unclear):
        assert "Open 1 delegation" in opens


def test_a_row_that_says_nothing_fills_nothing(office, meeting):
    make_delegation(meeting, name="Калужская область", head_name="", head_email="")

    answer = office.post(
        f"{OFFICE}paste/", {"rows": "Калужская область", "category": "member", "quota": "5"}
    )

    assert "There is a delegation “Калужская область” already." in answer.content.decode()


def test_a_wrong_row_keeps_all_heads_out(office, meeting):
    fields = {"rows": "Калужская область\tнет@\nПриморье\tli@example.org", "category": "member"}

    answer = office.post(f"{OFFICE}paste/", fields | {"save": "1"})

    assert "is no e-mail address" in answer.content.decode()
    assert not Delegation.objects.exists()


def test_all_who_have_not_answered_are_written_to(office, meeting):
    for name in ("А", "Б", "В"):
        make_delegation(meeting, name=name)

    answer = office.post(f"{OFFICE}ask/", follow=True)

    assert "3 heads are being written to." in answer.content.decode()
    assert Message.objects.filter(kind="delegation_opened").count() == 3


def test_a_strangers_delegations_are_not_found(meeting, delegation):
    stranger = Client()
    stranger.force_login(make_user())

    for path in ("", f"{delegation.uid}/"):
        assert stranger.get(f"{OFFICE}{path}").status_code == 404


def test_the_office_lists_one_and_three_for_the_same_queries(
    office, meeting, django_assert_num_queries
):
    make_delegation(meeting)
    with django_assert_num_queries(11):
        office.get(OFFICE)
    make_delegation(meeting)
    make_delegation(meeting)
    with django_assert_num_queries(11):
        office.get(OFFICE)


def test_an_organizer_replaces_a_participant(office, head, delegation):
    head.post(page(delegation, "add/"), PERSON)
    leaver = Registration.objects.get()
    path = f"/manage/parks/participants/{leaver.number}/substitute/"

    shown = office.get(path)
    office.post(path, {"given_name": "Ян", "family_name": "Ли", "region": "RU-KLU",
                       "category": "member", "attendance_mode": "in_person",
                       "language": "ru"})  # fmt: skip

    newcomer = Registration.objects.get(status=Status.CONFIRMED)
    assert "Instead of Иванов Пётр Ильич" in shown.content.decode()
    assert (newcomer.replaces, newcomer.delegation) == (leaver, delegation)
    about = office.get(f"/manage/parks/participants/{newcomer.number}/").content.decode()
    assert "Калужская область" in about
    assert "Instead of" in about
