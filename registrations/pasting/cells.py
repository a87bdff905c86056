"""What was pasted, as rows of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from events.spelling import fold
from registrations import names

MOST_ROWS = 200
MOST_CELLS = 30
LONGEST_CELL = 1000
# A spreadsheet copies tabs; a list from a mail has one of the others, or none at all.
SEPARATORS = "\t;|"
# How the column is headed that only numbers the rows.
NUMBERING = ("№", "№ п/п", "№п/п", "п/п", "#")
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
    return tidy(row[:MOST_CELLS] for row in rows)


def tidy(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Rows of cleaned cells of one width, without empty rows, empty columns and numbering."""
    found = []
    for row in rows:
        cells = _without_number([names.clean(cell[:LONGEST_CELL]) for cell in row])
        if any(cells):
            found.append(cells)
    return _even(found)


def _looks_like_csv(text: str) -> bool:
    """Commas separate columns where every line has the same number of them, two or more."""
    counts = {line.count(",") for line in text.splitlines() if line.strip()}
    return len(counts) == 1 and counts.pop() >= 2


def _without_number(cells: list[str]) -> list[str]:
    """A first cell that only numbers the row is left out; so is a number before a name."""
    first = cells[0] if cells else ""
    if len(cells) > 1 and (_numbers(first) or fold(first).strip(" .:") in NUMBERING):
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
