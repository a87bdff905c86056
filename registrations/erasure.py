"""Forget people: on their request, and on time after the meeting. Counts stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.journal import Actor
from events.models import Meeting
from notifications import outbox, sparing
from registrations import (
    feeds,
    idempotency,
    letters,
    seats,
    session_seats,
    throttle,
    transitions,
    waitlist,
)
from registrations.models import (
    Announcement,
    Consent,
    Delegation,
    ImportRun,
    Invitation,
    InvitationQuerySet,
    PassList,
    PassListLine,
    Registration,
    Source,
    Status,
)

# What a person is known by. Status, category, region and organization's key stay: counted,
# they name nobody.
BLANKED = (
    "family_name",
    "given_name",
    "patronymic",
    "latin_name",
    "email",
    "phone",
    "position",
    "organization",
    "search_key",
    "sort_key",
    "name_key",
    "submitted_by_name",
    "submitted_by_email",
    "time_zone",
    "decision_reason",
)
# What an invitation says of the person; that there was one, and its answer, stay.
BLANKED_OF_INVITATION = (
    "name",
    "email",
    "organization",
    "position",
    "instead_of",
    "decline_note",
)


@transaction.atomic(durable=True)
def erase(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Erase the person: names, addresses, ticket, mails, calendar feed. A live registration is
    given up first; what was merged into it is the same person and goes along.

    The row stays without a person, so that no published figure changes. Twice is harmless.
    """
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if registration.erased_at:
        return registration
    meeting = registration.meeting
    if registration.is_live and at < meeting.starts_at:
        was = registration.status
        transitions.leave(registration, to=Status.CANCELLED, at=at)
        waitlist.pass_on(counters, registration, was=was, at=at)
    session_seats.give_back(registration)
    for one in (registration, *registration.merged.filter(erased_at=None)):
        _blank(one, at=at)
        journal.record(by=by, at=at, action="registration.erased", subjects=letters.subjects(one))
    return registration


def forget_due(*, at: datetime) -> int:
    """
    Erase everybody of meetings whose time to keep data is over; return how many people.

    Samples are kept. Idempotency keys and throttles that are too old go as well.
    """
    idempotency.forget(at=at)
    throttle.forget(at=at)
    sparing.forget(at=at)
    return sum(
        _forget_meeting(meeting, at=at)
        for meeting in Meeting.objects.filter(
            purged_at=None, is_sample=False, ends_at__lt=at - timedelta(days=1)
        )
        if meeting.ends_at + timedelta(days=meeting.retention_days) <= at
    )


@transaction.atomic(durable=True)
def _forget_meeting(meeting: Meeting, *, at: datetime) -> int:
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk)
    people = Registration.objects.filter(meeting=meeting, erased_at=None)
    count = 0
    for registration in people.select_related("meeting").select_for_update(of=("self",)):
        _blank(registration, at=at)
        count += 1
    Delegation.objects.filter(meeting=meeting).update(head_name="", head_email="")
    _blank_invitations(Invitation.objects.filter(meeting=meeting), at=at)
    PassList.objects.of(meeting).update(note="")
    ImportRun.objects.filter(meeting=meeting).delete()
    Announcement.objects.filter(meeting=meeting).delete()
    meeting.purged_at = at
    meeting.save(update_fields=["purged_at"])
    outbox.forget(subject=f"meeting:{meeting.pk}")
    journal.record(
        by=journal.SYSTEM,
        at=at,
        action="meeting.purged",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"people": count},
    )
    return count


def _blank(registration: Registration, *, at: datetime) -> None:
    letters.withdraw_all(registration, reason="erased")
    outbox.forget(subject=f"registration:{registration.pk}")
    Consent.objects.filter(registration=registration).update(ip_address=None, user_agent="")
    for invitation in Invitation.objects.filter(registration=registration):
        outbox.forget(subject=f"invitation:{invitation.pk}")
        _blank_invitations(Invitation.objects.filter(pk=invitation.pk), at=at)
    PassListLine.objects.filter(registration=registration).forget()
    feeds.end(registration, at=at)
    if registration.source == Source.IMPORT:
        # The table that named the person goes as a whole; it is on the list long since.
        ImportRun.objects.imported().filter(meeting=registration.meeting_id).delete()
    for field in BLANKED:
        setattr(registration, field, "")
    registration.ticket_code = None
    if registration.approved_as:
        # That the organizer was to look again stays, as what he sits on does.
        registration.approved_as = {}
    registration.erased_at = at
    registration.version += 1
    registration.save(
        update_fields=[*BLANKED, "ticket_code", "approved_as", "erased_at", "version"]
    )


def _blank_invitations(invitations: InvitationQuerySet, *, at: datetime) -> None:
    blank = dict.fromkeys(BLANKED_OF_INVITATION, "")
    invitations.filter(erased_at=None).update(erased_at=at, **blank)
