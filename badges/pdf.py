"""
PDF, written page by page.

A document is joined from parts, each some finished pages and the letters that stand on
them, so that thousands of badges take no more memory than a sheet, and a part that is
finished never has to be made again (docs/decisions says why no library does this here).
A letter's code in the file is its Unicode value; each font is embedded once, with the
letters that were used. The same parts give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from badges.drawing import Colour, Item, Rectangle, Symbol, Text
from badges.typefaces import Typeface, typeface

FACES = ("GolosText-Regular", "GolosText-Bold", "NotoSans-Regular", "NotoSans-Bold")
FONT_OF = {name: f"/F{n}" for n, name in enumerate(FACES)}


def operators(items: Iterable[Item]) -> str:
    """The drawing as PDF operators."""
    out: list[str] = []
    colour: Colour | None = None
    for item in items:
        wanted = (0, 0, 0) if isinstance(item, Symbol) else item.colour
        if wanted != colour:
            out.append("{:.3g} {:.3g} {:.3g} rg".format(*(c / 255 for c in wanted)))
            colour = wanted
        if isinstance(item, Text):
            spaced = f"{item.spacing:.3g} Tc " if item.spacing else ""
            out.append(
                f"BT {FONT_OF[item.face.name]} {item.size:.2f} Tf {spaced}"
                f"{item.x:.2f} {item.y:.2f} Td {_shown(item)} Tj ET"
            )
            if item.spacing:
                out.append("0 Tc")
        elif isinstance(item, Rectangle):
            out.append(f"{item.x:.2f} {item.y:.2f} {item.width:.2f} {item.height:.2f} re f")
        else:
            out.append(_modules(item))
    return "\n".join(out)


def _shown(item: Text) -> str:
    return f"<{item.text.encode('utf-16-be').hex()}>"


def _modules(item: Symbol) -> str:
    """One path, filled once: no seams between modules in any viewer."""
    unit = item.side / item.modules
    last = item.modules - 1
    path = "".join([f"{x} {last - y} {n} 1 re " for x, y, n in item.runs])
    return f"q {unit:.5f} 0 0 {unit:.5f} {item.x:.2f} {item.y:.2f} cm {path}f Q"


def placed(items: Iterable[Item], *, x: float, y: float) -> str:
    """A drawing moved to another corner."""
    return f"q 1 0 0 1 {x:.2f} {y:.2f} cm\n{operators(items)}\nQ"


@dataclass
class Part:
    """Finished pages, and the letters on them by font."""

    pages: list[bytes] = field(default_factory=list)
    letters: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add_page(self, content: str) -> None:
        self.pages.append(zlib.compress(content.encode("ascii"), 6))

    def note(self, items: Iterable[Item]) -> None:
        """Remember which letters have to be embedded."""
        for item in items:
            if isinstance(item, Text):
                self.letters[item.face.name].update(item.text)

    def to_bytes(self) -> bytes:
        header = {
            "lengths": [len(page) for page in self.pages],
            "letters": {name: "".join(sorted(used)) for name, used in self.letters.items()},
        }
        return json.dumps(header).encode() + b"\n" + b"".join(self.pages)

    @classmethod
    def from_bytes(cls, data: bytes) -> Part:
        head, _newline, body = data.partition(b"\n")
        header = json.loads(head)
        part, start = cls(), 0
        for length in header["lengths"]:
            part.pages.append(body[start : start + length])
            start += length
        for name, used in header["letters"].items():
            part.letters[name].update(used)
        return part


class _Output:
    """Numbered objects, written one after the other; knows where each begins."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._place = 0
        self._hash = hashlib.sha256()
        self.starts: dict[int, int] = {}
        self.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._hash.update(data)
        self._place += len(data)

    def put(self, number: int, body: str | bytes) -> None:
        self.starts[number] = self._place
        data = body.encode("ascii") if isinstance(body, str) else body
        self.write(b"%d 0 obj\n%s\nendobj\n" % (number, data))

    def put_stream(
        self, number: int, data: bytes, entries: str = "", *, packed: bool = False
    ) -> None:
        data = data if packed else zlib.compress(data, 9)
        head = f"<< {entries}/Filter /FlateDecode /Length {len(data)} >>\nstream\n".encode("ascii")
        self.put(number, head + data + b"\nendstream")

    def close(self) -> None:
        table, size = self._place, len(self.starts) + 1
        rows = [f"{self.starts[n]:010d} 00000 n \n" for n in range(1, size)]
        self.write(f"xref\n0 {size}\n0000000000 65535 f \n{''.join(rows)}".encode("ascii"))
        mark = self._hash.hexdigest()[:32]
        self.write(
            f"trailer\n<< /Size {size} /Root 1 0 R /Info 3 0 R /ID [<{mark}> <{mark}>] >>\n"
            f"startxref\n{table}\n%%EOF\n".encode("ascii")
        )


