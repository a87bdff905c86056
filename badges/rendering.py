"""
One badge, 90 × 55 mm, and ten of them on a sheet of A4.

The category is a bar in colour and in words; the family name is as large as the width
allows; the QR keeps 20 mm and its quiet zone whatever else has to shrink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from badges import pdf
from badges.drawing import MM, Colour, Item, Rectangle, Symbol, Text, paragraph, symbol
from badges.fitting import Box, Fitted, fit
from badges.typefaces import Typeface, for_text
from badges.wording import Badge, quoted
from registrations import tickets

WIDTH, HEIGHT = 90 * MM, 55 * MM
INK: Colour = (23, 32, 43)
QUIET: Colour = (81, 96, 111)
WHITE: Colour = (255, 255, 255)
# events.models.Colour as it is printed: white words on each have a contrast of 4.5 : 1.
COLOURS: dict[str, Colour] = {
    "blue": (29, 63, 163),
    "green": (19, 106, 67),
    "purple": (104, 44, 140),
    "teal": (0, 98, 115),
    "brown": (122, 74, 18),
    "red": (168, 32, 26),
    "grey": (91, 100, 112),
    "black": (23, 32, 43),
}

MARGIN = 4 * MM
FRAME = 2 * MM  # what a cut may be off without showing a neighbour's bar
BAR = 7 * MM
QR_SIDE = 20 * MM
QUIET_MODULES = 4
SHORTEST_QR = 25  # modules of a symbol of version 2, which all our codes need
QR_CLEAR = QR_SIDE + QR_SIDE / SHORTEST_QR * QUIET_MODULES + 3.4 * MM
COLUMN = WIDTH - 2 * MARGIN  # beside nothing
NARROW = WIDTH - MARGIN - QR_SIDE - QR_SIDE / SHORTEST_QR * QUIET_MODULES - MARGIN
NAMES_TOP = HEIGHT - FRAME - BAR - 1.2 * MM
# Sizes under which a text is read only by whoever wears it: the preflight lists them.
READABLE = {"family": 11.0, "given": 7.5, "latin": 6.0, "organization": 6.5, "position": 6.0}


@dataclass
class Drawn:
    """A badge as it is drawn, and what had to give way."""

    items: list[Item]
    small: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def note(self, name: str, fitted: Fitted) -> None:
        if not fitted.complete:
            self.cut.append(name)
        elif fitted.broken:
            self.broken.append(name)
        elif fitted.size < READABLE.get(name, 0):
            self.small.append(name)


def measure(face: Typeface) -> Callable[[str], float]:
    """The length of a text in size 1."""
    return lambda text: face.width(text, 1)


def draw(badge: Badge) -> Drawn:
    """Lay one badge out. Every text ends inside its box or is named in the result."""
    drawn = Drawn([])
    _draw_bar(badge, drawn)
    _draw_names(badge, drawn)
    _draw_code(badge, drawn)
    _draw_column(badge, drawn)
    return drawn


def _draw_bar(badge: Badge, drawn: Drawn) -> None:
    low = HEIGHT - FRAME - BAR
    drawn.items.append(
        Rectangle(FRAME, low, WIDTH - 2 * FRAME, BAR, COLOURS.get(badge.colour, INK))
    )
    word = badge.category.upper()
    face = for_text(word, bold=True)
    spacing = 0.06  # of the size: capitals want air
    box = Box(39 * MM, BAR - 0.8 * MM, 11, 5, lines=2)

    def spaced(text: str) -> float:
        return face.width(text, 1) + spacing * len(text)

    fitted = fit(word, box, spaced, balanced=True)
    drawn.note("category", fitted)
    pitch = fitted.size * box.leading
    base = low + BAR / 2 - fitted.size * 0.35 + pitch * (len(fitted.lines) - 1) / 2
    for number, line in enumerate(fitted.lines):
        y = base - number * pitch
        air = spacing * fitted.size
        drawn.items.append(Text(MARGIN, y, fitted.size, face, line, WHITE, air))
    start = MARGIN + fitted.size * max(map(spaced, fitted.lines)) + 3 * MM
    room = WIDTH - MARGIN - start
    for text, height in (badge.title, 0.62), (badge.day, 0.24):
        face = for_text(text)
        fitted = fit(text, Box(room, BAR, 6.8, 4), measure(face))
        drawn.note("title", fitted)
        line = fitted.lines[0]
        x = WIDTH - MARGIN - face.width(line, fitted.size)
        y = low + BAR * height - fitted.size * 0.15
        drawn.items.append(Text(x, y, fitted.size, face, line, WHITE))


def _draw_names(badge: Badge, drawn: Drawn) -> None:
    """Family name, then given names, in what is left between the bar and the QR."""
    room = NAMES_TOP - QR_CLEAR
    bold, plain = for_text(badge.family, bold=True), for_text(badge.given)
    best: tuple[float, Box, Fitted, Box, Fitted] | None = None
    for share in (5.6, 4.4, 8.0) if badge.given else (0.0,):
        second = Box(COLUMN, share * MM, 14, 5, lines=5)
        given = fit(badge.given, second, measure(plain), balanced=True)
        taken = given.size * second.leading * len(given.lines) if badge.given else 0
        first = Box(COLUMN, room - taken, 26, 6, lines=5, leading=1.14)
        family = fit(badge.family, first, measure(bold), balanced=True)
        score = min(family.size / 13, given.size / 8 if badge.given else 9, 1)
        score -= given.broken + family.broken + 9 * (not family.complete or not given.complete)
        if best is None or score > best[0] * 1.05 + 1e-6:
            best = (score, first, family, second, given)
        if score >= 1:
            break
    assert best is not None
    _score, first, family, second, given = best
    taken = family.size * first.leading * len(family.lines)
    if badge.given:
        taken += given.size * second.leading * len(given.lines)
    # Short names float a little: the eye wants them nearer to the middle of the room.
    top = NAMES_TOP - (room - taken) * 0.45
    lines, top = paragraph(family, first, x=MARGIN, top=top, face=bold, colour=INK)
    drawn.items += lines
    drawn.note("family", family)
    if badge.given:
        lines, _below = paragraph(given, second, x=MARGIN, top=top, face=plain, colour=INK)
        drawn.items += lines
        drawn.note("given", given)


def _draw_code(badge: Badge, drawn: Drawn) -> None:
    if badge.code:
        drawn.items.append(qr(badge.code, x=WIDTH - MARGIN - QR_SIDE, y=3.4 * MM, side=QR_SIDE))


def qr(code: str, *, x: float, y: float, side: float) -> Symbol:
    """The ticket's symbol; who places it keeps the quiet zone of four modules."""
    return symbol(tickets.qr_matrix(code), x=x, y=y, side=side)


