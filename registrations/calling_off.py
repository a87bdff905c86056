"""Call a meeting off: whoever was to come, to answer or to name people is told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects

from accounts import journal
from accounts.journal import Actor
from events.models import Meeting, MeetingStatus
from registrations import convening, letters, moving, offers, seats
from registrations.delegations import letters as to_heads
from registrations.invitations import letters as to_invited
from registrations.models import (
    Delegation,
    DelegationQuerySet,
    Invitation,
    InvitationQuerySet,
    SessionSeat,
)


@transaction.atomic(durable=True)
def call_off(*, meeting: Meeting, reason: str, at: datetime, by: Actor) -> Meeting:
    """
    Cancel the meeting and tell everybody on the list, whoever was invited and has not
    answered, and the heads who were asked for a delegation. Registrations stay as they are;
    seats that are offered to somebody are offered no longer. Twice is harmless.
    """
    counters = seats.lock(meeting.pk)
    meeting = convening.locked(meeting)
    if meeting.status == MeetingStatus.CANCELLED:
        return meeting
    offers.end_all(counters, at=at, by=by)
    was_published = meeting.status == MeetingStatus.PUBLISHED
    meeting.status = MeetingStatus.CANCELLED
    meeting.published_at = meeting.published_at or at
    meeting.cancelled_at = at
    meeting.cancellation_reason = reason
    meeting.sequence += 1
    meeting.version += 1
    meeting.save(
        update_fields=[
            "status",
            "published_at",
            "cancelled_at",
            "cancellation_reason",
            "sequence",
            "version",
        ]
    )
    if was_published and at < meeting.ends_at:
        _tell(meeting, reason=reason, at=at)
    journal.record(by=by, at=at, action="meeting.cancelled", subjects=[f"meeting:{meeting.pk}"])
    return meeting


def unanswered(meeting: Meeting) -> int:
    """How many are told though they are not on the list: invited people, and heads."""
    return _invited(meeting).count() + _heads(meeting).count()


def _tell(meeting: Meeting, *, reason: str, at: datetime) -> None:
    people = moving.everybody(meeting)
    chosen = SessionSeat.objects.select_related("session").in_order()
    prefetch_related_objects(people, Prefetch("session_seats", chosen))
    for registration in people:
        registration.calendar_sequence += 1
        registration.save(update_fields=["calendar_sequence"])
        letters.withdraw_bulk(registration, reason="meeting cancelled")
        sessions = [seat.session for seat in registration.session_seats.all()]
        letters.write_called_off(registration, reason=reason, sessions=sessions)
    for invitation in _invited(meeting).select_related("category", "region"):
        invitation.meeting = meeting
        to_invited.withdraw(invitation, reason="meeting cancelled")
        to_invited.write_called_off(invitation, reason=reason, at=at)
    for delegation in _heads(meeting).select_related("places"):
        delegation.meeting = meeting
        to_heads.withdraw(delegation, reason="meeting cancelled")
        to_heads.write_called_off(delegation, reason=reason, at=at)


def _invited(meeting: Meeting) -> InvitationQuerySet:
    """Whoever was written to and may still mean to come."""
    asked = Invitation.objects.filter(meeting=meeting, sent_at__isnull=False, erased_at=None)
    return asked.unanswered()


def _heads(meeting: Meeting) -> DelegationQuerySet:
    """Whoever was asked to name people, and did not say that nobody comes."""
    asked = Delegation.objects.filter(meeting=meeting, asked_at__isnull=False, refused_at=None)
    return asked.with_addresses()