def write(
    out: BinaryIO, parts: Iterable[Part], *, title: str, language: str, size: tuple[float, float]
) -> int:
    """
    Join the parts into one document; return how many pages it has.

    `size` is the pages' width and height in points. Printed as it is: viewers that obey
    are told not to scale.
    """
    output = _Output(out)
    letters: defaultdict[str, set[str]] = defaultdict(set)
    number, pages = 5, []
    for part in parts:
        for name, used in part.letters.items():
            letters[name] |= used
        for content in part.pages:
            pages.append(number)
            output.put(
                number,
                f"<< /Type /Page /Parent 2 0 R /Resources 4 0 R /Contents {number + 1} 0 R >>",
            )
            output.put_stream(number + 1, content, packed=True)
            number += 2
    fonts = []
    for name in FACES:
        if letters[name]:
            fonts.append(f"{FONT_OF[name]} {number} 0 R")
            number = _put_font(output, number, typeface(name), letters[name])
    kids = " ".join(f"{page} 0 R" for page in pages)
    output.put(
        1,
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) /ViewerPreferences "
        "<< /DisplayDocTitle true /PrintScaling /None >> >>",
    )
    output.put(
        2,
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] "
        f"/MediaBox [0 0 {size[0]:.2f} {size[1]:.2f}] >>",
    )
    output.put(3, f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>")
    output.put(4, f"<< /Font << {' '.join(fonts)} >> >>")
    output.close()
    return len(pages)


def _put_font(output: _Output, number: int, face: Typeface, letters: set[str]) -> int:
    """A font with these letters as six objects; returns the next free number."""
    known = sorted(letters & face.letters)
    tag = hashlib.sha256("".join(known).encode()).hexdigest()[:6].translate(_TO_CAPITALS)
    name = f"{tag}+{face.name}"
    left, low, right, high = face.bounds
    widths = " ".join(f"{ord(c)} [{face.widths[c]:.4g}]" for c in known)
    output.put(
        number,
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
        f"/DescendantFonts [{number + 1} 0 R] /ToUnicode {number + 5} 0 R >>",
    )
    output.put(
        number + 1,
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/FontDescriptor {number + 2} 0 R /DW 1000 /W [{widths}] "
        f"/CIDToGIDMap {number + 4} 0 R >>",
    )
    output.put(
        number + 2,
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /ItalicAngle 0 "
        f"/FontBBox [{left} {low} {right} {high}] /Ascent {face.ascent} "
        f"/Descent {face.descent} /CapHeight {face.cap_height} "
        f"/StemV {140 if 'Bold' in name else 80} /FontFile2 {number + 3} 0 R >>",
    )
    file = face.subset(known)
    output.put_stream(number + 3, file, f"/Length1 {len(file)} ")
    output.put_stream(number + 4, _glyph_map(face, known))
    output.put_stream(number + 5, "".join(_unicode_map(known)).encode("ascii"))
    return number + 6


_TO_CAPITALS = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")


def _glyph_map(face: Typeface, letters: list[str]) -> bytes:
    """CIDToGIDMap: at place 2n the glyph of the letter with Unicode value n."""
    table = bytearray(2 * (ord(letters[-1]) + 1)) if letters else bytearray(2)
    for letter in letters:
        code = ord(letter)
        table[2 * code : 2 * code + 2] = face.glyph_of[code].to_bytes(2, "big")
    return bytes(table)


def _unicode_map(letters: list[str]) -> Iterator[str]:
    """ToUnicode, so that what is printed can be searched and copied."""
    yield (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
    )
    for start in range(0, len(letters), 100):
        some = letters[start : start + 100]
        rows = "".join(f"<{ord(c):04x}> <{ord(c):04x}>\n" for c in some)
        yield f"{len(some)} beginbfchar\n{rows}endbfchar\n"
    yield "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
