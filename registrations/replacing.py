"""Putting somebody in the place of somebody else while the counters are locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import (
    enlisting,
    intake,
    leaving,
    letters,
    seats,
    session_seats,
    transitions,
    waitlist,
)
from registrations.enlisting import Entry
from registrations.intake import Application
from registrations.letters import Addressee
from registrations.models import ConsentDocument, Registration, Seat, Status
from registrations.seats import Counters
from registrations.waitlist import MeetingFull


class NotReplaceable(Refused):
    code = "invalid_transition"


def replace(
    counters: Counters,
    leaver: Registration,
    *,
    application: Application,
    entry: Entry,
    at: datetime,
    by: Actor,
    consents: Sequence[ConsentDocument] = (),
    head: str = "",
    copy_to: Addressee | None = None,
    with_calendar: bool = True,
) -> Registration:
    """
    Cancel a live registration, locked by the caller, and put another person on its seat, at
    its turn in line, on the same desk, in the same sessions. Returns the newcomer. Both are
    told, and `copy_to`.

    An offer of a seat was made to the person who leaves: it ends, and the seat goes to
    whoever is next, as may well be the newcomer.

    `head`: the head of the delegation, where it is he who does it.

    :raises AlreadyRegistered: the newcomer is on the list already
    :raises MeetingFull: the newcomer needs a seat of a limit that has none left
    """
    was, line, since = leaver.status, leaver.line, leaver.waiting_since
    held, looked_at = transitions.last_told(leaver), leaver.approved_as is not None
    awaits_head_of = leaver.awaits_head_of
    entry = changed(entry, replaces=leaver)
    in_sessions = list(session_seats.of(leaver))
    left_sessions = [seat.session for seat in in_sessions]
    letters.withdraw_bulk(leaver, reason="cancelled")
    transitions.leave(leaver, to=Status.CANCELLED, at=at)
    newcomer = enlisting.insert(
        meeting=leaver.meeting,
        application=_in_the_same_delegation(application, leaver),
        entry=entry,
        at=at,
        status=was,
        consents=consents,
    )
    newcomer.waiting_since, newcomer.line = since, line
    # Whom the organizer was to look at again is another person now, of whom nothing is approved.
    newcomer.approved_as = {} if looked_at else None
    newcomer.awaits_head_of = awaits_head_of
    newcomer.save(update_fields=["waiting_since", "line", "approved_as", "awaits_head_of"])
    newcomer.seat = _seat(counters, leaver, newcomer, goes_over=entry.goes_over)
    newcomer.save(update_fields=["seat"])
    session_seats.hand_over(in_sessions, newcomer, at=at)
    letters.write_cancelled(
        leaver, was=held, by=by, head=head, is_replaced=True, sessions=left_sessions
    )
    leaving.note(leaver, was=was, at=at, by=by)
    letters.write_answer(
        newcomer, copy_to=copy_to, with_calendar=with_calendar, **waitlist.told(newcomer)
    )
    enlisting.note(newcomer, entry, at=at, by=by)
    waitlist.fill(counters, meeting=leaver.meeting, at=at)
    return newcomer


def refuse_unless_replaceable(leaver: Registration, *, at: datetime) -> None:
    """
    :raises NotReplaceable: cancelled, declined or erased already
    :raises ListClosed: the meeting is over
    """
    if not leaver.is_live or leaver.erased_at:
        raise NotReplaceable(
            _("This cannot be done with a registration that is “%(status)s”.")
            % {"status": leaver.get_status_display()}
        )
    enlisting.refuse_unless_ahead(leaver.meeting, at=at)


def deputy_of(uid: UUID) -> Registration | None:
    """
    Who is on the list instead of somebody, be it instead of his deputy in turn. Looks only.
    """
    found = Registration.objects.filter(replaces__uid=uid, erased_at=None).order_by("-pk").first()
    if found is None or found.is_live:
        return found
    return deputy_of(found.uid)


def _in_the_same_delegation(application: Application, leaver: Registration) -> Application:
    return changed(
        application,
        delegation=leaver.delegation,
        delegation_role=application.delegation_role or leaver.delegation_role,
    )


def _seat(
    counters: Counters, leaver: Registration, newcomer: Registration, *, goes_over: bool
) -> str:
    if not (newcomer.status == Status.CONFIRMED or newcomer.was_confirmed):
        letters.withdraw_offer(leaver)
        counters.give_back(leaver)
        return Seat.NONE
    needs = intake.takes_seat(
        meeting=newcomer.meeting,
        category=newcomer.category,
        attendance_mode=newcomer.attendance_mode,
    )
    try:
        return counters.hand_over(leaver, newcomer, needs_seat=needs, goes_over=goes_over)
    except seats.NoRoom as full:
        raise MeetingFull(waitlist.none_left(full.limit)) from full
