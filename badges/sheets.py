"""
The paper that stands in when nothing else works: a sign-in sheet per desk.

A4 landscape; the name is first in alphabet, long texts wrap, every page says whose it is
and which of how many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from badges import pdf
from badges.drawing import MM, Item, Rectangle, Text, paragraph
from badges.fitting import Box, Fitted, fit
from badges.rendering import INK, QUIET, measure
from badges.typefaces import for_text

A4_LANDSCAPE = (297 * MM, 210 * MM)
MARGIN = 12 * MM
HEAD, FOOT = 24 * MM, 9 * MM
LEAST_ROW = 9.5 * MM  # room for a signature
PADDING = 1.6 * MM
SIZE, SMALLEST, LEADING = 9.0, 6.5, 1.22
HAIR = 0.4
# Share of the width: order, number, name, position, organization, signature.
WIDTHS = [10, 20, 66, 58, 65, 54]
TOP = A4_LANDSCAPE[1] - MARGIN - HEAD
LOW = MARGIN + FOOT


@dataclass(frozen=True)
class Line:
    """One person of the sheet."""

    number: str
    name: str
    position: str
    organization: str


@dataclass(frozen=True)
class Row:
    cells: tuple[tuple[Fitted, bool], ...]
    height: float


def add_desk(document: pdf.Document, people: Sequence[Line], *, title: str, desk: str) -> int:
    """
    The pages of one desk; returns how many.

    `title` names the meeting and its day, `desk` the desk and its letters. Rows that are
    left on the last page stay empty for those who come without registration.
    """
    rows = [_row(place, line) for place, line in enumerate(people, 1)]
    pages = list(_pages(rows))
    header, notes = _header_cells(), _("The empty rows are for people without registration.")
    for number, page in enumerate(pages, 1):
        items = _head(title, desk, header, notes)
        items += _foot(_("Page %(page)d of %(pages)d") % {"page": number, "pages": len(pages)})
        y = TOP
        for row in page:
            items += _drawn(row, y)
            y -= row.height
        if number == len(pages):
            while y - LEAST_ROW >= LOW:
                y -= LEAST_ROW
                items.append(_rule(y))
        items += _verticals(y)
        document.draw(items)
        document.end_page()
    return len(pages)


def _columns() -> list[tuple[float, float]]:
    """Left edge and width of each column."""
    whole = A4_LANDSCAPE[0] - 2 * MARGIN
    edges, x = [], MARGIN
    for share in WIDTHS:
        width = whole * share / sum(WIDTHS)
        edges.append((x, width))
        x += width
    return edges


COLUMNS = _columns()


def _cell(text: str, column: int, *, bold: bool = False) -> tuple[Fitted, bool]:
    """Wrapped at the usual size; smaller only when five lines are not enough."""
    width = COLUMNS[column][1] - 2 * PADDING
    length = measure(for_text(text, bold=bold))
    for size in (SIZE, 8.0, 7.2, SMALLEST):
        box = Box(width, 6 * size * LEADING, size, size, lines=6, leading=LEADING)
        fitted = fit(text, box, length)
        if not fitted.is_compromise:
            return fitted, bold
    tall = Box(width, 12 * SMALLEST * LEADING, SMALLEST, 5, lines=16, leading=LEADING)
    return fit(text, tall, length), bold


def _row(place: int, line: Line) -> Row:
    texts = (str(place), line.number, line.name, line.position, line.organization)
    cells = tuple(_cell(text, n, bold=n == 2) for n, text in enumerate(texts))
    tallest = max(fitted.size * LEADING * len(fitted.lines) for fitted, _bold in cells)
    return Row(cells, max(LEAST_ROW, tallest + 2 * PADDING))


def _pages(rows: list[Row]) -> Iterator[list[Row]]:
    page: list[Row] = []
    room = TOP - LOW
    for row in rows:
        if page and row.height > room:
            yield page
            page, room = [], TOP - LOW
        page.append(row)
        room -= row.height
    yield page


def _drawn(row: Row, top: float) -> list[Item]:
    items: list[Item] = []
    for (fitted, bold), (x, _width) in zip(row.cells, COLUMNS, strict=False):
        text = "".join(fitted.lines)
        if not text:
            continue
        face = for_text(text, bold=bold)
        height = fitted.size * LEADING * len(fitted.lines)
        start = top - max(PADDING, (row.height - height) / 2)
        box = Box(0, 0, 0, 0, leading=LEADING)
        lines, _end = paragraph(fitted, box, x=x + PADDING, top=start, face=face, colour=INK)
        items += lines
    items.append(_rule(top - row.height))
    return items


def _rule(y: float) -> Rectangle:
    return Rectangle(MARGIN, y, A4_LANDSCAPE[0] - 2 * MARGIN, HAIR, QUIET)


def _verticals(low: float) -> list[Item]:
    edges = [x for x, _width in COLUMNS] + [A4_LANDSCAPE[0] - MARGIN]
    return [Rectangle(x, low, HAIR, TOP + 7 * MM - low, QUIET) for x in edges]


def _header_cells() -> list[str]:
    return ["#", _("Number"), _("Participant"), _("Position"), _("Organization"), _("Signature")]


def _head(title: str, desk: str, header: list[str], note: str) -> list[Item]:
    whole = A4_LANDSCAPE[0] - 2 * MARGIN
    items: list[Item] = []
    heading = fit(desk, Box(whole * 0.45, 9 * MM, 18, 8), measure(for_text(desk, bold=True)))
    face = for_text(desk, bold=True)
    base = A4_LANDSCAPE[1] - MARGIN - 6 * MM
    items.append(Text(MARGIN, base, heading.size, face, heading.lines[0], INK))
    face = for_text(title)
    said = fit(title, Box(whole * 0.5, 9 * MM, 10, 6), measure(face))
    x = A4_LANDSCAPE[0] - MARGIN - face.width(said.lines[0], said.size)
    items.append(Text(x, base, said.size, face, said.lines[0], INK))
    face = for_text(note)
    items.append(Text(MARGIN, base - 5 * MM, 7.5, face, note, QUIET))
    for text, (x, width) in zip(header, COLUMNS, strict=True):
        face = for_text(text, bold=True)
        fitted = fit(text, Box(width - 2 * PADDING, 7 * MM, 8, 5), measure(face))
        items.append(Text(x + PADDING, TOP + 2.4 * MM, fitted.size, face, fitted.lines[0], QUIET))
    items += [_rule(TOP), _rule(TOP + 7 * MM)]
    return items


def _foot(text: str) -> list[Item]:
    face = for_text(text)
    x = A4_LANDSCAPE[0] - MARGIN - face.width(text, 8)
    return [Text(x, MARGIN + 2 * MM, 8, face, text, QUIET)]
