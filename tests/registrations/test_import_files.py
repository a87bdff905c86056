"""A stranger's file as rows of cells, or a sentence that says why not."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from registrations.pasting import cells, columns, files
from registrations.pasting.files import FileNotRead

# A sheet knows no time zones.
AT_HALF_PAST = datetime(2026, 5, 5, 9, 30)  # noqa: DTZ001
TABLE = [
    ["ФИО", "Организация", "E-mail"],
    ["Ёлкин Пётр", "АО «Парк»; филиал", "e@example.org"],
    ["Ли Ян", "Парк", ""],
]


def workbook(rows, merge=""):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(rows, delimiter=";"):
    return "".join(
        delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) + "\r\n"
        for row in rows
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_however_a_spreadsheet_wrote_it(encoding, delimiter):
    sent = files.read("list.csv", text(TABLE, delimiter).encode(encoding))

    assert (sent.rows, sent.has_headings, sent.total) == (TABLE, True, 2)
    assert columns.guess(sent.rows, columns.OF_PEOPLE) == ["name", "organization", "email"]


def test_a_cell_may_hold_line_breaks_and_quotes():
    sent = files.read("x.csv", 'ФИО;Организация\n"Ли ""Ян""";"Парк\nфилиал"\n'.encode())

    assert sent.rows[1] == ['Ли "Ян"', "Парк филиал"]


def test_a_workbook_gives_what_its_cells_show():
    rows = [
        ["ФИО", "Телефон", "Дата", "Когда", "Число", "Да"],
        ["Ли Ян", 79001234567, date(2026, 5, 5), AT_HALF_PAST, 1.5, True],
        ["Ким Ен", 89001234567.0, None, None, None, None],
    ]

    sent = files.read("list.xlsx", workbook(rows))

    assert sent.rows[1][:5] == ["Ли Ян", "79001234567", "05.05.2026", "05.05.2026 09:30", "1.5"]
    assert sent.rows[2][:2] == ["Ким Ен", "89001234567"]


def test_a_formula_is_the_value_it_had_and_never_run():
    sent = files.read(
        "list.xlsx", workbook([*TABLE, ["Ким Ен", '=HYPERLINK("http://x")', "k@x.org"]])
    )

    # Nothing has worked it out here: there is no value, and so no cell.
    assert sent.rows[3] == ["Ким Ен", "", "k@x.org"]


def test_titles_over_the_headings_empty_rows_and_numbering_are_left_out():
    rows = [
        ["Список участников совещания"],
        ["от 5 мая"],
        [],
        ["№", "ФИО", "", "E-mail"],
        [1, "Ли Ян", "", "li@example.org"],
        [],
        [2, "Ким Ен", "", "kim@example.org"],
    ]

    sent = files.read("list.xlsx", workbook(rows, merge="A1:D1"))

    assert sent.rows == [
        ["ФИО", "E-mail"], ["Ли Ян", "li@example.org"], ["Ким Ен", "kim@example.org"],
    ]  # fmt: skip
    assert (sent.skipped, sent.has_headings) == (2, True)


def test_a_numbered_list_that_is_pasted_keeps_its_columns():
    assert cells.read("№\tФИО\tE-mail\n1\tЛи Ян\tli@example.org") == [
        ["ФИО", "E-mail"], ["Ли Ян", "li@example.org"],
    ]  # fmt: skip
    assert cells.read("79001234567\tЛи Ян") == [["79001234567", "Ли Ян"]]


@pytest.mark.parametrize("heading", ["", "N", "Номер", "№ п/п"])
def test_numbers_are_left_out_with_their_heading_or_without_one(heading):
    rows = [[heading, "ФИО", "E-mail"], ["1", "Ли Ян", "li@example.org"], ["2.", "Ким Ен", ""],
            ["", "Пак Су", ""]]  # fmt: skip

    assert files.read("x.csv", text(rows).encode()).rows == [
        ["ФИО", "E-mail"], ["Ли Ян", "li@example.org"], ["Ким Ен", ""], ["Пак Су", ""],
    ]  # fmt: skip


