"""The lists for the pass desk in the office: closed by a button, compared, taken home."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import JournalEntry
from events.models import Meeting
from registrations import amending, booking, closing, erasure, pass_lists, substituting
from registrations.models import PassList, Registration
from reports import pass_desk
from tests.factories import (
    LINK,
    ORGANIZER,
    category,
    make_application,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def meeting():
    now = timezone.now()
    return make_meeting(seat_limit=9, starts_at=now + 7 * DAY, ends_at=now + 8 * DAY)


@pytest.fixture
def office(client, meeting):
    client.force_login(meeting.owners.get())
    return client


def url(name, meeting, *args):
    return reverse(f"manage-{name}", args=[meeting.slug, *args])


def close(meeting):
    return closing.close(meeting=meeting, at=timezone.now(), by=ORGANIZER)[0]


def take(meeting):
    return closing.take(meeting=meeting, at=timezone.now(), by=ORGANIZER)


def make_people(meeting, *families):
    return [
        make_registration(meeting=meeting, family_name=family, given_name="Ян", patronymic="")
        for family in families
    ]


def replace(registration, family):
    return substituting.substitute(
        registration=registration,
        application=make_application(
            registration.meeting, family_name=family, given_name="Ян", patronymic="",
            position="Заместитель директора",
        ),
        at=timezone.now(),
        by=ORGANIZER,
    )  # fmt: skip


def amend(registration, **changes):
    amending.amend(
        registration=registration,
        changes=changes,
        version=None,
        at=timezone.now(),
        by=ORGANIZER,
        as_organizer=True,
    )


def rows_of(answer, delimiter=";"):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_asking_says_what_it_means_and_changes_nothing(office, meeting):
    make_people(meeting, "Бобров", "Волков")
    make_registration(meeting=meeting, status="pending")

    page = office.get(url("lists-close", meeting)).content.decode()

    assert "2 подтверждённых участника сохраняются списком № 1." in page
    assert "1 заявка ещё не рассмотрена" in page
    meeting.refresh_from_db()
    assert meeting.edits_close_at is None
    assert not PassList.objects.exists()


def test_the_button_closes_and_keeps_list_one(office, meeting):
    make_people(meeting, "Бобров", "Волков")

    answer = office.post(
        url("lists-close", meeting),
        {"note": "Охране", "closes_registration": "on"},
        follow=True,
    )

    made = PassList.objects.get()
    assert (made.number, made.people, made.note) == (1, 2, "Охране")
    assert made.made_by == meeting.owners.get().email
    page = answer.content.decode()
    assert "Списки закрыты. Список № 1 сохранён." in page
    assert "Изменений нет." in page
    assert not Meeting.objects.get().takes_registrations(timezone.now())


def test_registration_may_stay_open(office, meeting):
    office.post(url("lists-close", meeting), {"note": ""})

    assert Meeting.objects.get().takes_registrations(timezone.now())


def test_pressed_twice_there_is_one_list(office, meeting):
    office.post(url("lists-close", meeting))

    page = office.post(url("lists-close", meeting), follow=True).content.decode()

    assert "Списки уже были закрыты. Последний — список № 1." in page
    assert PassList.objects.count() == 1


def test_the_page_tells_what_the_pass_desk_does_not_know(office, meeting):
    one, two, three = make_people(meeting, "Бобров", "Волков", "Гусев")
    close(meeting)
    replace(one, "Юдин")
    booking.cancel(registration=two, at=timezone.now(), by=LINK)
    amend(three, position="Министр")

    page = office.get(url("lists", meeting)).content.decode()

    assert "+1 −2 ~1" in page
    assert f'вместо: <span dir="auto">Бобров Ян, {one.spoken_number}</span>' in page
    assert "должность: Директор → Министр" in page
    assert "Сохранить как список № 2" in page


def test_the_amendment_is_taken_as_the_next_list(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    replace(one, "Юдин")

    page = office.post(url("lists-take", meeting), {"note": "в 18:00"}, follow=True)

    assert "Список № 2 сохранён." in page.content.decode()
    assert list(PassList.objects.of(meeting).values_list("number", "note")) == [
        (2, "в 18:00"),
        (1, ""),
    ]
    again = office.post(url("lists-take", meeting), follow=True).content.decode()
    assert "После списка № 2 ничего не изменилось." in again


def test_opening_again_asks_until_when(office, meeting):
    close(meeting)

    assert "Открыть списки снова?" in office.get(url("lists-reopen", meeting)).content.decode()
    past = office.post(url("lists-reopen", meeting), {"until": "2020-01-24T10:00"})
    assert past.status_code == 422
    assert "момент ещё не наступил" in past.content.decode()
    page = office.post(url("lists-reopen", meeting), {"until": ""}, follow=True).content.decode()

    assert "Списки снова открыты." in page
    assert Meeting.objects.get().takes_edits(timezone.now())


def test_the_amendment_as_a_file_has_the_columns_of_the_pass_desk(office, meeting):
    one, two, three, four = make_people(meeting, "Бобров", "Волков", "Гусев", "Дроздов")
    close(meeting)
    deputy = replace(one, "Юдин")
    second = replace(two, "Адамов")
    booking.cancel(registration=three, at=timezone.now(), by=LINK)
    amend(
        four,
        category=category(meeting, "guest"),
        region=meeting.region_set.regions.get(code="RU-KLU"),
    )

    found = rows_of(office.post(url("list-changes-file", meeting, 1, "csv")))

    company, boss, member = "АО «Северный берег»", "Директор", category(meeting).name
    assert found == [
        ["Номер", "Фамилия", "Имя", "Отчество", "Организация", "Должность", "Регион", "Категория",
         "Изменение", "Вместо кого"],
        [second.number, "Адамов", "Ян", "", company, "Заместитель директора", "", member,
         "добавить", f"Волков Ян, {two.number}"],
        [one.number, "Бобров", "Ян", "", company, boss, "", member,
         f"исключить (замена: Юдин Ян, {deputy.number})", ""],
        [two.number, "Волков", "Ян", "", company, boss, "", member,
         f"исключить (замена: Адамов Ян, {second.number})", ""],
        [three.number, "Гусев", "Ян", "", company, boss, "", member, "исключить", ""],
        [four.number, "Дроздов", "Ян", "", company, boss, "Калужская область", "Гость",
         f"изменить: регион: — → Калужская область; категория: {member} → Гость", ""],
        [deputy.number, "Юдин", "Ян", "", company, "Заместитель директора", "", member,
         "добавить", f"Бобров Ян, {one.number}"],
    ]  # fmt: skip


def test_a_list_as_a_file_marks_what_is_new_in_it(office, meeting):
    one, two = make_people(meeting, "Бобров", "Волков")
    close(meeting)
    deputy = replace(one, "Юдин")
    take(meeting)

    first = rows_of(office.post(url("list-file", meeting, 1, "csv")))
    second = rows_of(office.post(url("list-file", meeting, 2, "csv")))

    def brief(rows):
        return [(row[0], row[1], *row[-2:]) for row in rows[1:]]

    assert brief(first) == [(one.number, "Бобров", "", ""), (two.number, "Волков", "", "")]
    assert brief(second) == [
        (two.number, "Волков", "", ""),
        (deputy.number, "Юдин", "добавить", f"Бобров Ян, {one.number}"),
    ]


def test_two_lists_are_compared_whatever_came_later(office, meeting):
    one, two = make_people(meeting, "Бобров", "Волков")
    close(meeting)
    replace(one, "Юдин")
    take(meeting)
    booking.cancel(registration=two, at=timezone.now(), by=LINK)

    between = rows_of(office.post(url("list-changes-file", meeting, 1, "csv") + "?until=2"))
    until_now = rows_of(office.post(url("list-changes-file", meeting, 1, "csv")))

    assert [row[1] for row in between[1:]] == ["Бобров", "Юдин"]
    assert [row[1] for row in until_now[1:]] == ["Бобров", "Волков", "Юдин"]
    for nonsense in ("1", "7", "x", "9" * 30):
        address = url("list-changes", meeting, 1) + f"?until={nonsense}"
        assert office.get(address).status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("what", ["list-file", "list-changes-file"])
def test_no_cell_is_run_as_a_formula(office, meeting, what, form):
    [person] = make_people(meeting, "Бобров")
    Registration.objects.filter(pk=person.pk).update(family_name='=HYPERLINK("http://x")')
    close(meeting)
    Registration.objects.filter(pk=person.pk).update(position="+7 999", organization="@SUM(A1)")

    answer = office.post(url(what, meeting, 1, form))

    if form == "csv":
        row = rows_of(answer)[1]
        assert row[1] == '\'=HYPERLINK("http://x")'
        if what == "list-changes-file":
            assert row[4:6] == ["'@SUM(A1)", "'+7 999"]
    else:
        content = io.BytesIO(b"".join(answer.streaming_content))
        cells = [c for line in openpyxl.load_workbook(content).active.iter_rows() for c in line]
        assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
        assert '=HYPERLINK("http://x")' in {cell.value for cell in cells}


def test_english_reads_english(office, meeting):
    make_people(meeting, "Бобров")
    close(meeting)

    answer = office.post(url("list-file", meeting, 1, "csv"), headers={"accept-language": "en"})
    head, row = rows_of(answer, ",")

    assert head[-2:] == ["Amendment", "Instead of whom"]
    assert row[7] == "Member organization"


def test_files_are_taken_by_post_and_stand_in_the_journal(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    replace(one, "Юдин")

    assert office.get(url("list-file", meeting, 1, "csv")).status_code == 302
    assert office.get(url("list-changes-file", meeting, 1, "csv")).status_code == 302
    assert office.post(url("list-file", meeting, 1, "ods")).status_code == 404
    office.post(url("list-file", meeting, 1, "xlsx"))
    office.post(url("list-changes-file", meeting, 1, "csv"))

    entries = JournalEntry.objects.filter(action="pass_list.exported").order_by("pk")
    assert [entry.changes for entry in entries] == [
        {"format": "xlsx", "list": 1, "rows": 1},
        {"format": "csv", "list": 1, "rows": 2, "until": "now"},
    ]


def test_lists_and_amendments_are_printed(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    replace(one, "Юдин")

    whole = office.get(url("list-print", meeting, 1)).content.decode()
    changes = office.get(url("list-changes", meeting, 1)).content.decode()

    assert "Бобров" in whole
    assert "Юдин" not in whole
    assert "Изменения после списка № 1" in changes
    assert f"Бобров Ян, {one.number}" in changes


def test_a_list_is_shown_as_it_was(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    amend(one, family_name="Боброва")
    take(meeting)

    first = office.get(url("list", meeting, 1)).content.decode()
    second = office.get(url("list", meeting, 2)).content.decode()

    assert "Бобров Ян" in first
    assert "Боброва" not in first
    assert "По сравнению со списком № 1" in second
    assert "фамилия: Бобров → Боброва" in second
    assert office.get(url("list", meeting, 3)).status_code == 404
    assert office.get(url("list", meeting, 10**30)).status_code == 404


def test_the_overview_says_it_until_it_is_taken(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    overview = url("overview", meeting)
    assert "После списка" not in office.get(overview).content.decode()

    replace(one, "Юдин")
    assert "После списка № 1: +1 −1" in office.get(overview).content.decode()

    take(meeting)
    assert "После списка" not in office.get(overview).content.decode()


def test_closed_by_time_the_list_can_be_made_at_once(office, meeting):
    make_people(meeting, "Бобров")
    Meeting.objects.update(edits_close_at=timezone.now() - DAY)

    assert "Список ещё не составлен" in office.get(url("lists", meeting)).content.decode()
    assert "список ещё не составлен" in office.get(url("overview", meeting)).content.decode()
    page = office.post(url("lists-close", meeting), follow=True).content.decode()

    assert "Список № 1 сохранён." in page
    assert PassList.objects.get().people == 1


@pytest.mark.parametrize("lists", [1, 3])
def test_the_page_costs_the_same_for_one_list_and_for_three(
    office, meeting, lists, django_assert_num_queries
):
    people = make_people(meeting, "Бобров", "Волков", "Гусев")
    close(meeting)
    for position in ["Советник", "Референт"][: lists - 1]:
        amend(people[0], position=position)
        take(meeting)
    for person in people[:lists]:
        amend(person, position="Министр")

    with django_assert_num_queries(6):
        page = office.get(url("lists", meeting))

    assert page.content.decode().count(" → Министр") == lists


@pytest.mark.parametrize("people", [1, 3])
def test_a_list_costs_the_same_for_one_person_and_for_three(
    office, meeting, people, django_assert_num_queries
):
    make_people(meeting, *["Бобров", "Волков", "Гусев"][:people])
    close(meeting)

    with django_assert_num_queries(7):
        page = office.get(url("list", meeting, 1))

    assert page.content.decode().count("АО «Северный берег»") == people


def test_after_the_purge_the_counts_are_there_and_nobody_is(office, meeting):
    one, _two = make_people(meeting, "Бобров", "Волков")
    close(meeting)
    replace(one, "Юдин")
    take(meeting)
    erasure.forget_due(at=meeting.ends_at + 91 * DAY)

    page = office.get(url("lists", meeting)).content.decode()
    second = office.get(url("list", meeting, 2)).content.decode()

    assert "+1 −1" in page
    assert "Персональные данные стёрты" in page
    assert "Персональные данные стёрты" in second
    for name in ("Бобров", "Волков", "Юдин"):
        assert name not in page + second


def test_of_an_erased_person_the_number_is_left(office, meeting):
    [one] = make_people(meeting, "Бобров")
    close(meeting)
    erasure.erase(registration=one, at=timezone.now(), by=ORGANIZER)

    page = office.get(url("lists", meeting)).content.decode()
    row = rows_of(office.post(url("list-changes-file", meeting, 1, "csv")))[1]

    assert "данные стёрты" in page
    assert row == [one.number, "", "", "", "", "", "", "", "исключить", ""]


def test_strangers_find_no_lists(client, meeting):
    make_people(meeting, "Бобров")
    close(meeting)
    client.force_login(make_user())

    for name, *args in [
        ("lists",), ("lists-close",), ("lists-reopen",), ("list", 1), ("list-print", 1),
        ("list-changes", 1), ("list-file", 1, "csv"), ("list-changes-file", 1, "csv"),
    ]:  # fmt: skip
        assert client.get(url(name, meeting, *args)).status_code == 404
        if "file" in name or name.startswith("lists-"):
            assert client.post(url(name, meeting, *args)).status_code == 404
    assert client.post(url("lists-take", meeting)).status_code == 404


def test_signs_leave_out_what_did_not_happen():
    kept = PassList(added=3, gone=0, changed=2)

    assert pass_desk.signs(kept) == "+3 ~2"
    assert pass_desk.signs(pass_lists.Difference([])) == ""