def _draw_column(badge: Badge, drawn: Drawn) -> None:
    """Beside the QR: the Latin name on top, the rest standing on the lower margin."""
    top, low = QR_CLEAR - 0.4 * MM, 3.2 * MM
    if badge.latin:
        top = _draw_latin(badge.latin, drawn, top=top) - 0.8 * MM
    number = f"№ {badge.number}"
    drawn.items.append(Text(MARGIN, low + 0.6, 6.8, for_text(number), number, QUIET))
    low += 3.4 * MM
    for heights in HEIGHTS:
        stack = [
            _Setting(name, text, colour, room)
            for (name, text, colour), room in zip(_column_texts(badge), heights, strict=True)
            if text
        ]
        if sum(setting.height + GAP for setting in stack) <= top - low:
            break
    for setting in stack:
        fitted, box = setting.fitted, setting.box
        drawn.note(setting.name, fitted)
        low += setting.height
        lines, _end = paragraph(
            fitted, box, x=MARGIN, top=low, face=setting.face, colour=setting.colour
        )
        drawn.items += lines
        low += GAP


GAP = 0.5 * MM
# What region, position and organization may take: height in mm, largest and smallest size.
# The first row that finds its place is taken; the last one always does.
HEIGHTS = (
    ((5.4, 7.5, 5.0), (9.6, 7.5, 5.6), (12.6, 9.5, 6.5)),
    ((5.4, 7.5, 5.0), (6.8, 7.5, 5.0), (10.5, 9.5, 5.6)),
    ((2.9, 7.2, 5.0), (6.8, 7.2, 5.0), (7.2, 9.0, 5.4)),
    ((2.9, 7.2, 4.5), (5.4, 7.2, 4.5), (5.4, 9.0, 5.0)),
    ((2.6, 7.0, 4.5), (4.2, 7.0, 4.0), (4.2, 9.0, 4.5)),
)


