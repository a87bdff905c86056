"""A drawing as SVG, letters as outlines: what the preview shows, and nothing to run in it."""

from __future__ import annotations

from collections.abc import Iterable

from badges import outlines
from badges.drawing import Colour, Item, Rectangle, Symbol, Text


def render(items: Iterable[Item], *, width: float, height: float) -> str:
    """An SVG document of that size in points, on white."""
    body = "".join(map(_painted, items))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.2f} {height:.2f}" '
        f'width="{width:.2f}pt" height="{height:.2f}pt">'
        f'<path fill="#fff" d="M0 0h{width:.2f}v{height:.2f}H0z"/>'
        f'<g transform="matrix(1 0 0 -1 0 {height:.2f})">{body}</g></svg>'
    )


def _painted(item: Item) -> str:
    if isinstance(item, Rectangle):
        d = f"M{item.x:.2f} {item.y:.2f}h{item.width:.2f}v{item.height:.2f}h-{item.width:.2f}z"
        return f'<path fill="{_hex(item.colour)}" d="{d}"/>'
    if isinstance(item, Symbol):
        unit, last = item.side / item.modules, item.modules - 1
        d = "".join(f"M{x} {last - y}h{n}v1h-{n}z" for x, y, n in item.runs)
        place = f"matrix({unit:.5f} 0 0 {unit:.5f} {item.x:.2f} {item.y:.2f})"
        return f'<path transform="{place}" d="{d}"/>'
    return _letters(item)


def _letters(item: Text) -> str:
    x, scale, out = 0.0, item.size / 1000, []
    for letter in item.text:
        if d := outlines.path(item.face.name, letter):
            out.append(f'<path transform="translate({x:.1f})" d="{d}"/>')
        x += item.face.widths[letter] + item.spacing / scale
    return (
        f'<g fill="{_hex(item.colour)}" transform="matrix({scale:.5f} 0 0 {scale:.5f} '
        f'{item.x:.2f} {item.y:.2f})">{"".join(out)}</g>'
    )


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
