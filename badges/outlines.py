"""The outlines of letters as SVG paths: a preview is the very drawing that is printed."""

from __future__ import annotations

from functools import cache, lru_cache
from threading import Lock
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

from badges.typefaces import typeface

# fontTools unpacks a glyph when it is first wanted, which two threads must not do at once.
_READING = Lock()


@lru_cache(maxsize=4096)
def path(face_name: str, letter: str) -> str:
    """The `d` of a letter's path in font units, upwards; "" for a blank, a box if unknown."""
    with _READING:
        names, glyphs = _font(face_name)
        pen = SVGPathPen(glyphs)
        glyphs[names.get(ord(letter), ".notdef")].draw(pen)
        commands: str = pen.getCommands()
    return commands


@cache
def _font(face_name: str) -> tuple[dict[int, str], Any]:
    font = TTFont(typeface(face_name).file)
    return font.getBestCmap(), font.getGlyphSet()
