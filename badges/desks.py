"""Who collects a badge at which desk: the alphabet split into stretches of like length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Stretch:
    """A desk's part of the list in order of names: [start, stop), from letter to letter."""

    desk: int
    first: str
    last: str
    start: int
    stop: int

    @property
    def letters(self) -> str:
        """As it is written over the desk: "А–З", or one letter."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


def split(sort_keys: Sequence[str], desks: int) -> list[Stretch]:
    """
    Share an ordered list among desks so that the longest queue is as short as it can be.

    A letter is never torn apart, so there may be fewer stretches than desks.
    """
    letters = [
        (letter, len(list(people)))
        for letter, people in groupby(sort_keys, lambda key: key[:1].upper() or "–")
    ]
    if not letters:
        return []
    low, high = max(number for _letter, number in letters), len(sort_keys)
    while low < high:
        middle = (low + high) // 2
        if len(_filled(letters, middle)) <= max(desks, 1):
            high = middle
        else:
            low = middle + 1
    stretches, start = [], 0
    for desk, group in enumerate(_filled(letters, low), 1):
        stop = start + sum(number for _letter, number in group)
        stretches.append(Stretch(desk, group[0][0], group[-1][0], start, stop))
        start = stop
    return stretches


def _filled(letters: list[tuple[str, int]], most: int) -> list[list[tuple[str, int]]]:
    """Neighbouring letters together as long as a desk has at most that many people."""
    groups: list[list[tuple[str, int]]] = []
    held = 0
    for letter, number in letters:
        if not groups or held + number > most:
            groups.append([])
            held = 0
        groups[-1].append((letter, number))
        held += number
    return groups
