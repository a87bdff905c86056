"""What is written to a participant when the meeting itself changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import translation

from events import when
from events.models import Session
from registrations import calendar
from registrations.letters import posting
from registrations.models import Registration, Status


def write_meeting_changed(
    registration: Registration, *, what: str, was: str, now: str, sequence: int
) -> None:
    """Time or place or "both" changed (`what`): old and new first, the calendar follows."""
    confirmed = registration.status == Status.CONFIRMED
    posting.post(
        "meeting_changed",
        registration,
        occasion=str(sequence),
        what=what,
        was=was,
        now=now,
        enclosures=["calendar"] if confirmed else [],
        expires_at=registration.meeting.starts_at,
    )


def write_programme_changed(
    registration: Registration,
    *,
    session: Session,
    what: str,
    was: str,
    now: str,
    chosen: list[Session],
    gone: Session | None,
) -> None:
    """
    A session that you chose has another time, another room, does not take place ("removed"),
    or is now at the time of another one of yours ("released"): old and new, and the calendar
    entries of all that you have chosen; `gone` leaves the calendar.
    """
    meeting = registration.meeting
    ordered = sorted(chosen, key=lambda one: one.starts_at)
    with translation.override(registration.language):
        facts: dict[str, Any] = {
            "session": session.text("title", main_language=meeting.language),
            "chosen": [
                {
                    "when": when.span(one.starts_at, one.ends_at, meeting.zone),
                    "title": one.text("title", main_language=meeting.language),
                    "room": one.text("room", main_language=meeting.language),
                }
                for one in ordered
            ],
            "programme": calendar.programme(registration, ordered, gone=[gone] if gone else []),
        }
    posting.post(
        "programme_changed",
        registration,
        occasion=f"{session.uid}:{session.sequence}",
        what=what,
        was=was,
        now=now,
        enclosures=["programme"],
        expires_at=meeting.ends_at,
        **facts,
    )


def write_called_off(
    registration: Registration, *, reason: str, sessions: Collection[Session] = ()
) -> None:
    """
    The meeting is cancelled: why, whom to ask, and the entry leaves the calendar, with those
    of the `sessions` that were chosen.
    """
    confirmed = registration.status == Status.CONFIRMED
    posting.post(
        "called_off",
        registration,
        reason=reason,
        expires_at=registration.meeting.ends_at,
        **posting.out_of_calendar(registration, sessions, if_=confirmed),
    )
