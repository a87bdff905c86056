"""Giving up what somebody has, by whoever may: his seat, his turn or his wish."""

from __future__ import annotations

from datetime import datetime

from accounts import journal
from accounts.journal import Actor
from registrations import letters, session_seats, transitions, waitlist
from registrations.models import Registration, Status
from registrations.seats import Counters


def withdraw(
    counters: Counters, registration: Registration, *, at: datetime, by: Actor, head: str = ""
) -> None:
    """
    Cancel a live registration; whoever waited longest gets the seat, and both are told.

    `head`: the head of the delegation, where it is he who takes somebody off its list.
    """
    was, held = registration.status, transitions.last_told(registration)
    sessions = session_seats.chosen(registration)
    letters.withdraw_bulk(registration, reason="cancelled")
    transitions.leave(registration, to=Status.CANCELLED, at=at)
    letters.write_cancelled(registration, was=held, by=by, head=head, sessions=sessions)
    note(registration, was=was, at=at, by=by)
    waitlist.pass_on(counters, registration, was=was, at=at)


def note(registration: Registration, *, was: str, at: datetime, by: Actor) -> None:
    """What the journal says of a person who left the list."""
    journal.record(
        by=by,
        at=at,
        action="registration.cancelled",
        subjects=letters.subjects(registration),
        changes={"status": [was, registration.status]},
    )
