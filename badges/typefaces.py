"""
The letters that are printed: fonts read from their files, measured, chosen and embedded.

Four static TrueType files are vendored (fonts/vendor.json): Golos Text in two weights,
and Noto Sans for the letters that Golos has not (Vietnamese, rarer Cyrillic, Greek). A
line is set in one hand: one letter that Golos lacks moves the whole line to Noto.
"""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
# Of a composite glyph (OpenType, "glyf"): how long the record of a component is.
WORDS, SCALE, MORE, TWO_SCALES, MATRIX = 0x01, 0x08, 0x20, 0x40, 0x80
EMBEDDED = ("cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")


class Typeface:
    """One TrueType file. Lengths are in thousandths of the size."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._data = (FOLDER / f"{name}.ttf").read_bytes()
        count = struct.unpack_from(">H", self._data, 4)[0]
        self._tables: dict[str, bytes] = {}
        for n in range(count):
            tag, _sum, start, length = struct.unpack_from(">4sLLL", self._data, 12 + 16 * n)
            self._tables[tag.decode()] = self._data[start : start + length]
        head, hhea = self._tables["head"], self._tables["hhea"]
        self._scale = 1000 / int(struct.unpack_from(">H", head, 18)[0])
        self.bounds = [round(v * self._scale) for v in struct.unpack_from(">4h", head, 36)]
        self.ascent, self.descent = (
            round(v * self._scale) for v in struct.unpack_from(">2h", hhea, 4)
        )
        self.cap_height = round(struct.unpack_from(">h", self._tables["OS/2"], 88)[0] * self._scale)
        self.glyph_of = self._read_cmap()
        # A letter that is not there weighs what the empty box weighs.
        advances = self._read_advances()
        self.widths: defaultdict[str, float] = defaultdict(lambda: advances[0])
        self.widths.update({chr(code): advances[g] for code, g in self.glyph_of.items()})

    def __repr__(self) -> str:
        return self.name

    def width(self, text: str, size: float) -> float:
        """How long the text is when set in `size`, in the unit of `size`."""
        widths = self.widths
        return sum([widths[c] for c in text]) * size / 1000

    @cached_property
    def letters(self) -> frozenset[str]:
        """What the font can print."""
        return frozenset(map(chr, self.glyph_of))

    def glyph(self, number: int) -> bytes:
        """The record of a glyph in the table of outlines; empty for a blank."""
        return self._tables["glyf"][self._offsets[number] : self._offsets[number + 1]]

    def subset(self, letters: Iterable[str]) -> bytes:
        """
        A TrueType file with the outlines of these letters only.

        Glyphs keep their numbers: those that are not needed become blanks.
        """
        kept = {0}
        todo = [self.glyph_of[ord(c)] for c in letters if ord(c) in self.glyph_of]
        while todo:
            if (number := todo.pop()) not in kept:
                kept.add(number)
                todo += [part for part, *_rest in components(self.glyph(number))]
        outlines, offsets = bytearray(), array("L", [0])
        for number in range(len(self._offsets) - 1):
            if number in kept:
                outlines += self.glyph(number)
                outlines += bytes(-len(outlines) % 4)
            offsets.append(len(outlines))
        head = bytearray(self._tables["head"])
        struct.pack_into(">h", head, 50, 1)  # offsets are long
        struct.pack_into(">L", head, 8, 0)  # no checksum of the whole: readers do not look
        tables = self._tables | {
            "head": bytes(head),
            "glyf": bytes(outlines),
            "loca": struct.pack(f">{len(offsets)}L", *offsets),
        }
        return _file({tag: tables[tag] for tag in EMBEDDED if tag in tables})

    @cached_property
    def _offsets(self) -> list[int]:
        loca = self._tables["loca"]
        if struct.unpack_from(">h", self._tables["head"], 50)[0]:
            return list(struct.unpack(f">{len(loca) // 4}L", loca))
        return [2 * v for v in struct.unpack(f">{len(loca) // 2}H", loca)]

    def _read_advances(self) -> list[float]:
        count = struct.unpack_from(">H", self._tables["hhea"], 34)[0]
        glyphs = struct.unpack_from(">H", self._tables["maxp"], 4)[0]
        pairs = struct.unpack_from(f">{2 * count}H", self._tables["hmtx"])
        widths = [v * self._scale for v in pairs[::2]]
        return widths + [widths[-1]] * (glyphs - count)

    def _read_cmap(self) -> dict[int, int]:
        """Code → glyph, from the table for the Basic Multilingual Plane (format 4)."""
        cmap = self._tables["cmap"]
        for n in range(struct.unpack_from(">H", cmap, 2)[0]):
            platform, encoding, start = struct.unpack_from(">HHL", cmap, 4 + 8 * n)
            if (platform, encoding) == (3, 1):
                return dict(_segments(cmap[start:]))
        raise ValueError(f"{self.name} has no Unicode table.")


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    columns = [14, 16 + 2 * count, 16 + 4 * count, 16 + 6 * count]
    ends, starts, deltas, ranges = (struct.unpack_from(f">{count}H", table, c) for c in columns)
    for n in range(count):
        for code in range(starts[n], min(ends[n], 0xFFFE) + 1):
            glyph = code
            if ranges[n]:
                place = columns[3] + 2 * n + ranges[n] + 2 * (code - starts[n])
                glyph = struct.unpack_from(">H", table, place)[0]
            if not ranges[n] or glyph:
                glyph = (glyph + deltas[n]) & 0xFFFF
            if glyph:
                yield code, glyph


def components(record: bytes) -> list[tuple[int, float, float, tuple[float, ...]]]:
    """Of what a composite glyph is made: (glyph, dx, dy, matrix). Empty for a simple one."""
    parts: list[tuple[int, float, float, tuple[float, ...]]] = []
    if len(record) < 10 or struct.unpack_from(">h", record)[0] >= 0:
        return parts
    place, flags = 10, MORE
    while flags & MORE:
        flags, number = struct.unpack_from(">HH", record, place)
        form = ">2h" if flags & WORDS else ">2b"
        dx, dy = struct.unpack_from(form, record, place + 4)
        place += 4 + struct.calcsize(form)
        scales = 1 if flags & SCALE else 2 if flags & TWO_SCALES else 4 if flags & MATRIX else 0
        values = [v / 16384 for v in struct.unpack_from(f">{scales}h", record, place)]
        place += 2 * scales
        matrix = {0: (1.0, 0.0, 0.0, 1.0), 4: tuple(values)}.get(scales) or (
            values[0],
            0.0,
            0.0,
            values[-1],
        )
        parts.append((number, dx, dy, matrix))
    return parts


def _file(tables: dict[str, bytes]) -> bytes:
    """A font file out of its tables, in the order of their tags."""
    count = len(tables)
    power = count.bit_length() - 1
    header = struct.pack(
        ">LHHHH", 0x00010000, count, 16 << power, power, 16 * count - (16 << power)
    )
    place, entries, body = 12 + 16 * count, b"", b""
    for tag in sorted(tables):
        table = tables[tag]
        padded = table + bytes(-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        entries += struct.pack(">4sLLL", tag.encode(), checksum, place + len(body), len(table))
        body += padded
    return header + entries + body


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
