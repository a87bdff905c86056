"""
Seats for many people at once: reckoned in memory, written in a few statements.

Everybody gets what one after the other would get (`seats`, `waitlist.admit`): a seat in all
limits that apply, or the next turn in line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from registrations.models import Registration, SeatHold, SeatLimit
from registrations.seats import Counters, full


@dataclass(frozen=True)
class Placing:
    """Where somebody goes: on a seat of these limits, or to this place in line."""

    limits: list[SeatLimit] = field(default_factory=list, compare=False)
    line: int | None = None
    lacking: SeatLimit | None = field(default=None, compare=False)
    # How many waited when this place was drawn, oneself among them.
    position: int = field(default=0, compare=False)

    @property
    def waits(self) -> bool:
        return self.line is not None


NO_SEAT_NEEDED = Placing()


def reckon(
    counters: Counters, people: Sequence[Registration], *, need: Sequence[bool]
) -> list[Placing]:
    """
    Place people in their order; who does not `need` a seat gets none. The counters are
    changed in memory only: `write` writes them, if they were locked.
    """
    whole = counters.whole
    placings = []
    for person, needs in zip(people, need, strict=True):
        if not needs:
            placings.append(NO_SEAT_NEEDED)
            continue
        limits = counters.of(person)
        if lacking := full(limits):
            whole.waiting += 1
            whole.last_line += 1
            placings.append(Placing(line=whole.last_line, lacking=lacking, position=whole.waiting))
        else:
            counters.imagine(person)
            placings.append(Placing(limits))
    return placings


def write(counters: Counters, people: Sequence[Registration], placings: Sequence[Placing]) -> None:
    """Seat people whose rows are inserted, and save the locked counters as reckoned."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Seats change only inside a use case's transaction.")
    SeatHold.objects.bulk_create(
        (
            SeatHold(registration=person, limit=limit, is_over=False)
            for person, placing in zip(people, placings, strict=True)
            for limit in placing.limits
        ),
        batch_size=10_000,
    )
    # In the order in which counters are locked everywhere.
    SeatLimit.objects.bulk_update(counters.rows, ["taken", "held", "waiting", "last_line"])