def test_numbers_with_a_heading_of_their_own_keep_every_column_under_its_heading():
    rows = [["Мест", "Регион", "Код"], ["4", "Калуга", "40"], ["много", "Тула", "71"]]

    assert files.read("list.xlsx", workbook([["Делегации совещания"], *rows])).rows[1:] == rows
    titled = [["Участники", ""], ["1", "Ли Ян"], ["2", "Ким Ен"]]
    assert cells.tidy(titled)[1:] == [["Ли Ян"], ["Ким Ен"]]
    assert cells.read("Участники:\n1. Ли Ян\n2) Ким Ен")[1:] == [["Ли Ян"], ["Ким Ен"]]


@pytest.mark.parametrize("has_headings", [True, False])
@pytest.mark.parametrize(
    "rows",
    [
        TABLE,
        [["a@example.org"], ["b;c|d,e@example.org"]],
        [["40", 'ООО «Парк» "А"'], ["", '"'], ["1. Ли", "2) Ян"]],
        [["№", "п/п"], ["#", ""]],
        [[str(n) for n in range(cells.MOST_CELLS)], ["x"] * cells.MOST_CELLS],
    ],
)
def test_rows_written_as_text_are_read_back_as_they_were(rows, has_headings):
    assert cells.read(cells.as_text(rows, has_headings=has_headings)) == rows
    in_a_form = cells.as_text(rows, has_headings=has_headings).replace("\n", "\r\n")
    assert cells.read(in_a_form) == rows


@pytest.mark.parametrize("made", [workbook, lambda rows: text(rows).encode()])
def test_ten_thousand_rows_are_read_and_one_more_is_refused(made):
    rows = [TABLE[0], *([f"Ли {n}", "Парк", f"p{n}@example.org"] for n in range(10_000))]

    assert files.read("list", made(rows)).total == 10_000
    with pytest.raises(FileNotRead, match=r"10000"):
        files.read("list", made([*rows, ["Ли Ян", "Парк", ""]]))


def test_a_sheet_of_a_million_empty_rows_is_a_short_one():
    book = openpyxl.Workbook()
    book.active.append(TABLE[0])
    book.active.append(TABLE[1])
    book.active.cell(row=1_048_576, column=1, value="Ким Ен")
    out = io.BytesIO()
    book.save(out)

    assert files.read("list.xlsx", out.getvalue()).total == 2


def test_too_many_columns_are_refused():
    rows = [[f"Столбец {n}" for n in range(40)], ["x"] * 40]

    with pytest.raises(FileNotRead, match="30"):
        files.read("list.xlsx", workbook(rows))


def zipped(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def poisoned(prolog, encoding="utf-8"):
    """A workbook with something before the root of its sheet."""
    source, out = zipfile.ZipFile(io.BytesIO(workbook(TABLE))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.infolist():
            content = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = (prolog + content.decode()).encode(encoding)
            archive.writestr(part.filename, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook",
        b"%PDF-1.7\x00\x01\x02",
        b"PK\x03\x04 and nothing more",
        zipped(**{"word/document.xml": "<x/>"}),
        zipped(**{"xl/workbook.xml": "<x/>", "xl/bomb.xml": b" " * 41_000_000}),
        zipped(**{f"xl/{n}.xml": "" for n in range(2_001)}),
        poisoned('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        poisoned("<!-- " + " " * 70_000 + '--><!DOCTYPE x [<!ENTITY a "aaaa">]>'),
        poisoned('<!DOCTYPE x [<!ENTITY a "aaaa">]>', encoding="utf-16"),
        poisoned("<broken"),
        b"x" * (files.MOST_BYTES + 1),
    ],
    ids=[
        "empty", "xls", "pdf", "torn", "docx", "bomb", "parts", "entity", "far", "utf-16",
        "broken", "large",
    ],
)  # fmt: skip
def test_what_is_no_table_or_a_trap_is_refused_in_a_sentence(content):
    with pytest.raises(FileNotRead) as refusal:
        files.read("list.xlsx", content)

    assert str(refusal.value).endswith(".")
