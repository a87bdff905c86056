"""Delegations and invitations from a file, as the organizer sends it: looked at, then saved."""

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts import journal
from accounts.models import JournalEntry
from registrations.delegations import opening
from registrations.invitations import sending
from registrations.models import Delegation, Invitation, SeatLimit
from registrations.pasting import cells, delegations, files, moments
from tests.factories import (
    NOON,
    category,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_user,
)
from tests.registrations.test_import_files import text, workbook, zipped
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

HEADS = "/manage/parks/delegations/paste/"
GUESTS = "/manage/parks/invitations/paste/"
TERMS = {
    HEADS: {"quota": "2", "category": "member"},
    GUESTS: {"category": "member", "language": "ru", "binds_email": "on"},
}
MOSCOW = ZoneInfo("Europe/Moscow")
# A sheet knows no time zones.
AT_SIX = datetime(2027, 1, 24, 18)  # noqa: DTZ001
TABLE_OF = {
    HEADS: [["Регион", "Эл. почта", "Руководитель"],
            ["Калужская область", "kotova@example.org", "Котова Мария"],
            ["Союз парков", "li@example.org", "Ли Ян"]],
    GUESTS: [["ФИО", "E-mail", "Организация", "Регион", "Категория"],
             ["Петрова Анна Сергеевна", "petrova@example.org", "Парк", "Калужская обл.", ""],
             ["О'Нил Шон", "oneil@example.org", "=СУММ(A1)", "", "Пресса"]],
}  # fmt: skip
BOTH = pytest.mark.parametrize("page", [HEADS, GUESTS])


@pytest.fixture
def meeting():
    at = timezone.now()
    made = make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip
    category(made, "press")
    return made


@pytest.fixture
def office(meeting):
    return signed_in(meeting.owners.get())


def signed_in(user, language="en", **options):
    client = Client(headers={"accept-language": language}, **options)
    client.force_login(user)
    return client


def xlsx(rows, name="list.xlsx"):
    return SimpleUploadedFile(name, workbook(rows))


def csv(rows, name="list.csv", encoding="cp1251"):
    return SimpleUploadedFile(name, text(rows).encode(encoding))


def send(office, page, file, **fields):
    return office.post(page, TERMS[page] | {"file": file} | fields)


def save(office, page, shown, **fields):
    """What a browser sends then: the rows as they stand in the field by now, no file."""
    body = TERMS[page] | {"rows": rows_in(shown), "column": columns_in(shown), "save": "1"}
    return office.post(page, body | fields)


def rows_in(answer):
    [rows] = re.findall(r"<textarea[^>]*>\r?\n?(.*?)</textarea>", answer.content.decode(), re.S)
    return html.unescape(rows)


def columns_in(answer):
    selects = re.findall(r'<select[^>]*name="column".*?</select>', answer.content.decode(), re.S)
    return [re.findall(r'value="(\w*)" selected', one)[0] for one in selects]


