"""Somebody comes instead of somebody else: one leaves, the other gets the very seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import consents as documents
from registrations import enlisting, intake, leaving, letters, seats, transitions, waitlist
from registrations.enlisting import Entry, ListClosed
from registrations.intake import Application
from registrations.models import ConsentDocument, Registration, Seat, Source, Status
from registrations.seats import Counters
from registrations.transitions import AlreadyRegistered
from registrations.waitlist import MeetingFull

__all__ = ["AlreadyRegistered", "ListClosed", "MeetingFull", "NotReplaceable", "substitute"]


class NotReplaceable(Refused):
    code = "invalid_transition"


@transaction.atomic(durable=True)
def substitute(
    *,
    registration: Registration,
    application: Application,
    at: datetime,
    by: Actor,
    consents: Sequence[ConsentDocument] = (),
    head: str | None = None,
    copy_to: tuple[str, str] | None = None,
) -> Registration:
    """
    Cancel a registration and put another person in its place: on its seat, at its turn in
    line, on the same desk. Returns the newcomer. Both are told, and `copy_to` (address, name).

    `head` is who does it, where it is the head of the delegation; then its list has to be
    open. An organizer does so until the end, beyond limits that only apply to the newcomer.

    :raises NotReplaceable: the registration is cancelled, declined or erased already
    :raises ListClosed: the delegation's list is closed, or the meeting is over
    :raises ConsentRequired: a head has not said that the newcomer agreed
    :raises AlreadyRegistered: the newcomer is on the list already
    :raises MeetingFull: the newcomer needs a seat of a limit that has none left
    """
    counters = seats.lock(registration.meeting_id)
    leaver = transitions.locked(registration)
    refuse_unless_replaceable(leaver, at=at, by_head=head is not None)
    if head is not None:
        documents.refuse_without(
            leaver.meeting,
            consents,
            words=_("Say that these people agreed to being registered by you."),
        )
    was, line, since = leaver.status, leaver.line, leaver.waiting_since
    entry = Entry(
        source=Source.DELEGATION if leaver.delegation else Source.ORGANIZER,
        goes_over=head is None,
        replaces=leaver,
    )
    letters.withdraw_reminders(leaver, reason="cancelled")
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
    newcomer.seat = _seat(counters, leaver, newcomer, goes_over=head is None)
    newcomer.save(update_fields=["waiting_since", "line", "seat"])
    letters.write_cancelled(leaver, was=was, by=by, head=head or "", is_replaced=True)
    leaving.note(leaver, was=was, at=at, by=by)
    letters.write_answer(newcomer, copy_to=copy_to, **waitlist.told(newcomer))
    enlisting.note(newcomer, entry, at=at, by=by)
    waitlist.fill(counters, meeting=leaver.meeting, at=at)
    return newcomer


def refuse_unless_replaceable(leaver: Registration, *, at: datetime, by_head: bool) -> None:
    """
    :raises NotReplaceable: cancelled, declined or erased already
    :raises ListClosed: the delegation's list is closed, or the meeting is over
    """
    if not leaver.is_live or leaver.erased_at:
        raise NotReplaceable(
            _("This cannot be done with a registration that is “%(status)s”.")
            % {"status": leaver.get_status_display()}
        )
    enlisting.refuse_unless_ahead(leaver.meeting, at=at)
    if by_head and not (leaver.delegation and leaver.delegation.is_open(at)):
        raise ListClosed(_("The list of this delegation is closed."))


def _in_the_same_delegation(application: Application, leaver: Registration) -> Application:
    return replace(
        application,
        delegation=leaver.delegation,
        delegation_role=application.delegation_role or leaver.delegation_role,
    )


def _seat(
    counters: Counters, leaver: Registration, newcomer: Registration, *, goes_over: bool
) -> str:
    if newcomer.status != Status.CONFIRMED:
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
