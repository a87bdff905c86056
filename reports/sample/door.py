"""The past meeting's morning: 134 people through three desks, and what went wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from reports.sample.past import SEED, ZONE
from reports.sample.people import Fate, Person


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One person at the door. `late` was noted without a network and arrived 12 minutes on."""

    at: datetime
    index: int
    desk: int
    method: str
    late: bool = False
    undone: bool = False


DESKS: Final = 3
FIRST: Final = datetime(2020, 1, 24, 9, 22, tzinfo=ZONE)
OFFLINE: Final = timedelta(minutes=12)
# How many came from when to when, in minutes after the first: the peak before the start.
WAVES: Final = [(0, 18, 22), (18, 38, 96), (38, 57, 16)]


def arrivals(people: list[Person], seed: int = SEED) -> list[Arrival]:
    """Who came in when, at which desk, and how it was noted."""
    chance = Random(seed + 2)  # noqa: S311 -- a sample, not a secret
    coming = [n for n, person in enumerate(people) if person.came]
    chance.shuffle(coming)
    # Whoever comes without a registration is among the late.
    coming.sort(key=lambda n: people[n].fate == Fate.WALK_IN)
    seconds = [0]
    for begins, ends, count in WAVES:
        last = ends * 60 - (60 if ends == WAVES[-1][1] else 1)
        wanted = count - (begins == 0)
        seconds += sorted(chance.sample(range(begins * 60 + 1, last), wanted))
    seconds[-1] = 56 * 60
    search = set(chance.sample(range(20, 120), 6))
    offline = set(range(70, 75))
    made = []
    for n, (index, second) in enumerate(zip(coming, seconds, strict=True)):
        walk_in = people[index].fate == Fate.WALK_IN
        desk = n % DESKS + 1
        method = "wedge" if desk == DESKS else "camera"
        made.append(
            Arrival(
                at=FIRST + timedelta(seconds=second),
                index=index,
                desk=2 if n in offline else desk,
                method="walk_in" if walk_in else "search" if n in search else method,
                late=n in offline,
                undone=n == 33,
            )
        )
    return made


# Shown twice, at another desk a few minutes later: by their place in the order of arrival.
TWICE: Final = (12, 88)