def words(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def saved():
    return Delegation.objects.count() + Invitation.objects.count()


def test_a_workbook_of_delegations_is_looked_at_and_then_opened(office, meeting):
    rows = [
        ["Делегации на 24 января"],
        ["№", "Квота", "Закрыть до", "Руководитель делегации", "E-mail", "Регион", "Примечание"],
        [1, 12.0, AT_SIX, "Котова Мария", "kotova@example.org", "Калужская обл.", "звонили"],
        [2, 3, 46411.75, "Ли Ян", "li@example.org", "Приморье", None],
        [3, None, None, '=HYPERLINK("http://x")', None, "Союз парков", None],
    ]

    looked = send(office, HEADS, xlsx(rows), column=["", "", "region", "", "", "", ""])

    assert columns_in(looked) == ["quota", "", "head_name", "head_email", "region", ""]
    said = words(looked)
    assert "These are the rows of <bdi>list.xlsx</bdi>" in said
    assert "1 row above the headings is left out." in said
    assert "Open 3 delegations" in said
    assert not Delegation.objects.exists()
    columns = columns_in(looked)
    columns[1] = "closes_at"
    assert save(office, HEADS, looked, column=columns).status_code == 303
    assert list(
        Delegation.objects.order_by("pk").values_list(
            "name", "region__code", "head_name", "head_email", "places__seat_limit", "closes_at"
        )
    ) == [
        ("Калужская область", "RU-KLU", "Котова Мария", "kotova@example.org", 12,
         AT_SIX.replace(tzinfo=MOSCOW)),
        ("Приморский край", "RU-PRI", "Ли Ян", "li@example.org", 3,
         datetime(2027, 1, 24, 18, tzinfo=MOSCOW)),
        ("Союз парков", None, "", "", 2, None),
    ]  # fmt: skip
    opened = JournalEntry.objects.filter(action="delegation.opened")
    assert opened.count() == SeatLimit.objects.filter(delegation__isnull=False).count() == 3


def test_a_table_in_windows_1251_with_semicolons_opens_delegations(office, meeting):
    rows = [["Делегация", "Мест", "Список закрывается", "Почта руководителя", "ФИО руководителя"],
            ["Калужская область", "4,0", "24.01.2027", "kotova@example.org", "=2+3"],
            ["Союз «Парки; сады»", "—", "", "", "-"]]  # fmt: skip

    looked = send(office, HEADS, csv(rows))
    assert save(office, HEADS, looked).status_code == 303

    assert list(
        Delegation.objects.order_by("pk").values_list(
            "name", "head_name", "places__seat_limit", "closes_at"
        )
    ) == [
        ("Калужская область", "=2+3", 4, datetime(2027, 1, 24, 23, 59, tzinfo=MOSCOW)),
        ("Союз «Парки; сады»", "", 2, None),
    ]  # fmt: skip


@pytest.mark.parametrize("made", [xlsx, csv])
def test_people_are_invited_from_a_file(office, meeting, made):
    looked = send(office, GUESTS, made(TABLE_OF[GUESTS]))

    assert columns_in(looked) == ["name", "email", "organization", "region", "category"]
    assert "Save and send 2 invitations" in words(looked)
    done = save(office, GUESTS, looked)
    assert done.status_code == 303
    found = Invitation.objects.order_by("pk").values_list(
        "name", "email", "organization", "region__code", "category__code"
    )
    # The formula of a workbook that nothing has worked out is no value.
    formula = "" if made is xlsx else "=СУММ(A1)"
    assert list(found) == [
        ("Петрова Анна Сергеевна", "petrova@example.org", "Парк", "RU-KLU", "member"),
        ("О'Нил Шон", "oneil@example.org", formula, None, "press"),
    ]


def test_a_file_of_mailboxes_alone_is_enough(office, meeting):
    looked = send(office, GUESTS, xlsx([["a@example.org"], ["b@example.org"]]))

    assert save(office, GUESTS, looked).status_code == 303
    assert sorted(Invitation.objects.values_list("email", flat=True)) == [
        "a@example.org", "b@example.org",
    ]  # fmt: skip


@BOTH
@pytest.mark.parametrize("button", ["save", "send"])
def test_nothing_is_saved_that_was_not_seen(office, meeting, page, button):
    answer = send(office, page, xlsx(TABLE_OF[page]), **{button: "1", "rows": "Союз\ta@x.org"})

    assert answer.status_code == 200
    assert "Союз\ta@x.org" not in rows_in(answer)
    assert saved() == 0


@BOTH
def test_what_was_sent_is_corrected_where_it_stands(office, meeting, page):
    rows = [*TABLE_OF[page], TABLE_OF[page][1]]
    looked = send(office, page, csv(rows))
    assert "1 to correct" in words(looked)
    kept = rows_in(looked).splitlines()
    del kept[1]

    again = office.post(page, TERMS[page] | {"rows": "\r\n".join(kept), "save": "1"}, follow=True)

    assert again.redirect_chain
    assert saved() == 2


@BOTH
def test_the_numbers_in_the_field_are_those_of_the_objections(office, meeting, page):
    looked = send(office, page, csv([*TABLE_OF[page], TABLE_OF[page][1]]))
    kept = rows_in(looked).splitlines()
    assert [line.split("\t")[0] for line in kept] == ["№", "1", "2", "3"]
    del kept[2]

    again = office.post(page, TERMS[page] | {"rows": "\n".join(kept)})

    assert [line.split("\t")[0] for line in rows_in(again).splitlines()] == ["№", "1", "2"]
    assert "The same as row 1." in words(again)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (["Приморье", "", "нет@", "", ""], "“нет@” is no e-mail address."),
        (["Приморье", "", "", "много", ""], "“много” is no number of people."),
        (["Приморье", "", "", "12.5", ""], "“12.5” is no number of people."),
        (["Приморье", "", "", "", "завтра"], "“завтра” is no date"),
        (["Приморье", "", "", "", "31.02.2027"], "“31.02.2027” is no date"),
        (["Приморье", "", "", "", "24.01.1027"], "Check the year"),
        (["", "Ли Ян", "", "", ""], "Write the region or the name."),
        (["Приморье", "Л" * 251, "", "", ""], "This is too long."),
        (["КАЛУЖСКАЯ ОБЛ.", "", "", "", ""], "The same as row 1."),
        (["Калужская обл.", "", "нет@", "", ""], "The same as row 1."),
        (["союз парков", "", "", "", ""], "There is a delegation “союз парков” already."),
    ],
)
def test_one_wrong_row_keeps_all_delegations_out(office, meeting, row, error):
    make_delegation(meeting, name="Союз парков", region=None)
    rows = [["Регион", "Руководитель", "Почта", "Квота", "Срок"],
            ["Калужская область", "Котова Мария", "kotova@example.org", "4", ""], row]  # fmt: skip

    looked = send(office, HEADS, xlsx(rows))
    tried = save(office, HEADS, looked)

    for answer in (looked, tried):
        said = words(answer)
        assert error in said
        assert 'data-label="№">2</td>' in said
        assert "2 rows, 1 to correct" in said
        assert "Open 2 delegations" not in said
    assert Delegation.objects.count() == 1


