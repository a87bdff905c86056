"""
Finished documents become one: pages copied by pikepdf, nothing on them touched.

Apart from `badges.pdf`, so that only workers load it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from string import ascii_uppercase
from typing import BinaryIO

import pikepdf


def join(out: BinaryIO, parts: Iterable[BinaryIO]) -> None:
    """
    One document of the pages of all, in that order; title and language are the first's.

    The parts must be seekable, and stay open until this returns.
    """
    with ExitStack() as stack:
        documents = [stack.enter_context(pikepdf.Pdf.open(part)) for part in parts]
        for number, document in enumerate(documents):
            _rename_fonts(document, number)
        whole = documents[0]
        for document in documents[1:]:
            whole.pages.extend(document.pages)
        whole.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )


def _rename_fonts(document: pikepdf.Pdf, number: int) -> None:
    """
    Give the fonts of a part tags of their own.

    Each part has other letters of the same fonts, and a printer that keeps fonts by name
    would take one for the other.
    """
    high, low = divmod(number, 26 * 26)
    tag = "".join(ascii_uppercase[n % 26] for n in (high, low // 26, low))
    for font in document.objects:
        if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/Font":
            name = pikepdf.Name(f"/{tag}{str(font.BaseFont)[4:]}")
            font.BaseFont = name
            font.FontDescriptor.FontName = name
