"""What stands on a page, before it becomes PDF or SVG. Points, from the lower left corner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from badges.fitting import Box, Fitted
from badges.typefaces import Typeface

MM = 72 / 25.4
Colour = tuple[int, int, int]
# Of a line's pitch: how much lies above the baseline, for accents on capitals as well.
ABOVE_BASELINE = 0.83
DARK = re.compile(rb"\x01+")


@dataclass(frozen=True, slots=True)
class Text:
    """A run of letters on a baseline. `spacing` is added after each letter."""

    x: float
    y: float
    size: float
    face: Typeface
    text: str
    colour: Colour
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR: `runs` of dark modules (x, y from the top, length) in a square of `modules`."""

    x: float
    y: float
    side: float
    modules: int
    runs: tuple[tuple[int, int, int], ...]


Item = Text | Rectangle | Symbol


def paragraph(
    fitted: Fitted, box: Box, *, x: float, top: float, face: Typeface, colour: Colour
) -> tuple[list[Text], float]:
    """The lines of a fitted text, the first just under `top`; and where the last one ends."""
    pitch = fitted.size * box.leading
    first = top - pitch * ABOVE_BASELINE
    lines = [
        Text(x, first - n * pitch, fitted.size, face, line, colour)
        for n, line in enumerate(fitted.lines)
    ]
    return lines, top - pitch * len(lines)


def symbol(matrix: Sequence[Sequence[bool]], *, x: float, y: float, side: float) -> Symbol:
    """A QR symbol with its lower left corner at (x, y), without the quiet zone."""
    runs = tuple(
        (run.start(), number, run.end() - run.start())
        for number, row in enumerate(matrix)
        for run in DARK.finditer(bytes(row))
    )
    return Symbol(x, y, side, len(matrix), runs)