def test_a_region_beside_a_name_has_to_be_one_of_the_list(office, meeting):
    rows = [["Название", "Регион"], ["Сборная Калуги", "Калужская обл."], ["Сборная", "Атлантида"]]

    looked = send(office, HEADS, csv(rows))

    assert "“Атлантида” is no region of the list." in words(looked)
    again = send(office, HEADS, csv(rows[:2]))
    assert save(office, HEADS, again).status_code == 303
    made = Delegation.objects.get()
    assert (made.name, made.region.code) == ("Сборная Калуги", "RU-KLU")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (["Ли Ян", "li@", "", "", ""], "This address is mistyped"),
        (["Ли Ян", "", "", "", ""], "Write the e-mail"),
        (["=1+1", "li@example.org", "", "", ""], "cannot stand here"),
        (["Ли Ян", "li@example.org", "", "Атлантида", ""], "is no region of the list"),
        (["Ли Ян", "li@example.org", "", "", "Короли"], "is no category of the meeting"),
        (["Петрова Анна Сергеевна", "PETROVA@example.org", "", "", ""], "The same as row 1."),
        (["Котова Мария", "kotova@example.org", "", "", ""], "Has an open invitation already."),
        (["Ким Ен", "kim@example.org", "", "", ""], "This person is on the list already."),
    ],
)
def test_one_wrong_row_keeps_everybody_uninvited(office, meeting, row, error):
    make_invitation(meeting, name="Котова Мария", email="kotova@example.org")
    make_registration(
        meeting=meeting, family_name="Ким", given_name="Ен", patronymic="",
        email="kim@example.org",
    )  # fmt: skip

    looked = send(office, GUESTS, csv([*TABLE_OF[GUESTS], row]))
    tried = save(office, GUESTS, looked)

    for answer in (looked, tried):
        assert error in words(answer)
        assert 'data-label="№">3</td>' in words(answer)
    assert Invitation.objects.count() == 1


