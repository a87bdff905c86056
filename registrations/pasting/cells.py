"""What was pasted, as rows of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from events.spelling import fold
from registrations import names

MOST_ROWS = 200
# Of a list that makes one row of the database for each of its own, and no seats.
MOST_LISTED = 1000
# What one text field of a form may hold, with what else stands in that form.
LONGEST_TEXT = 900_000
MOST_CELLS = 30
LONGEST_CELL = 1000
# A spreadsheet copies tabs; a list from a mail has one of the others, or none at all.
SEPARATORS = "\t;|"
# How the column is headed that only numbers the rows.
NUMBERING = (
    "№", "№ п/п", "№п/п", "№ пп", "п/п", "п.п", "пп", "номер", "#", "n", "no", "nr", "number",
)  # fmt: skip
LONGEST_NUMBER = 6


def read(text: str) -> list[list[str]]:
    """
    Rows of cleaned cells, without empty rows. Quoted cells may hold line breaks, as
    spreadsheets copy them. Numbers in front of a line ("1.", "2)") are no part of a name.
    """
    text = text.replace("\x00", "").strip("\n\r")
    separator = next((sign for sign in SEPARATORS if sign in text), None)
    if separator is None:
        separator = "," if _looks_like_csv(text) else "\t"
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    # One more is the column of numbers.
    return tidy(row[: MOST_CELLS + 1] for row in rows)


def as_text(rows: Sequence[Sequence[str]], *, has_headings: bool) -> str:
    """
    Tidy rows as a spreadsheet would copy them, numbered as they are spoken of. `read` gives
    the very same rows back.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    for number, row in enumerate(rows, start=0 if has_headings else 1):
        writer.writerow([str(number) if number else NUMBERING[0], *row])
    return out.getvalue()


def tidy(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Rows of cleaned cells of one width, without empty rows, empty columns and numbering."""
    cleaned = ([names.clean(cell[:LONGEST_CELL]) for cell in row] for row in rows)
    return _even(
        [row for row in _without_numbers([row for row in cleaned if any(row)]) if any(row)]
    )


def _looks_like_csv(text: str) -> bool:
    """Commas separate columns where every line has the same number of them, two or more."""
    counts = {line.count(",") for line in text.splitlines() if line.strip()}
    return len(counts) == 1 and counts.pop() >= 2


def _without_numbers(rows: list[list[str]]) -> list[list[str]]:
    """
    The rows without what only numbers them, an empty heading over it included. Under a
    heading of its own, as quotas and codes of regions have, a number is a cell like others:
    left out there, it would move the others under the wrong headings.
    """
    top = next((row for row in rows if sum(map(bool, row)) >= 2), None)
    if top is None or any(_heads_numbers(row) for row in rows):
        is_numbered = True
    else:
        is_numbered = not top[0] or _without_number(top) != top
    if not is_numbered:
        return rows
    if not any(len(row) > 1 and _numbers(row[0]) for row in rows):
        return [_without_number(row) for row in rows]
    return [row[1:] if len(row) > 1 and not row[0] else _without_number(row) for row in rows]


def _heads_numbers(row: Sequence[str]) -> bool:
    return len(row) > 1 and fold(row[0]).strip(" .:") in NUMBERING


def _without_number(cells: list[str]) -> list[str]:
    """A first cell that only numbers the row is left out; so is a number before a name."""
    first = cells[0] if cells else ""
    if _heads_numbers(cells) or (len(cells) > 1 and _numbers(first)):
        return cells[1:]
    number, _space, rest = first.partition(" ")
    if rest and _numbers(number):
        return [rest, *cells[1:]]
    return cells


def _numbers(text: str) -> bool:
    """Whether it counts rows: longer ones are telephone numbers."""
    return text.rstrip(".)").isdecimal() and len(text) <= LONGEST_NUMBER


def _even(rows: list[list[str]]) -> list[list[str]]:
    """All rows as wide as the widest, without columns that are empty everywhere."""
    width = max(map(len, rows), default=0)
    return without_empty_columns([row + [""] * (width - len(row)) for row in rows])


def without_empty_columns(rows: Sequence[list[str]]) -> list[list[str]]:
    """Rows of one width, without columns that are empty everywhere."""
    width = len(rows[0]) if rows else 0
    kept = [at for at in range(width) if any(row[at] for row in rows)]
    return [[row[at] for at in kept] for row in rows]
