"""Somebody comes instead of somebody else: one leaves, the other gets the very seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.journal import Actor
from registrations import consents as documents
from registrations import replacing, seats, transitions
from registrations.enlisting import Entry, ListClosed
from registrations.intake import Application
from registrations.models import ConsentDocument, Registration, Source
from registrations.replacing import NotReplaceable
from registrations.transitions import AlreadyRegistered
from registrations.waitlist import MeetingFull

__all__ = ["AlreadyRegistered", "ListClosed", "MeetingFull", "NotReplaceable", "substitute"]


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
    replacing.refuse_unless_replaceable(leaver, at=at)
    if head is not None:
        if not (leaver.delegation and leaver.delegation.is_open(at)):
            raise ListClosed(_("The list of this delegation is closed."))
        documents.refuse_without(
            leaver.meeting,
            consents,
            words=_("Say that these people agreed to being registered by you."),
        )
    return replacing.replace(
        counters,
        leaver,
        application=application,
        entry=Entry(
            source=Source.DELEGATION if leaver.delegation else Source.ORGANIZER,
            goes_over=head is None,
        ),
        at=at,
        by=by,
        consents=consents,
        head=head or "",
        copy_to=copy_to,
    )
