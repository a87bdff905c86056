"""
Two registrations of one person become one (docs/decisions/0011-merged-persons.md). An
operation: who came is merged along by `attendance.merging`, which is the use case.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import (
    intake,
    letters,
    offers,
    places,
    rewriting,
    session_seats,
    transitions,
    waitlist,
)
from registrations.models import Consent, Invitation, Registration, Seat, Status
from registrations.seats import Counters

# What can be taken over from the other registration, and the fields that go together.
PARTS = {
    "name": ("family_name", "given_name", "patronymic", "latin_name"),
    "email": ("email",),
    "phone": ("phone",),
    "organization": ("organization",),
    "position": ("position",),
    "region": ("region",),
    "category": ("category",),
    "attendance_mode": ("attendance_mode",),
}


class NotMergeable(Refused):
    code = "invalid_transition"


@dataclass(frozen=True)
class Foreseen:
    """What would become of the kept registration. `next_in_line` gets a seat that is freed."""

    status: str
    status_text: str
    is_told: bool
    frees_seat: bool
    next_in_line: Registration | None
    joins: str


def refuse_unless_mergeable(kept: Registration, other: Registration) -> None:
    """:raises NotMergeable: they are one already, of two meetings, or one of them is gone"""
    if kept.pk == other.pk or kept.meeting_id != other.meeting_id:
        raise NotMergeable(_("Choose two registrations of this meeting."))
    if other.merged_into_id is not None or kept.merged_into_id is not None:
        raise NotMergeable(_("One of them has been merged already."))
    if not kept.is_live or kept.erased_at is not None or other.erased_at is not None:
        raise NotMergeable(_("The one that is kept has to be on the list, and neither erased."))


def differing(kept: Registration, other: Registration) -> list[str]:
    """The parts in which the two differ, and the other one says something."""
    return [
        part
        for part, fields in PARTS.items()
        if any(getattr(other, field) for field in fields)
        and any(getattr(kept, field) != getattr(other, field) for field in fields)
    ]


def better(kept: Registration, other: Registration) -> bool:
    """Whether the other one has got further: then the kept one takes its place over."""
    return _rank(other) > _rank(kept)


def foresee(kept: Registration, other: Registration, *, at: datetime) -> Foreseen:
    """What a merge would come to, as things are now. Looks only."""
    takes_over = better(kept, other)
    status = Status(other.status if takes_over else kept.status)
    frees_seat = other.seat != Seat.NONE and not (takes_over and kept.seat == Seat.NONE)
    following = (
        waitlist.rehearse(meeting=kept.meeting, seats_more=1, at=at)
        if other.seat == Seat.WITHIN and frees_seat
        else []
    )
    joins = other.delegation if other.is_live and kept.delegation_id is None else None
    return Foreseen(
        status=status,
        status_text=str(status.label),
        is_told=status != kept.status,
        frees_seat=frees_seat,
        next_in_line=following[0].registration if following else None,
        joins=joins.name if joins else "",
    )


def absorb(
    counters: Counters,
    kept: Registration,
    other: Registration,
    *,
    taken: Collection[str],
    at: datetime,
    by: Actor,
) -> None:
    """
    Merge `other` into `kept`, both locked by the caller. `taken`: the PARTS that the other
    one says better.

    The kept one has the better of both places; a seat too many goes to whoever is next. Of
    the other one's letters none is sent any more. The person is told nothing, unless his
    status is another one now.

    :raises NotMergeable: see `refuse_unless_mergeable`
    :raises IntegrityError: a third one has that name and address already
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("People are merged inside a use case's transaction.")
    refuse_unless_mergeable(kept, other)
    was = kept.status, kept.seat
    changes = {field: getattr(other, field) for part in taken for field in PARTS[part]}
    left = _Left(other)
    in_sessions = list(session_seats.of(other))
    takes_over = better(kept, other)
    for one in (kept, other) if takes_over else (other,):
        offers.end(counters, one, at=at, by=by)
    letters.withdraw_all(other, reason="merged")
    Registration.objects.filter(merged_into=other).update(merged_into=kept)
    if other.status == Status.CANCELLED:
        other.version += 1
    else:
        transitions.leave(other, to=Status.CANCELLED, at=at)
    other.merged_into = kept
    other.save(update_fields=["merged_into", "version"])
    old = rewriting.write(kept, changes)
    if left.status == Status.WAITLISTED:
        counters.leave_line()
    if takes_over:
        _take_over(counters, kept, other, left, at=at)
        # He had none: only who is confirmed has.
        session_seats.hand_over(in_sessions, kept, at=at)
    elif kept.line is not None and left.line is not None and left.line < kept.line:
        kept.line, kept.waiting_since = left.line, left.since
        kept.save(update_fields=["line", "waiting_since"])
    counters.give_back(other)
    _bring_along(kept, other, left)
    if kept.status != was[0]:
        letters.write_answer(kept, **waitlist.told(kept))
    kept.refresh_from_db(fields=["seat"])
    rewriting.change_chairs(counters, kept, at=at, may_go_over=True)
    _note(kept, other, old, was, at=at, by=by)


