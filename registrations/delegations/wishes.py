"""Whoever registered himself and wants to come with a delegation: its head says yes or no first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import JournalEntry
from accounts.refusals import Refused
from events.models import MeetingStatus
from registrations import letters as people_letters
from registrations import places, seats, strangers, transitions, waitlist, waking
from registrations.delegations import keys, letters
from registrations.delegations.naming import NotInDelegation, open_list
from registrations.enlisting import ListClosed
from registrations.models import (
    Delegation,
    DelegationRole,
    Registration,
    RegistrationQuerySet,
    Status,
)
from registrations.places import DelegationFull
from registrations.waitlist import MeetingFull

__all__ = [
    "DelegationFull",
    "ListClosed",
    "MeetingFull",
    "NotInDelegation",
    "WishAnswered",
    "approve",
    "reject",
    "tell_due",
    "waiting",
]

# One letter says how many there are; the next one that there are more, a day later.
APART = timedelta(days=1)


class WishAnswered(Refused):
    code = "invalid_transition"


def waiting(delegation: Delegation) -> RegistrationQuerySet:
    """Whoever waits for the head's answer, longest first. Looks only."""
    return delegation.wishes.select_related("category", "region").order_by("registered_at", "pk")


@transaction.atomic(durable=True)
def approve(
    *, delegation: Delegation, registration: Registration, at: datetime, by: Actor
) -> Registration:
    """
    The head says yes: the person is on the list of the delegation, within its quota, and goes
    on to the organizer; where the delegation needs no approval, to a seat. Twice is harmless.

    :raises ListClosed: the list is closed
    :raises NotInDelegation: the person did not ask for this delegation
    :raises WishAnswered: it was answered already
    :raises DelegationFull: the delegation has no place left (`quota`)
    :raises MeetingFull: no approval is needed, there is no seat and no waiting list
    """
    spared = strangers.spare_untold(registration, at=at)
    counters = seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    registration = transitions.locked(registration)
    registration.spared = spared
    if registration.delegation_id == delegation.pk and registration.is_live:
        return registration
    _refuse_unless_asked(delegation, registration)
    places.take(delegation_id=delegation.pk)
    registration.awaits_head_of = None
    registration.delegation, registration.delegation_role = delegation, DelegationRole.EXPERT
    registration.version += 1
    registration.save(update_fields=["awaits_head_of", "delegation", "delegation_role", "version"])
    _note(registration, "registration.approved_by_head", at=at, by=by)
    if delegation.skips_review:
        waitlist.admit(counters, registration, at=at)
        people_letters.write_answer(registration, **waitlist.told(registration))
        changes = {"status": [Status.PENDING, registration.status]}
        _note(registration, "registration.approved", at=at, by=by, changes=changes)
    return registration


@transaction.atomic(durable=True)
def reject(
    *,
    delegation: Delegation,
    registration: Registration,
    at: datetime,
    by: Actor,
    reason: str = "",
    shows_reason: bool = False,
) -> Registration:
    """
    The head says no: the request is declined, and the person told; why, only if
    `shows_reason`. The organizer may reverse it.

    :raises ListClosed: the list is closed
    :raises NotInDelegation: the person did not ask for this delegation
    :raises WishAnswered: it was answered already
    """
    spared = strangers.spare_untold(registration, at=at)
    seats.lock(delegation.meeting_id)
    delegation = open_list(delegation, at=at)
    registration = transitions.locked(registration)
    registration.spared = spared
    _refuse_unless_asked(delegation, registration)
    registration.decision_reason, registration.shows_reason = reason, shows_reason
    registration.save(update_fields=["decision_reason", "shows_reason"])
    transitions.leave(registration, to=Status.DECLINED, at=at)
    people_letters.write_declined(registration, was=Status.PENDING)
    changes = {"status": [Status.PENDING, Status.DECLINED]}
    _note(registration, "registration.declined_by_head", at=at, by=by, changes=changes)
    return registration


def tell_due(*, at: datetime) -> int:
    """
    Write to the heads for whose answer somebody waits of whom they were not told yet: by day,
    one letter a day at most, however many wait. Returns how many were written to.
    """
    asked = (
        Delegation.objects.with_addresses()
        .filter(wishes__isnull=False, meeting__status=MeetingStatus.PUBLISHED)
        .annotate(newest=Max("wishes__registered_at"))
        .select_related("meeting", "region")
        .order_by("pk")
    )
    return sum(
        _tell(one, at=at) for one in asked if _is_due(one, getattr(one, "newest", None), at=at)
    )


def _is_due(delegation: Delegation, newest: datetime | None, *, at: datetime) -> bool:
    told = delegation.wishes_told_at
    own = delegation.region.time_zone if delegation.region else ""
    zones = [delegation.meeting.zone, ZoneInfo(own) if own else delegation.meeting.zone]
    return (
        newest is not None
        and (told is None or (told < newest and told <= at - APART))
        and delegation.is_open(at)
        and waking.awake(at, zones)
    )


@transaction.atomic(durable=True)
def _tell(delegation: Delegation, *, at: datetime) -> bool:
    delegation = (
        Delegation.objects.select_for_update(of=("self",))
        .select_related("meeting", "places", "region")
        .get(pk=delegation.pk)
    )
    wishes = delegation.wishes.aggregate(newest=Max("registered_at"))
    if not _is_due(delegation, wishes["newest"], at=at):
        return False
    letters.write_wishes(delegation, waiting=delegation.wishes.count(), at=at)
    delegation.wishes_told_at = at
    delegation.save(update_fields=["wishes_told_at"])
    journal.record(
        by=journal.SYSTEM, at=at, action="delegation.asked", subjects=letters.subjects(delegation)
    )
    return True


def _refuse_unless_asked(delegation: Delegation, registration: Registration) -> None:
    if registration.awaits_head_of_id == delegation.pk:
        return
    answered = JournalEntry.objects.about(f"registration:{registration.pk}").filter(
        action__in=("registration.approved_by_head", "registration.declined_by_head"),
        who=keys.head(delegation).who,
    )
    if answered.exists():
        raise WishAnswered(_("This request has been answered already."))
    raise NotInDelegation(_("This person is not in the delegation."))


def _note(
    registration: Registration,
    action: str,
    *,
    at: datetime,
    by: Actor,
    changes: dict[str, Any] | None = None,
) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=people_letters.subjects(registration),
        changes=changes,
    )
