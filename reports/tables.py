"""
Tables as files that a spreadsheet opens and never runs.

A file like this is opened by a double click in a spreadsheet, and people type what they
like into a form. No cell may be taken for a formula (CWE-1236): in CSV such a text gets an
apostrophe in front, in XLSX every cell is declared to be text. Nothing is ever stripped,
since a telephone number begins with a plus.
"""

from __future__ import annotations

import csv as plain
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Final

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from events import when

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMATS: Final = ("csv", "xlsx")
CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A cell that begins like this (after spaces) would be run by one spreadsheet or another.
FORMULA: Final = r"^(\s*[=+@＝＋＠－-]|[\t\r\n])"
DISARMED: Final = r"'\1"
_AT_ONCE = 200


def separator() -> str:
    """What stands between two cells where spreadsheets speak the reader's language."""
    return ";" if when.language_now() == "ru" else ","


def csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file in pieces: UTF-8 with a byte order mark."""
    text = StringIO()
    writer = plain.writer(text, delimiter=separator(), lineterminator="\r\n")
    text.write(BOM)
    writer.writerow(headings)
    for number, row in enumerate(rows, start=1):
        writer.writerow([re.sub(FORMULA, DISARMED, cell) for cell in row])
        if number % _AT_ONCE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def xlsx(
    headings: Sequence[str], rows: Iterable[Sequence[str]], file: IO[bytes], *, title: str
) -> None:
    """Write a workbook into an open file. Every cell is text; nothing waits in memory."""
    with TemporaryDirectory(prefix="export-") as place:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": str(Path(place))})
        book.set_size(2400, 1200)
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(title[:31])
        sheet.freeze_panes(1, 0)
        for column, words in enumerate(headings):
            sheet.set_column(column, column, max(12, len(words) + 2))
            sheet.write_string(0, column, words, bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(last, column, cell)
        sheet.autofilter(0, 0, last, len(headings) - 1)
        book.close()


def download(
    form: str, *, name: str, csv: Iterable[bytes], xlsx: Callable[[IO[bytes]], None]
) -> HttpResponseBase:
    """The answer that saves a file; of the two ways to write it, the one that was asked for."""
    answer: HttpResponseBase
    if form == "csv":
        answer = StreamingHttpResponse(csv)
    else:
        file = TemporaryFile(prefix="table-")  # noqa: SIM115  -- FileResponse closes it
        xlsx(file)
        file.seek(0)
        answer = FileResponse(file)
    answer["Content-Type"] = CONTENT_TYPES[form]
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer
