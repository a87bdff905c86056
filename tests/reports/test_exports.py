"""The list as a file: complete, filtered, journalled, and nothing in it that a spreadsheet runs."""

import csv
import io

import openpyxl
import pytest
from django.urls import reverse

from accounts.models import JournalEntry
from registrations import organizations
from registrations.models import Registration
from reports import exports
from tests.factories import (
    NOON,
    ORGANIZER,
    make_access_code,
    make_meeting,
    make_registration,
    make_user,
)
from tests.reports.test_figures import let_in

pytestmark = pytest.mark.django_db(transaction=True)

DANGEROUS = [
    '=HYPERLINK("http://example.org")',
    "+7 999 000-00-00",
    "-2+3",
    "@SUM(A1)",
    "\tTab",
    "\rReturn",
    "  =1+1",
    "＝1+1",  # full-width: some spreadsheets fold it
]


def rows_of(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def export(client, meeting, form, query=""):
    client.force_login(meeting.owners.get())
    address = reverse("manage-export", args=[meeting.slug, form])
    return client.post(f"{address}?{query}", headers={"accept-language": "ru"})


def test_csv_opens_in_a_russian_spreadsheet(client):
    meeting = make_meeting()
    make_registration(meeting=meeting, family_name="Ёлкин", given_name="Пётр", patronymic="")

    answer = export(client, meeting, "csv")
    raw = b"".join(answer.streaming_content)

    assert raw.startswith(b"\xef\xbb\xbf")
    head, row = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert head[:5] == ["Номер", "Статус", "Фамилия", "Имя", "Отчество"]
    assert row[2:5] == ["Ёлкин", "Пётр", ""]
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{meeting.slug}-')


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_the_csv_is_a_formula_and_nothing_is_lost(client, text):
    meeting = make_meeting()
    registration = make_registration(meeting=meeting)
    Registration.objects.filter(pk=registration.pk).update(organization=text, phone=text[:40])

    _head, row = rows_of(export(client, meeting, "csv"))

    # As typed, in the merged column, and the phone.
    assert row.count("'" + text) == 3


def test_no_cell_of_the_workbook_is_a_formula(client):
    meeting = make_meeting(seat_limit=None)
    for text in DANGEROUS:
        registration = make_registration(meeting=meeting)
        Registration.objects.filter(pk=registration.pk).update(organization=text)

    answer = export(client, meeting, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cells = [cell for line in sheet.iter_rows() for cell in line if cell.value is not None]
    found = {cell.value for cell in cells}

    assert {cell.data_type for cell in cells} == {"s"}
    assert {text.replace("\r", "\n") for text in DANGEROUS} <= {
        str(value).replace("_x000D_", "\n").replace("\r", "\n") for value in found
    }


@pytest.mark.parametrize("form", exports.FORMATS)
def test_the_file_holds_who_was_asked_for(client, form):
    meeting = make_meeting()
    make_registration(meeting=meeting, family_name="Ёлкин")
    make_registration(meeting=meeting, family_name="Иванов")

    answer = export(client, meeting, form, "q=елкин")
    raw = b"".join(answer.streaming_content)
    if form == "csv":
        names = [row[2] for row in csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";")]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
        names = [row[2] for row in sheet.iter_rows(values_only=True)]

    assert names == ["Фамилия", "Ёлкин"]


def test_every_export_stands_in_the_journal(client):
    meeting = make_meeting()
    make_registration(meeting=meeting)

    export(client, meeting, "csv", "status=confirmed")

    entry = JournalEntry.objects.get(action="participants.exported")
    assert entry.user == meeting.owners.get()
    assert entry.changes == {"format": "csv", "filter": "status=confirmed", "rows": 1}


def test_a_get_takes_nothing_out(client):
    meeting = make_meeting()
    make_registration(meeting=meeting)
    client.force_login(meeting.owners.get())

    answer = client.get(reverse("manage-export", args=[meeting.slug, "csv"]))

    assert answer.status_code == 302
    assert not JournalEntry.objects.filter(action="participants.exported").exists()


def test_an_unknown_format_is_not_found(client):
    meeting = make_meeting(owner=make_user())

    assert export(client, meeting, "ods").status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_says_when_somebody_came(client, form):
    meeting = make_meeting(seat_limit=None)
    let_in(make_registration(meeting=meeting), at=meeting.starts_at)
    make_registration(meeting=meeting)

    answer = export(client, meeting, form, "sort=new")

    if form == "csv":
        rows = rows_of(answer)
    else:
        content = io.BytesIO(b"".join(answer.streaming_content))
        rows = [
            [cell or "" for cell in row] for row in openpyxl.load_workbook(content).active.values
        ]
    assert [row[-1] for row in rows] == [
        "Отмечен на входе (время места проведения)",
        "",
        "2026-05-26 15:00",
    ]


def test_english_reads_english_with_commas(client):
    meeting = make_meeting()
    make_registration(meeting=meeting)
    client.force_login(meeting.owners.get())

    address = reverse("manage-export", args=[meeting.slug, "csv"])
    answer = client.post(address, headers={"accept-language": "en"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, row = list(csv.reader(io.StringIO(text)))

    assert dict(zip(head, row, strict=True))["Status"] == "confirmed"
    assert dict(zip(head, row, strict=True))["Category"] == "Member organization"


def test_the_file_says_with_which_code_somebody_came(client):
    meeting = make_meeting()
    code = make_access_code(meeting, code="PRESS2026")
    make_registration(meeting=meeting, access_code=code)
    make_registration(meeting=meeting)

    everybody = rows_of(export(client, meeting, "csv"))
    with_code = rows_of(export(client, meeting, "csv", f"code={code.uid}"))

    at = everybody[0].index("Код доступа")
    assert sorted(row[at] for row in everybody[1:]) == ["", "PRESS2026"]
    assert [row[at] for row in with_code[1:]] == ["PRESS2026"]


def test_the_file_says_which_organization_it_is_and_whether_it_is_a_member(client):
    meeting = make_meeting(seat_limit=None)
    for organization in ("ао парк", "Банк"):
        make_registration(meeting=meeting, organization=organization)
    organizations.merge(
        meeting=meeting, keys=["ао парк"], name="АО «Парк»", short_name="", is_member=True,
        region=meeting.region_set.regions.get(code="RU-KLU"), at=NOON, by=ORGANIZER,
    )  # fmt: skip

    head, *rows = rows_of(export(client, meeting, "csv"))
    members = rows_of(export(client, meeting, "csv", "more=members"))[1:]

    at = head.index("Организация после объединения")
    assert head[at + 1 : at + 3] == ["Регион организации", "Член объединения"]
    assert sorted(row[at : at + 3] for row in rows) == [
        ["АО «Парк»", "Калужская область", "да"],
        ["Банк", "", ""],
    ]
    assert [row[at] for row in members] == ["АО «Парк»"]
