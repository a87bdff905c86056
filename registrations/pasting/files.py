"""
A table from a file, XLSX or CSV, as rows of cells.

A file is a stranger's: it is bounded before it is unpacked, nothing in it is run, and what
cannot be read is refused in a sentence that says what to do.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from registrations.import_runs import Sent
from registrations.pasting import cells, columns

MOST_BYTES = 5_000_000
MOST_ROWS = 10_000
# Of the parts of a workbook, unpacked: a hundred times what a list of people takes is a trap.
MOST_UNPACKED = 40_000_000
MOST_PARTS = 2_000
# What stands far to the right of a table is no part of it; it is looked at to say so.
WIDEST = 60
DELIMITERS = ";\t,|"
# How far down the headings may stand, below a title.
DEEPEST_HEADING = 10
_PIECE = 1 << 16


class FileNotRead(Refused):
    """The file is too large, is no table, or cannot be read; the sentence says what to do."""

    code = "file_not_read"


def of(
    upload: UploadedFile[Any],
    *,
    most: int = MOST_ROWS,
    has_headings: Callable[[Sequence[str]], bool] = columns.has_headings,
) -> Sent:
    """
    The table in a file that came with a request; see `read`.

    :raises FileNotRead: too large, not a table, too many rows or columns
    """
    if (upload.size or 0) > MOST_BYTES:
        raise too_large()
    return read(str(upload.name), upload.read(), most=most, has_headings=has_headings)


def listed(
    upload: UploadedFile[Any],
    *,
    has_headings: Callable[[Sequence[str]], bool] = columns.has_headings,
) -> Sent:
    """
    The same of a short table, which is looked at and saved in one go.

    :raises FileNotRead: as above, or there are no rows
    """
    sent = of(upload, most=cells.MOST_LISTED, has_headings=has_headings)
    if not sent.total:
        raise no_rows()
    return sent


def read(
    name: str,
    content: bytes,
    *,
    most: int = MOST_ROWS,
    has_headings: Callable[[Sequence[str]], bool] = columns.has_headings,
) -> Sent:
    """
    The table in a file: at most so many rows, and whether the first of them are headings.

    :raises FileNotRead: too large, not a table, too many rows or columns
    """
    if len(content) > MOST_BYTES:
        raise too_large()
    if not content.strip():
        raise FileNotRead(_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        raw = _xlsx(content)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raw = _old_workbook()
    else:
        raw = _csv(content)
    return sent(_bounded(raw, most), file_name=name, most=most, has_headings=has_headings)


def too_large() -> FileNotRead:
    return FileNotRead(_("The file is larger than 5 MB. Send it in parts, or as CSV."))


def sent(
    rows: Iterable[Sequence[str]],
    *,
    file_name: str = "",
    most: int = MOST_ROWS,
    has_headings: Callable[[Sequence[str]], bool] = columns.has_headings,
) -> Sent:
    """
    Rows as they are kept: tidied, without the titles over their headings.

    :raises FileNotRead: too many rows or columns
    """
    found = cells.tidy(rows)
    skipped = _above_headings(found, has_headings)
    found = cells.without_empty_columns(found[skipped:])
    is_headed = bool(found) and has_headings(found[0])
    if len(found) - is_headed > most:
        raise too_many_rows(most)
    if found and len(found[0]) > cells.MOST_CELLS:
        raise FileNotRead(
            _("The table has more than %(n)d columns. Leave those with the people only.")
            % {"n": cells.MOST_CELLS}
        )
    return Sent(rows=found, has_headings=is_headed, skipped=skipped, file_name=file_name)


def _bounded(rows: Iterable[Sequence[str]], most: int) -> Iterator[Sequence[str]]:
    """As many as may be, with some for titles: a sheet may have a million."""
    count = 0
    for row in rows:
        if any(row):
            count += 1
            if count > most + DEEPEST_HEADING + 1:
                raise too_many_rows(most)
            yield row


def _above_headings(
    rows: Sequence[Sequence[str]], has_headings: Callable[[Sequence[str]], bool]
) -> int:
    """How many rows stand over the headings: a title, merged over all columns, and a date."""
    for at, row in enumerate(rows[:DEEPEST_HEADING]):
        if sum(map(bool, row)) >= 2 and has_headings([cell for cell in row if cell]):
            return at
    return 0


def no_rows() -> FileNotRead:
    return FileNotRead(_("There are no rows in this table."))


def too_many_rows(most: int) -> FileNotRead:
    return FileNotRead(_("The table has more than %(n)d rows. Send it in parts.") % {"n": most})


def _old_workbook() -> Iterator[Sequence[str]]:
    raise FileNotRead(
        _(
            "This is an old workbook (.xls), or one with a password. Save it as .xlsx without "
            "a password, or as CSV."
        )
    )


# --- workbooks -------------------------------------------------------------------


def _xlsx(content: bytes) -> Iterator[Sequence[str]]:
    """The cells of the first sheet as text: of a formula what was worked out last."""
    file = io.BytesIO(content)
    _refuse_trap(file)
    file.seek(0)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = next(iter(book.worksheets), None)
            if sheet is None:
                raise FileNotRead(_("There is no sheet in this workbook."))
            # What a sheet says of its own size may be anything.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_col=WIDEST, values_only=True):
                yield [_text(cell) for cell in row]
        finally:
            book.close()
    except Refused:
        raise
    except Exception as error:  # whatever a broken part makes the library stumble over
        raise _unreadable() from error


def _refuse_trap(file: io.BytesIO) -> None:
    """
    Look at the parts of a workbook before a parser does: how large they are unpacked, and
    that none declares entities, which no workbook does.
    """
    unpacked = 0
    try:
        with zipfile.ZipFile(file) as book:
            parts = book.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise FileNotRead(
                    _("Unpacked, this workbook is too large. Save the sheet alone, or as CSV.")
                )
            if "xl/workbook.xml" not in book.namelist():
                raise _unreadable()
            for part in parts:
                if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    continue
                unpacked += _refuse_entities(book, part, MOST_UNPACKED - unpacked)
    except Refused:
        raise
    except Exception as error:  # a broken archive breaks in many ways
        raise _unreadable() from error


def _refuse_entities(book: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    size, before = 0, b""
    with book.open(part) as content:
        while piece := content.read(_PIECE):
            # Another encoding than UTF-8 could hide what is looked for.
            hidden = not size and (piece[:2] in (b"\xfe\xff", b"\xff\xfe") or b"\x00" in piece[:4])
            seen = before + piece
            if hidden or b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                raise _unreadable()
            before, size = piece[-16:], size + len(piece)
            if size > most:
                raise _unreadable()
    return size


def _unreadable() -> FileNotRead:
    return FileNotRead(
        _("This file cannot be read as a table. Save it anew as .xlsx or as CSV, and send that.")
    )


def _text(cell: Any) -> str:
    """What a cell shows, or nearly: a telephone number that is a number keeps all digits."""
    match cell:
        case None:
            return ""
        case bool():
            return _("yes") if cell else _("no")
        case float() if cell.is_integer() and abs(cell) < 1e16:
            return str(int(cell))
        case datetime() if cell.time() == time():
            return f"{cell:%d.%m.%Y}"
        case datetime():
            return f"{cell:%d.%m.%Y %H:%M}"
        case date():
            return f"{cell:%d.%m.%Y}"
    return str(cell)


# --- CSV -------------------------------------------------------------------------


def _csv(content: bytes) -> Iterator[Sequence[str]]:
    text = _decoded(content)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    except csv.Error as error:
        raise _unreadable() from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 as Excel writes “Unicode text”, else Windows-1251."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1251"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # What is no text at all decodes as Windows-1251 as well.
        if not any(sign < " " and sign not in "\t\r\n\x0b\x0c" for sign in set(text)):
            return text
    raise _unreadable()


def _delimiter(text: str) -> str:
    """
    The sign that makes the first rows alike in width. (csv.Sniffer takes letters and spaces
    for delimiters where rows are few.)
    """
    lines = text.splitlines(keepends=True)[:50]

    def likeness(sign: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign) if any(row))
        except csv.Error:
            return 0, 0
        wide = {width: rows for width, rows in widths.items() if width > 1}
        if not wide:
            return 0, 0
        width, rows = max(wide.items(), key=lambda one: (one[1], one[0]))
        return rows / widths.total(), width

    return max(DELIMITERS, key=likeness)
