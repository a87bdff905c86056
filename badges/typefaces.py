"""
The letters that are printed: which font has them, and how wide they are.

Four static TrueType files are vendored (fonts/vendor.json): Golos Text in two weights,
and Noto Sans for the letters that Golos has not (Vietnamese, rarer Cyrillic, Greek). A
line is set in one hand: one letter that Golos lacks moves the whole line to Noto. The
files are read by fontTools.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent / "fonts"


class Typeface:
    """One TrueType file. Lengths are in thousandths of the size."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = FOLDER / f"{name}.ttf"
        with TTFont(self.file) as font:
            scale = 1000 / font["head"].unitsPerEm
            advances = {g: width * scale for g, (width, _left) in font["hmtx"].metrics.items()}
            glyphs: dict[int, str] = font.getBestCmap()
        # A letter that is not there weighs what the empty box weighs.
        self.widths: defaultdict[str, float] = defaultdict(lambda: advances[".notdef"])
        self.widths.update({chr(code): advances[glyph] for code, glyph in glyphs.items()})
        self.letters = frozenset(map(chr, glyphs))
        """What the font can print."""

    def __repr__(self) -> str:
        return self.name

    def width(self, text: str, size: float) -> float:
        """How long the text is when set in `size`, in the unit of `size`."""
        widths = self.widths
        return sum([widths[c] for c in text]) * size / 1000


@cache
def typeface(name: str) -> Typeface:
    """A vendored font, read once a process."""
    return Typeface(name)


def for_text(text: str, *, bold: bool = False) -> Typeface:
    """The font in which a text is set: Golos, or Noto where Golos lacks a letter of it."""
    weight = "Bold" if bold else "Regular"
    golos = typeface(f"GolosText-{weight}")
    return golos if golos.letters.issuperset(text) else typeface(f"NotoSans-{weight}")


def missing(text: str) -> list[str]:
    """The letters that none of our fonts has, each once, in the order of the text."""
    if typeface("GolosText-Regular").letters.issuperset(text):
        return []
    known = typeface("NotoSans-Regular").letters
    return list(dict.fromkeys(c for c in text if c not in known))
