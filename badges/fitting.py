"""
Making a text fit its box: as large as it can be, broken where a person would break it.

Pure: lengths are in points, the measure is a function. Nothing is ever cut in silence:
what had to be broken inside a word or shortened says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

ELLIPSIS = "…"
# A break after a hyphen must make the text this much larger to be better than none.
WORTH_A_HYPHEN = 1.08
WORTH_A_LINE = 1.12
ROUNDING = 1e-6

Measure = Callable[[str], float]  # the length of a text set in size 1


@dataclass(frozen=True)
class Box:
    """Where a text goes. `leading` is the distance of lines, in sizes."""

    width: float
    height: float
    largest: float
    smallest: float
    lines: int = 1
    leading: float = 1.12


@dataclass(frozen=True)
class Fitted:
    """
    Lines that lie inside their box when set in `size`.

    `broken`: a word was cut in two. `complete` False: the end is missing.
    """

    lines: tuple[str, ...]
    size: float
    broken: bool = False
    complete: bool = True

    @property
    def is_compromise(self) -> bool:
        return self.broken or not self.complete


def fit(text: str, box: Box, measure: Measure, *, balanced: bool = False) -> Fitted:
    """
    The text in the largest size at which it lies inside the box, never below `smallest`.

    It is broken at spaces; after hyphens where that makes it clearly larger; inside a
    word only when nothing else fits; and shortened with an ellipsis as the last resort.
    `balanced` lines are of like length; others are filled from the first on.
    """
    if not text:
        return Fitted(("",), box.smallest)
    whole = measure(text)
    alone = min(box.largest, box.height / box.leading, _ratio(box.width, whole))
    if alone >= box.largest - ROUNDING:
        return Fitted((text,), box.largest)
    best = _Setting(alone, 1, whole)
    chosen = _Pieces([text], measure)
    for texts, worth in (_at_spaces(text), 1.0), (_after_hyphens(text), WORTH_A_HYPHEN):
        if len(texts) == len(chosen.texts):
            continue
        pieces = _Pieces(texts, measure)
        setting = pieces.largest(box)
        needed = best.size * worth * (WORTH_A_LINE if best.lines == 1 else 1)
        if setting.size > needed or best.size < box.smallest <= setting.size:
            best, chosen = setting, pieces
    broken = best.size < box.smallest
    if broken:
        chosen = _Pieces(list(text), measure)
        best = chosen.largest(box)
    if best.size < box.smallest:
        return _shortened(text, box, measure)
    width = best.narrowest if balanced else box.width / best.size
    return Fitted(tuple(chosen.filled(width)), best.size, broken=broken)


def _ratio(space: float, length: float) -> float:
    return space / length if length else float("inf")


def _at_spaces(text: str) -> list[str]:
    """Pieces that stay together, each with the space that follows it."""
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]


def _after_hyphens(text: str) -> list[str]:
    pieces = []
    for word in _at_spaces(text):
        start = 0
        for place in range(1, len(word) - 2):
            if word[place] in "-‐" and word[place + 1] != " ":
                pieces.append(word[start : place + 1])
                start = place + 1
        pieces.append(word[start:])
    return pieces


@dataclass(frozen=True)
class _Setting:
    """A size, in how many lines, and how long the longest of them is in size 1."""

    size: float
    lines: int
    narrowest: float


class _Pieces:
    """A text in pieces that are not broken any further, measured once."""

    def __init__(self, texts: list[str], measure: Measure) -> None:
        self.texts = texts
        lengths = [measure(text) for text in texts]
        space = measure(" ")
        # The space at the end of a line takes no room.
        self._spare = [space if text.endswith(" ") else 0.0 for text in texts]
        self._ends = list(accumulate(lengths))
        self._total = self._ends[-1] - self._spare[-1]
        self._widest = max(map(float.__sub__, lengths, self._spare))

    def largest(self, box: Box) -> _Setting:
        """The largest size at which the pieces fit."""
        best = _Setting(0.0, 1, self._total)
        for lines in range(1, min(box.lines, len(self.texts)) + 1):
            highest = min(box.largest, box.height / (box.leading * lines))
            if highest <= best.size + ROUNDING:
                break
            narrowest = self._narrowest(lines)
            size = min(highest, _ratio(box.width, narrowest))
            if size > best.size + ROUNDING:
                best = _Setting(size, lines, narrowest)
        return best

    def filled(self, width: float) -> list[str]:
        """Lines filled one after the other; a piece wider than `width` stands alone."""
        lines, start = [], 0
        while start < len(self.texts):
            stop = self._stop(start, width)
            lines.append("".join(self.texts[start:stop]).rstrip())
            start = stop
        return lines

    def _stop(self, start: int, width: float) -> int:
        ends = self._ends
        room = (ends[start - 1] if start else 0.0) + width + ROUNDING
        stop = bisect_right(ends, room, lo=start)
        if stop < len(ends) and ends[stop] - self._spare[stop] <= room:
            stop += 1
        return max(stop, start + 1)

    def _stands_in(self, lines: int, width: float) -> bool:
        place = 0
        for _line in range(lines):
            place = self._stop(place, width)
            if place == len(self.texts):
                return True
        return False

    def _narrowest(self, lines: int) -> float:
        """How long the longest line is when the pieces stand in that many lines, at best."""
        if lines == 1:
            return self._total
        low = max(self._widest, self._total / lines)
        if self._stands_in(lines, low):
            return low
        high = min(self._total, self._total / lines + self._widest)
        while high - low > high * 0.004:
            middle = (low + high) / 2
            if self._stands_in(lines, middle):
                high = middle
            else:
                low = middle
        return high


def _shortened(text: str, box: Box, measure: Measure) -> Fitted:
    """As much as stands in the box in the smallest size, with an ellipsis."""
    size = min(box.smallest, box.height / box.leading)
    lines = max(1, min(box.lines, int(box.height / (box.leading * size) + ROUNDING)))
    room = box.width / size

    def filled(length: int) -> list[str]:
        kept = text if length == len(text) else text[:length].rstrip() + ELLIPSIS
        by_words = _Pieces(_at_spaces(kept), measure).filled(room)
        if all(measure(line) <= room + ROUNDING for line in by_words):
            return by_words
        return _Pieces(list(kept), measure).filled(room)

    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(filled(middle)) <= lines:
            low = middle
        else:
            high = middle - 1
    return Fitted(tuple(filled(low)), size, broken=True, complete=low == len(text))
