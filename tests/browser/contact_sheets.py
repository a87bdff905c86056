"""Pictures of all pages, and sheets of many pictures: looking is one command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Error

from tests import templates
from tests.browser import chromium, serving
from tests.browser.pages import ALL, View, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES, THEMES, WIDTHS = ("ru", "en"), ("light", "dark"), (320, 390, 1280)
# What of a sheet is one picture: pixels across, and how far down it is shown.
ACROSS = {320: 300, 390: 330, 1280: 640}
DOWN = 1100
PER_ROW = {320: 7, 390: 6, 1280: 3}
MOST_ROWS = 2
GAP = 24
ALL_PICTURES = "Promise.all([...document.images].map(image => image.decode().catch(() => {})))"
GREY = "#8b8f94"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./look", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pages (register*, mine-*)")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--width", type=int, choices=WIDTHS)
    parser.add_argument("--into", type=Path, default=ROOT / "var" / "look")
    asked = parser.parse_args()
    views = [
        view
        for view in ALL
        if not asked.names or any(fnmatch(view.name, name) for name in asked.names)
    ]
    kinds = list(
        product(
            [asked.language] if asked.language else LANGUAGES,
            [asked.theme] if asked.theme else THEMES,
            [asked.width] if asked.width else WIDTHS,
        )
    )
    server = os.environ["DATABASE_URL"]
    try:
        with serving.served(server) as (base, world), chromium.browser() as started:
            faults = [
                fault
                for language, theme, width in kinds
                for fault in _draw(started, base, world, views, language, theme, width, asked.into)
            ]
    finally:
        templates.discard_all(server)
    print(f"{len(views)} pages × {len(kinds)} kinds are in {asked.into}.")
    for fault in faults:
        print(fault, file=sys.stderr)
    raise SystemExit(1 if faults else 0)


def _draw(
    started: Browser,
    base: str,
    world: World,
    views: list[View],
    language: str,
    theme: str,
    width: int,
    into: Path,
) -> Iterator[str]:
    kind = f"{language}-{theme}-{width}"
    folder = into / kind
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[tuple[str, Path]] = []
    for who in ("", "organizer", "administrator", "desk"):
        options = {"viewport": {"width": width, "height": 800}, "color_scheme": theme}
        visitor = None
        for view in (view for view in views if view.who == who):
            visitor = visitor or chromium.Visitor(
                started, base, world, who=who, language=language, **options
            )
            file = folder / f"{view.name}.png"
            drawn.append((view.name, file))
            for fault in _shoot(visitor, view, language, width, file):
                yield f"{kind} {view.name}: {fault}"
        if visitor:
            visitor.context.close()
    order = [view.name for view in views]
    drawn.sort(key=lambda pair: order.index(pair[0]))
    _sheets(drawn, width, into / kind)
    print(f"{kind}: {len(drawn)}", flush=True)


def _shoot(
    visitor: chromium.Visitor, view: View, language: str, width: int, file: Path
) -> Iterator[str]:
    visitor.tab.set_viewport_size({"width": width, "height": 800})
    try:
        status = visitor.look_at(view, language=language)
    except Error as error:
        yield str(error).partition("\n")[0]
        status = view.status
    if status != view.status:
        yield f"the server answered {status}"
    if (over := visitor.overflow()) > 0:
        yield f"{over} px wider than the window"
    yield from visitor.complaints
    # As tall as the page, so that what sticks to the window's edge is where it belongs.
    height = int(visitor.tab.evaluate("document.documentElement.scrollHeight"))
    visitor.tab.set_viewport_size({"width": width, "height": min(max(height, 800), 6000)})
    visitor.tab.evaluate(ALL_PICTURES)
    visitor.tab.screenshot(path=file, full_page=True)


def _sheets(drawn: list[tuple[str, Path]], width: int, prefix: Path) -> None:
    per_sheet = PER_ROW[width] * MOST_ROWS
    for number, start in enumerate(range(0, len(drawn), per_sheet), start=1):
        _sheet(drawn[start : start + per_sheet], width).save(f"{prefix}-{number:02d}.png")


def _sheet(drawn: list[tuple[str, Path]], width: int) -> Image.Image:
    across, row = ACROSS[width], PER_ROW[width]
    pictures = []
    for name, file in drawn:
        with Image.open(file) as picture:
            height = round(picture.height * across / picture.width)
            small = picture.convert("RGB").resize((across, height), Image.Resampling.LANCZOS)
            pictures.append((name, small.crop((0, 0, across, min(height, DOWN)))))
    rows = [pictures[start : start + row] for start in range(0, len(pictures), row)]
    heights = [max(picture.height for _name, picture in line) + 2 * GAP for line in rows]
    sheet = Image.new("RGB", (row * (across + GAP) + GAP, sum(heights) + GAP), GREY)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    top = GAP
    for line, height in zip(rows, heights, strict=True):
        for column, (name, picture) in enumerate(line):
            left = GAP + column * (across + GAP)
            pen.text((left, top - 4), name, fill="white", font=font)
            sheet.paste(picture, (left, top + 16))
        top += height
    return sheet


if __name__ == "__main__":
    main()