def _column_texts(badge: Badge) -> tuple[tuple[str, str, Colour], ...]:
    """From below."""
    return (
        ("region", badge.region, QUIET),
        ("position", badge.position, INK),
        ("organization", badge.organization, INK),
    )


class _Setting:
    """A text of the column, fitted into the height it was given."""

    def __init__(
        self, name: str, text: str, colour: Colour, room: tuple[float, float, float]
    ) -> None:
        height, largest, smallest = room
        bold = name == "organization"
        self.name, self.colour = name, colour
        self.box = Box(NARROW, height * MM, largest, smallest, lines=4)
        self.face = for_text(text, bold=bold)
        self.fitted = fit(text, self.box, measure(self.face), balanced=True)
        if bold and self.fitted.is_compromise and (core := quoted(text)):
            self.face = for_text(core, bold=True)
            self.fitted = fit(core, self.box, measure(self.face), balanced=True)

    @property
    def height(self) -> float:
        return self.fitted.size * self.box.leading * len(self.fitted.lines)


def _draw_latin(text: str, drawn: Drawn, *, top: float) -> float:
    box = Box(NARROW, 6.2 * MM, 9, 4.6, lines=3)
    face = for_text(text)
    fitted = fit(text, box, measure(face), balanced=True)
    drawn.note("latin", fitted)
    lines, end = paragraph(fitted, box, x=MARGIN, top=top, face=face, colour=QUIET)
    drawn.items += lines
    return end


# --- sheets -----------------------------------------------------------------------
A4 = (210 * MM, 297 * MM)
COLUMNS, ROWS = 2, 5
PER_SHEET = COLUMNS * ROWS
LEFT = (A4[0] - COLUMNS * WIDTH) / 2
BOTTOM = (A4[1] - ROWS * HEIGHT) / 2
MARK, MARK_GAP, HAIR = 4 * MM, 1.5 * MM, 0.25


def corner(place: int) -> tuple[float, float]:
    """Lower left corner of a badge on the sheet, by its place from 0: row by row."""
    row, column = divmod(place, COLUMNS)
    return LEFT + column * WIDTH, BOTTOM + (ROWS - 1 - row) * HEIGHT


def crop_marks() -> list[Item]:
    """Where to cut, outside of what is kept."""
    marks: list[Item] = []
    for column in range(COLUMNS + 1):
        x = LEFT + column * WIDTH - HAIR / 2
        for y in (BOTTOM - MARK_GAP - MARK, A4[1] - BOTTOM + MARK_GAP):
            marks.append(Rectangle(x, y, HAIR, MARK, INK))
    for row in range(ROWS + 1):
        y = BOTTOM + row * HEIGHT - HAIR / 2
        for x in (LEFT - MARK_GAP - MARK, A4[0] - LEFT + MARK_GAP):
            marks.append(Rectangle(x, y, MARK, HAIR, INK))
    return marks


_MARKS = crop_marks()


def add_sheet(document: pdf.Document, badges: Sequence[Badge], *, footing: str = "") -> None:
    """Up to ten badges as one more page; `footing` stands outside the cut."""
    document.draw(_MARKS)
    if footing:
        face = for_text(footing)
        x, y = LEFT + 4 * MM, A4[1] - BOTTOM + 2.2 * MM
        document.draw([Text(x, y, 6.5, face, footing, QUIET)])
    for place, badge in enumerate(badges):
        x, y = corner(place)
        document.draw(draw(badge).items, x=x, y=y)
    document.end_page()


def add_single(document: pdf.Document, badge: Badge) -> None:
    """One badge as a page of its own size."""
    document.draw(draw(badge).items)
    document.end_page()


def in_sheets(badges: Iterable[Badge]) -> list[list[Badge]]:
    """Ten by ten; nobody at all is one empty sheet, for a document has a page."""
    everybody = list(badges)
    return [everybody[n : n + PER_SHEET] for n in range(0, len(everybody), PER_SHEET)] or [[]]
