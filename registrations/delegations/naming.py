"""The head of a delegation names its people, takes them off the list, says who is what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import consents as documents
from registrations import enlisting, leaving, seats, transitions
from registrations import letters as people_letters
from registrations.consents import ConsentRequired
from registrations.delegations import keys, letters
from registrations.enlisting import Entry, ListClosed, RowRefused
from registrations.intake import Application, Evidence
from registrations.models import (
    ConsentDocument,
    Delegation,
    DelegationRole,
    Registration,
    Source,
)

__all__ = ["ConsentRequired", "ListClosed", "NotInDelegation", "RowRefused"]


class NotInDelegation(Refused):
    code = "not_found"


@transaction.atomic(durable=True)
def name_people(
    *,
    delegation: Delegation,
    applications: Sequence[Application],
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    evidence: Evidence | None = None,
) -> list[Registration]:
    """
    Put people on the list of a delegation: all of them, or none. Each is told by mail.

    The head says that they agreed (`consents`); each reads it in his own letter, and may
    take it back.

    :raises ListClosed: the list is closed
    :raises ConsentRequired: a required document was not agreed to (`missing`: its kinds)
    :raises RowRefused: one of them is on the list already, or finds no place or no seat
    """
    counters = seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    documents.refuse_without(
        delegation.meeting,
        consents,
        words=_("Say that these people agreed to being registered by you."),
    )
    entry = Entry(source=Source.DELEGATION, skips_review=delegation.skips_review, evidence=evidence)
    named = []
    for row, application in enumerate(applications, start=1):
        try:
            if application.delegation_role == DelegationRole.HEAD:
                _demote_head(delegation)
            registration = enlisting.enlist(
                counters,
                meeting=delegation.meeting,
                application=application,
                entry=entry,
                at=at,
                by=by,
                consents=consents,
            )
        except Refused as refusal:
            raise RowRefused(refusal, row) from refusal
        named.append(registration)
    if delegation.refused_at is not None:
        delegation.refused_at = None
        delegation.save(update_fields=["refused_at"])
    return named


@transaction.atomic(durable=True)
def remove(
    *, delegation: Delegation, registration: Registration, at: datetime, by: Actor
) -> Registration:
    """
    Take somebody off the list; the person is told. Twice is harmless.

    :raises ListClosed: the list is closed
    :raises NotInDelegation: the person belongs to another delegation, or to none
    """
    counters = seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    registration = _member(delegation, registration)
    if registration.is_live:
        leaving.withdraw(counters, registration, at=at, by=by, head=keys.head_named(delegation))
    return registration


@transaction.atomic(durable=True)
def mark(
    *, delegation: Delegation, registration: Registration, role: str, at: datetime, by: Actor
) -> Registration:
    """
    Say what somebody is in the delegation. A new head makes the former one an expert.

    :raises ListClosed: the list is closed
    :raises NotInDelegation: the person belongs to another delegation, or to none
    """
    # Whoever comes back to the list looks for its head under the same lock.
    seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    registration = _member(delegation, registration)
    if registration.delegation_role == role:
        return registration
    if role == DelegationRole.HEAD:
        _demote_head(delegation)
    was, registration.delegation_role = registration.delegation_role, role
    registration.version += 1
    registration.save(update_fields=["delegation_role", "version"])
    journal.record(
        by=by,
        at=at,
        action="registration.marked",
        subjects=people_letters.subjects(registration),
        changes={"delegation_role": [was, role]},
    )
    return registration


@transaction.atomic(durable=True)
def refuse(*, delegation: Delegation, at: datetime, by: Actor) -> Delegation:
    """
    Say that nobody comes. Naming somebody takes it back; twice is harmless.

    :raises ListClosed: the list is closed
    :raises Refused: somebody is on the list (`delegation_in_use`)
    """
    seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    if delegation.places.used:
        raise DelegationInUse(_("Somebody is on the list: remove them first."))
    if delegation.refused_at is None:
        delegation.refused_at = at
        delegation.save(update_fields=["refused_at"])
        _note(delegation, "delegation.refused", at=at, by=by)
    return delegation


class DelegationInUse(Refused):
    code = "delegation_in_use"


def refuse_unless_open(delegation: Delegation, *, at: datetime) -> None:
    """:raises ListClosed: the head may change nothing any more"""
    if not delegation.is_open(at):
        raise ListClosed(
            _("The list of this delegation is closed. Please write to the organizer: %(contact)s.")
            % {"contact": delegation.meeting.contact_email}
        )


def open_list(delegation: Delegation, *, at: datetime) -> Delegation:
    """The delegation as it is now, locked, if its list is open."""
    delegation = (
        Delegation.objects.select_for_update(of=("self",))
        .select_related("meeting", "meeting__region_set", "category", "region", "places")
        .get(pk=delegation.pk)
    )
    refuse_unless_open(delegation, at=at)
    return delegation


def _member(delegation: Delegation, registration: Registration) -> Registration:
    registration = transitions.locked(registration)
    if registration.delegation_id != delegation.pk:
        raise NotInDelegation(_("This person is not in the delegation."))
    return registration


def _demote_head(delegation: Delegation) -> None:
    """At most one is the head: whoever was so far is an expert now."""
    heads = delegation.people.live().filter(delegation_role=DelegationRole.HEAD)
    heads.update(delegation_role=DelegationRole.EXPERT)


def _note(delegation: Delegation, action: str, *, at: datetime, by: Actor, **changes: Any) -> None:
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(delegation), changes=changes or None
    )