def locked():
    """A workbook with a password is no archive, but the container of the old ones."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


@BOTH
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "The file is empty."),
        (b" \r\n\r\n", "The file is empty."),
        (b";;\r\n;;\r\n", "There are no rows in this table."),
        (locked(), "or one with a password"),
        (b"%PDF-1.7\x00\x01", "cannot be read as a table"),
        (b"\xff\xd8\xff\xe0 a photo \x00\x01", "cannot be read as a table"),
        (zipped(**{"word/document.xml": "<x/>"}), "cannot be read as a table"),
        (zipped(**{"xl/workbook.xml": "<x/>", "xl/bomb.xml": b" " * 41_000_000}), "too large"),
        (b"x" * (files.MOST_BYTES + 1), "larger than 5 MB"),
    ],
    ids=["nothing", "blank", "commas", "password", "pdf", "jpeg", "docx", "bomb", "large"],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(office, meeting, page, content, error):
    answer = send(office, page, SimpleUploadedFile("list.xlsx", content))

    assert answer.status_code == 422
    assert words(answer).count(error) == 2, "in the summary and at the field"
    assert 'aria-invalid="true"' in answer.content.decode()


@BOTH
def test_a_table_of_headings_alone_has_no_rows(office, meeting, page):
    for sent in ({"file": xlsx(TABLE_OF[page][:1])}, {"rows": "\t".join(TABLE_OF[page][0])}):
        answer = office.post(page, TERMS[page] | sent)

        assert answer.status_code == 422
        assert "There are no rows in this table." in words(answer)


def many(page, count):
    """Rows with so many delegations or people."""
    row = {HEADS: lambda n: [f"Союз {n}", f"u{n}@example.org", "Ли Ян"],
           GUESTS: lambda n: ["Ли Ян", f"p{n}@example.org", "Парк", "", ""]}[page]  # fmt: skip
    return [TABLE_OF[page][0], *map(row, range(count))]


@BOTH
@pytest.mark.parametrize("made", [xlsx, csv])
def test_a_thousand_rows_are_taken_and_one_more_is_refused(office, meeting, page, made):
    refused = send(office, page, made(many(page, cells.MOST_LISTED + 1)))
    assert refused.status_code == 422
    assert "The table has more than 1000 rows. Send it in parts." in words(refused)

    looked = send(office, page, made(many(page, cells.MOST_LISTED)))
    assert save(office, page, looked).status_code == 303
    assert saved() == cells.MOST_LISTED


def test_more_text_than_a_field_takes_is_refused_at_once(office, meeting):
    rows = [[f"p{n}@example.org", "Парк" * 240, "Ё" * 900] for n in range(400)]

    answer = send(office, GUESTS, csv(rows, encoding="utf-8"))

    assert answer.status_code == 422
    assert "There is too much text in this table." in words(answer)


@BOTH
def test_looking_and_saving_ask_the_database_as_often_for_one_row_as_for_thirty(
    office, meeting, page, django_assert_num_queries
):
    looking, saving = {HEADS: (7, 16), GUESTS: (7, 12)}[page]
    for count in (1, 30):
        with django_assert_num_queries(looking):
            looked = send(office, page, csv(many(page, count)))
        with django_assert_num_queries(saving):
            assert save(office, page, looked).status_code == 303
        Delegation.objects.all().delete()
        Invitation.objects.all().delete()


@BOTH
def test_the_pages_speak_russian(meeting, page):
    office = signed_in(meeting.owners.get(), "ru")
    rows = [*TABLE_OF[page], TABLE_OF[page][1]]

    looked = words(send(office, page, csv(rows)))
    refused = words(send(office, page, SimpleUploadedFile("x.xlsx", locked())))

    assert "Здесь строки из файла <bdi>list.csv</bdi>" in looked
    assert "То же, что в строке 1" in looked
    assert "до 1000 строк и 5 МБ" in looked
    assert "без пароля" in refused


@BOTH
def test_a_stranger_and_a_visitor_are_answered_before_the_file_is_read(meeting, page):
    huge = {"file": SimpleUploadedFile("list.csv", b"x" * 30_000_000)}

    assert signed_in(make_user()).post(page, huge).status_code == 404
    assert Client().post(page, huge).status_code == 302


@BOTH
def test_a_file_is_taken_only_with_the_mark_of_the_form(meeting, page):
    careful = signed_in(meeting.owners.get(), enforce_csrf_checks=True)

    assert send(careful, page, csv(TABLE_OF[page])).status_code == 403
    mark = careful.get(page).context["csrf_token"]
    answer = send(careful, page, csv(TABLE_OF[page]), csrfmiddlewaretoken=str(mark))
    assert answer.status_code == 200


@BOTH
def test_no_file_is_stored_and_other_fields_take_none(office, page, monkeypatch):
    monkeypatch.setattr(
        uploadedfile.TemporaryUploadedFile, "__init__", lambda *args: pytest.fail("stored")
    )

    send(office, page, SimpleUploadedFile("list.csv", b"x" * (files.MOST_BYTES + 1)))
    answer = office.post(page, TERMS[page] | {"photo": csv(TABLE_OF[page])})

    assert answer.wsgi_request.FILES == {}
    huge = SimpleUploadedFile("list.csv", b"x" * (files.MOST_BYTES * 5 + 1))
    assert send(office, page, huge).status_code == 413


@BOTH
def test_another_file_with_headings_forgets_the_columns_of_the_last_one(office, meeting, page):
    rows = TABLE_OF[page]
    looked = send(office, page, csv(rows))
    turned = [row[::-1] for row in rows]

    again = send(office, page, csv(turned), column=columns_in(looked))

    assert columns_in(again) == columns_in(looked)[::-1]


def test_columns_without_headings_can_be_chosen(office, meeting):
    rows = [["Калужская область", "Котова Мария", "Минпром", "4"],
            ["Приморский край", "Ли Ян", "Союз", "5"]]  # fmt: skip

    looked = send(office, HEADS, xlsx(rows))
    assert columns_in(looked) == ["region", "head_name", "quota", ""]
    save(office, HEADS, looked, column=["region", "", "quota", "head_name"])

    assert list(Delegation.objects.order_by("pk").values_list("head_name", flat=True)) == [
        "Минпром", "Союз",
    ]  # fmt: skip


def test_rows_without_headings_may_have_each_an_order_of_its_own():
    rows = [
        ["Калуга", "k@example.org", "4", "Котова Мария"],
        ["Тула", "Ли Ян", "24.01.2027 18:00", "t@example.org"],
        ["Союз", "+7 900 123 45 67", "Ким Ен"],
    ]

    assert delegations.laid_out(rows) == (
        [
            ["Калуга", "Котова Мария", "k@example.org", "4", "", ""],
            ["Тула", "Ли Ян", "t@example.org", "", "24.01.2027 18:00", ""],
            ["Союз", "Ким Ен", "", "", "", "+7 900 123 45 67"],
        ],
        ["region", "head_name", "head_email", "quota", "closes_at", ""],
    )


@pytest.mark.parametrize(
    ("first_row", "are_headings"),
    [
        (["Регион", "Кто"], True),
        (["Делегация"], True),
        (["Делегация Тулы"], False),
        (["Делегация Тулы", "Ли Ян"], False),
        (["Кто едет", "Квота", "E-mail руководителя"], True),
        (["Region", "kotova@example.org"], False),
    ],
)
def test_a_delegation_is_not_taken_for_a_heading(first_row, are_headings):
    assert delegations.has_headings(first_row) == are_headings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("24.01.2027 18:00", (2027, 1, 24, 18, 0)),
        ("24.1.2027, 9:05", (2027, 1, 24, 9, 5)),
        ("2027-01-24T18:00:00", (2027, 1, 24, 18, 0)),
        ("2027-01-24", (2027, 1, 24, 23, 59)),
        ("46411", (2027, 1, 24, 23, 59)),
        ("46411.75", (2027, 1, 24, 18, 0)),
        ("46411,0", (2027, 1, 24, 23, 59)),
    ],
)
def test_a_moment_is_understood_as_tables_have_it(typed, meant):
    assert moments.read(typed, zone=MOSCOW) == datetime(*meant, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    "typed", ["01/24/2027", "24.13.2027", "24.01.2027 25:00", "12", "999999", "вчера", "9" * 400]
)
def test_what_is_no_moment_is_no_date(typed):
    with pytest.raises(ValidationError, match="не дата"):
        moments.read(typed, zone=MOSCOW)


def test_a_clock_that_is_put_forward_never_shows_that_moment():
    with pytest.raises(ValidationError, match="часы переводят вперёд"):
        moments.read("28.03.2027 02:30", zone=ZoneInfo("Europe/Berlin"))


@pytest.fixture(params=[10, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    return request.param


def test_the_same_list_twice_at_once_in_another_order_is_saved_once(meeting, repetitions):
    wishes = [
        sending.Wish(email=f"{n}@example.org", category=category(meeting), language="ru")
        for n in range(30)
    ]
    units = [opening.Wish(name=w.email, category=w.category, language="ru") for w in wishes]
    for _ in range(repetitions):
        results = at_once(*(
            lambda act=act, some=some: act(meeting=meeting, at=NOON, by=journal.SYSTEM, wishes=some)
            for act, all_of_them in ((sending.invite_many, wishes), (opening.open_many, units))
            for some in (all_of_them, all_of_them[::-1])
        ))  # fmt: skip

        assert [type(one) for one in results if isinstance(one, Exception)] in (
            [sending.AlreadyInvited, opening.DelegationExists],
        )
        assert Invitation.objects.count() == Delegation.objects.count() == 30
        Invitation.objects.all().delete()
        Delegation.objects.all().delete()


def test_control_without_the_lock_they_wait_for_each_other_for_ever(meeting, monkeypatch):
    monkeypatch.setattr(sending, "_lock_lists", lambda meeting: None)
    wishes = [
        sending.Wish(email=f"{n}@example.org", category=category(meeting), language="ru")
        for n in range(1000)
    ]

    for _ in range(20):
        results = at_once(*(
            lambda some=some: sending.invite_many(
                meeting=meeting, at=NOON, by=journal.SYSTEM, wishes=some
            )
            for some in (wishes, wishes[::-1])
        ))  # fmt: skip
        if any(isinstance(one, OperationalError) for one in results):
            return
        Invitation.objects.all().delete()

    pytest.fail("they got past each other twenty times")
