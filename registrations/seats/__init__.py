"""
Seats: counter rows, changed by conditional UPDATEs (docs/decisions/0005-seats.md).

Several limits may apply to one person: the meeting's, a category's, a region's, a
district's, an organization's. A seat is taken in all of them or in none.

Two rules keep this free of lost seats and of deadlocks. A new registration changes the
counters last, narrow to wide: its row can be locked by nobody else, and a hot meeting's
counter is held for the last statements only. Whoever changes an existing registration
locks all counters of the meeting first, in the same order (`lock`), then registrations.
"""

from registrations.seats.auditing import audit
from registrations.seats.counters import (
    Counters,
    LimitBelowTaken,
    NoRoom,
    lock,
    look,
    refuse_below_taken,
)
from registrations.seats.taking import Turn, applying, draw_turn, full, take
from registrations.seats.whom import about, concerned, seated

__all__ = [
    "Counters",
    "LimitBelowTaken",
    "NoRoom",
    "Turn",
    "about",
    "applying",
    "audit",
    "concerned",
    "draw_turn",
    "full",
    "lock",
    "look",
    "refuse_below_taken",
    "seated",
    "take",
]
