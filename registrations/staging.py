"""
Who decides next about a request: the head of a delegation, or the organizer; and whether
something approved has to be looked at again (docs/decisions/0010-review-stages.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal
from accounts.journal import Actor
from events.models import Approval, Meeting, Region
from registrations import letters, names, offers, rewriting, transitions, waitlist
from registrations.models import Delegation, Invitation, Registration, Status
from registrations.seats import Counters

APPROVED = (Status.CONFIRMED, Status.WAITLISTED)


def head_for(
    meeting: Meeting, *, region: Region | None, organization: str, at: datetime
) -> Delegation | None:
    """
    The delegation whose head is asked first about somebody who registers himself; None where
    the organizer decides alone.

    It is the one that is called like his organization, else the only one of his region. A head
    who cannot be written to, whose list is closed or who said that nobody comes is not asked.
    """
    if not (meeting.approval == Approval.MANUAL and meeting.heads_decide_first):
        return None
    asked = [
        one
        for one in Delegation.objects.with_addresses()
        .filter(meeting=meeting, refused_at=None)
        .select_related("meeting")
        .order_by("pk")
        if one.is_open(at)
    ]
    key = names.organization_key(organization)
    called = [one for one in asked if key and names.organization_key(one.name) == key]
    regional = [one for one in asked if region is not None and one.region_id == region.pk]
    if called:
        return called[0]
    return regional[0] if len(regional) == 1 else None


def is_looked_at_again(registration: Registration) -> bool:
    """
    Whether a change of name or organization, by whoever has the link, goes to the organizer.

    Of whoever came in by a code or a delegation that spares him the approval, nobody ever
    looked at the name.
    """
    meeting = registration.meeting
    return (
        meeting.approval == Approval.MANUAL
        and meeting.reviews_changes
        and registration.status in APPROVED
        and not _came_unasked(registration)
    )


def is_decided_on(registration: Registration) -> bool:
    """
    Whether the organizer decides on somebody who comes back: not where the way by which he
    came spares him the approval, be it a code, a delegation or an invitation.
    """
    if registration.meeting.approval != Approval.MANUAL or _came_unasked(registration):
        return False
    return not Invitation.objects.filter(registration=registration, skips_review=True).exists()


def _came_unasked(registration: Registration) -> bool:
    ways = (registration.delegation, registration.access_code)
    return any(way is not None and way.skips_review for way in ways)


def after_change(
    counters: Counters, registration: Registration, old: dict[str, Any], *, at: datetime, by: Actor
) -> None:
    """
    Send a participant who has changed some fields himself to whoever decides on it now.

    `old` is what they were. Whoever changes back to what was approved has it back at once.
    """
    told = {field: value for field, value in old.items() if field in rewriting.TOLD}
    if registration.awaits_head_of_id is not None and old.keys() & {"region", "organization"}:
        ask_the_right_head(registration, at=at)
    elif told and is_looked_at_again(registration):
        _look_again(counters, registration, told, at=at, by=by)
    elif told and registration.approved_as:
        _compare(counters, registration, told, at=at, by=by)


def reinstate(counters: Counters, registration: Registration, *, at: datetime) -> None:
    """
    Give back in full what somebody kept while his changes were looked at: the seat, or the
    turn in line. He is told.
    """
    was_confirmed = registration.was_confirmed
    waitlist.admit(counters, registration, at=at)
    if was_confirmed:
        letters.write_confirmed_again(registration)
    else:
        letters.write_answer(registration, **waitlist.told(registration))


def ask_the_right_head(registration: Registration, *, at: datetime) -> None:
    """Put a request before the head whom it concerns now, or on the organizer's desk."""
    registration.awaits_head_of = head_for(
        registration.meeting,
        region=registration.region,
        organization=registration.organization,
        at=at,
    )
    registration.save(update_fields=["awaits_head_of"])


def _look_again(
    counters: Counters, registration: Registration, told: dict[str, Any], *, at: datetime, by: Actor
) -> None:
    was = registration.status
    if was == Status.WAITLISTED:
        offers.end(counters, registration, at=at, by=by)
        counters.leave_line()
    transitions.look_again(registration, approved=told, at=at)
    letters.write_changes_received(registration, changes=rewriting.in_words(registration, told))
    _note(registration, "registration.looked_at_again", was=was, at=at, by=by)
    if was == Status.WAITLISTED:
        waitlist.fill(counters, meeting=registration.meeting, at=at)


def _compare(
    counters: Counters, registration: Registration, told: dict[str, Any], *, at: datetime, by: Actor
) -> None:
    approved = told | (registration.approved_as or {})
    registration.approved_as = {
        field: value for field, value in approved.items() if getattr(registration, field) != value
    }
    if registration.approved_as:
        registration.save(update_fields=["approved_as"])
        return
    reinstate(counters, registration, at=at)
    _note(registration, "registration.changed_back", was=Status.PENDING, at=at, by=by)


def _note(registration: Registration, action: str, *, was: str, at: datetime, by: Actor) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=letters.subjects(registration),
        changes={"status": [was, registration.status]},
    )
