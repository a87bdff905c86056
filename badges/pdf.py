"""
Drawings as PDF pages, written by reportlab; the same drawings give the same bytes.

reportlab keeps a document in memory until it is saved: what is long is made in parts and
joined (`badges.joining`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import BinaryIO

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from badges.drawing import Colour, Item, Rectangle, Symbol, Text
from badges.typefaces import typeface

FACES = ("GolosText-Regular", "GolosText-Bold", "NotoSans-Regular", "NotoSans-Bold")
BLACK: Colour = (0, 0, 0)
rl_config.useA85 = 0  # streams stay bytes: as text they would be a quarter longer

# reportlab reads a font's file while it saves; two threads would move each other's place.
_SAVING = Lock()


@cache
def _register() -> None:
    for name in FACES:
        # Only the letters that are used, and not all of ASCII as well.
        pdfmetrics.registerFont(TTFont(name, str(typeface(name).file), asciiReadable=False))


class Document:
    """
    Pages of one size in points, written to `out` when it is saved.

    Printed as it is: viewers that obey are told not to scale.
    """

    def __init__(
        self, out: BinaryIO, *, title: str, language: str, size: tuple[float, float]
    ) -> None:
        _register()
        self._canvas = Canvas(
            out,
            pagesize=size,
            pageCompression=1,
            pdfVersion=(1, 7),
            invariant=1,
            initialFontName=FACES[0],  # type: ignore[arg-type]  # the stub says a number
            lang=language,
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor("")
        self._canvas.setSubject("")
        self._canvas.setCreator("Yavka")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._canvas.setViewerPreference("PrintScaling", "None")

    def draw(self, items: Iterable[Item], *, x: float = 0, y: float = 0) -> None:
        """Put a drawing on the page that is open, its lower left corner at (x, y)."""
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(x, y)
        colour: Colour | None = None
        for item in items:
            wanted = BLACK if isinstance(item, Symbol) else item.colour
            if wanted != colour:
                canvas.setFillColorRGB(*(value / 255 for value in wanted))
                colour = wanted
            if isinstance(item, Text):
                canvas.setFont(item.face.name, item.size)
                canvas.drawString(item.x, item.y, item.text, charSpace=item.spacing)
            elif isinstance(item, Rectangle):
                canvas.rect(item.x, item.y, item.width, item.height, stroke=0, fill=1)
            else:
                _draw_symbol(canvas, item)
        canvas.restoreState()

    def end_page(self) -> None:
        self._canvas.showPage()

    def save(self) -> None:
        """Write the document, with those letters of each font that stand in it."""
        with _SAVING:
            self._canvas.save()


def _draw_symbol(canvas: Canvas, item: Symbol) -> None:
    """One path, filled once: no seams between modules in any viewer."""
    unit, last = item.side / item.modules, item.modules - 1
    canvas.saveState()
    canvas.translate(item.x, item.y)
    canvas.scale(unit, unit)
    # Whole numbers need no formatting: this is two thirds of all that is on a sheet.
    path = PDFPathObject([f"{x} {last - y} {n} 1 re" for x, y, n in item.runs])
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