class _Left:
    """What the other one had before it left the list."""

    def __init__(self, other: Registration) -> None:
        self.status, self.line, self.since = other.status, other.line, other.waiting_since
        self.delegation = other.delegation if other.is_live else None
        self.role = other.delegation_role


def _rank(one: Registration) -> int:
    if one.status == Status.CONFIRMED:
        return 3
    if one.was_confirmed:
        return 2
    return 1 if one.status == Status.WAITLISTED else 0


def _take_over(
    counters: Counters, kept: Registration, other: Registration, left: _Left, *, at: datetime
) -> None:
    """The other one's place for the kept one: its very seat, or its turn in line."""
    line = min(filter(None, [left.line, kept.line]), default=None)
    if kept.status == Status.WAITLISTED:
        counters.leave_line()
    if left.status == Status.WAITLISTED:
        counters.rejoin_line()
        transitions.enter(kept, to=Status.WAITLISTED, at=at, line=line, since=left.since)
        return
    sits = kept.seat
    if left.status == Status.CONFIRMED:
        transitions.enter(kept, to=Status.CONFIRMED, at=at, seat=sits)
    else:
        kept.line = kept.waiting_since = None
        transitions.look_again(kept, approved={}, at=at)
    if sits == Seat.NONE:
        needs = intake.takes_seat(
            meeting=kept.meeting, category=kept.category, attendance_mode=kept.attendance_mode
        )
        kept.seat = counters.hand_over(other, kept, needs_seat=needs, goes_over=True)
        kept.save(update_fields=["seat"])


def _bring_along(kept: Registration, other: Registration, left: _Left) -> None:
    """Delegation, invitation and consents, where the kept one has none."""
    if kept.delegation_id is None and left.delegation is not None:
        places.take(delegation_id=left.delegation.pk, goes_over=True)
        kept.delegation, kept.delegation_role = left.delegation, left.role
        kept.awaits_head_of = None
        kept.save(update_fields=["delegation", "delegation_role", "awaits_head_of"])
    if not Invitation.objects.filter(registration=kept).exists():
        Invitation.objects.filter(registration=other).update(registration=kept)
    agreed = set(kept.consents.filter(withdrawn_at=None).values_list("document", flat=True))
    given = other.consents.filter(withdrawn_at=None).exclude(document__in=agreed)
    Consent.objects.bulk_create(
        Consent(
            registration=kept,
            document_id=one.document_id,
            given_at=one.given_at,
            given_by=one.given_by,
            language=one.language,
            ip_address=one.ip_address,
            user_agent=one.user_agent,
        )
        for one in given
    )


def _note(
    kept: Registration,
    other: Registration,
    old: dict[str, Any],
    was: tuple[str, str],
    *,
    at: datetime,
    by: Actor,
) -> None:
    said = rewriting.seat_changed(kept, *was)
    journal.record(
        by=by,
        at=at,
        action="registration.merged",
        subjects=[*letters.subjects(kept), f"registration:{other.pk}"],
        changes={"kept": kept.number, "merged": other.number} | said,
    )
    if old:
        # Whoever prints badges looks for what was changed.
        journal.record(
            by=by,
            at=at,
            action="registration.amended",
            subjects=letters.subjects(kept),
            changes={"fields": list(old)},
        )
