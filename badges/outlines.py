"""The outlines of letters as SVG paths: a preview is the very drawing that is printed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache

from badges.typefaces import Typeface, components, typeface

ON_CURVE, SHORT_X, SHORT_Y, REPEAT, SAME_X, SAME_Y = 1, 2, 4, 8, 16, 32
Point = tuple[float, float, bool]  # x, y, whether the curve goes through it


@lru_cache(maxsize=4096)
def path(face_name: str, letter: str) -> str:
    """The `d` of a letter's path in font units, upwards; "" for a blank or unknown one."""
    face = typeface(face_name)
    glyph = face.glyph_of.get(ord(letter), 0)
    return "".join(map(_drawn, _contours(face, glyph)))


def _contours(face: Typeface, glyph: int) -> Iterator[list[Point]]:
    record = face.glyph(glyph)
    if not record:
        return
    count = struct.unpack_from(">h", record)[0]
    if count >= 0:
        yield from _simple(record, count)
        return
    for part, dx, dy, (a, b, c, d) in components(record):
        for contour in _contours(face, part):
            yield [(a * x + c * y + dx, b * x + d * y + dy, on) for x, y, on in contour]


def _simple(record: bytes, count: int) -> Iterator[list[Point]]:
    ends = struct.unpack_from(f">{count}H", record, 10)
    place = 10 + 2 * count
    place += 2 + int(struct.unpack_from(">H", record, place)[0])  # instructions
    total = ends[-1] + 1 if ends else 0
    flags: list[int] = []
    while len(flags) < total:
        flag = record[place]
        place += 1
        flags.append(flag)
        if flag & REPEAT:
            flags += [flag] * record[place]
            place += 1
    xs, place = _coordinates(record, place, flags, SHORT_X, SAME_X)
    ys, _place = _coordinates(record, place, flags, SHORT_Y, SAME_Y)
    points = [(x, y, bool(f & ON_CURVE)) for x, y, f in zip(xs, ys, flags, strict=True)]
    start = 0
    for end in ends:
        yield points[start : end + 1]
        start = end + 1


def _coordinates(
    record: bytes, place: int, flags: list[int], short: int, same: int
) -> tuple[list[float], int]:
    values: list[float] = []
    value = 0
    for flag in flags:
        if flag & short:
            value += record[place] if flag & same else -record[place]
            place += 1
        elif not flag & same:
            value += int(struct.unpack_from(">h", record, place)[0])
            place += 2
        values.append(value)
    return values, place


def _drawn(contour: list[Point]) -> str:
    """Quadratic curves; between two points off the curve lies one on it."""
    if len(contour) < 2:
        return ""
    points: list[Point] = []
    for (x, y, on), (next_x, next_y, next_on) in zip(
        contour, contour[1:] + contour[:1], strict=True
    ):
        points.append((x, y, on))
        if not on and not next_on:
            points.append(((x + next_x) / 2, (y + next_y) / 2, True))
    first = next(n for n, point in enumerate(points) if point[2])
    points = points[first:] + points[: first + 1]
    out = [f"M{points[0][0]:g} {points[0][1]:g}"]
    control: Point | None = None
    for point in points[1:]:
        x, y, on = point
        if not on:
            control = point
        elif control:
            out.append(f"Q{control[0]:g} {control[1]:g} {x:g} {y:g}")
            control = None
        else:
            out.append(f"L{x:g} {y:g}")
    return "".join(out) + "Z"
