"""
Putting somebody on the list while the counters are locked: what delegations, invitations,
substitution and import share. The crowd of the public page has `booking.register`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Approval, Meeting, MeetingStatus
from registrations import intake, letters, places, transitions, waitlist
from registrations.intake import Application, Evidence
from registrations.models import LIVE, ConsentDocument, GivenBy, Registration, Status
from registrations.seats import Counters
from registrations.transitions import AlreadyRegistered

# Six digits are drawn by chance; among a million taken ones nobody would find a free one.
MOST_DRAWS = 50


class ListClosed(Refused):
    code = "edits_closed"


class RowRefused(Refused):
    """One of several people could not be put on the list (`row`, from 1): then nobody is."""

    def __init__(self, refusal: Refused, row: int) -> None:
        super().__init__(
            _("Row %(n)d: %(why)s") % {"n": row, "why": refusal}, row=row, **refusal.facts
        )
        self.code = refusal.code


@dataclass(frozen=True, kw_only=True)
class Entry:
    """
    How somebody comes on the list: through which door, what that door spares him, and whether
    he gets the usual letter.
    """

    source: str
    skips_review: bool = False
    goes_over: bool = False
    is_told: bool = True
    given_by: str = GivenBy.PROXY
    evidence: Evidence | None = None
    replaces: Registration | None = None


def enlist(
    counters: Counters,
    *,
    meeting: Meeting,
    application: Application,
    entry: Entry,
    at: datetime,
    by: Actor,
    consents: Sequence[ConsentDocument] = (),
) -> Registration:
    """
    Put the person on the list: with a seat, a turn in line, or on the desk of whoever
    approves. The letter that says which leaves after the commit.

    :raises AlreadyRegistered: this person is on the list
    :raises MeetingFull: no seat, and no waiting list
    :raises DelegationFull: the delegation has no place left
    """
    registration = insert(
        meeting=meeting, application=application, entry=entry, at=at, status=Status.PENDING,
        consents=consents,
    )  # fmt: skip
    if meeting.approval == Approval.AUTOMATIC or entry.skips_review:
        waitlist.admit(counters, registration, at=at, over_capacity=entry.goes_over)
    if entry.is_told:
        letters.write_answer(registration, **waitlist.told(registration))
    note(registration, entry, at=at, by=by)
    return registration


def insert(
    *,
    meeting: Meeting,
    application: Application,
    entry: Entry,
    at: datetime,
    status: str,
    consents: Sequence[ConsentDocument] = (),
) -> Registration:
    """
    The row with its consents and its place in a delegation; no seat yet.

    :raises AlreadyRegistered: this person is on the list
    :raises DelegationFull: the delegation has no place left
    """
    if application.delegation is not None and status in LIVE:
        places.take(delegation_id=application.delegation.pk, goes_over=entry.goes_over)
    registration = _insert(meeting, application, entry, at=at, status=status)
    intake.record_consents(
        registration=registration,
        documents=consents,
        at=at,
        given_by=entry.given_by,
        evidence=entry.evidence,
    )
    return registration


def note(registration: Registration, entry: Entry, *, at: datetime, by: Actor) -> None:
    """What the journal says of a person who came on the list."""
    changes: dict[str, str] = {"source": entry.source}
    if entry.replaces:
        changes["replaces"] = entry.replaces.number
    journal.record(
        by=by,
        at=at,
        action=f"registration.{registration.status}",
        subjects=letters.subjects(registration),
        changes=changes,
    )


def refuse_unless_ahead(meeting: Meeting, *, at: datetime) -> None:
    """
    Whether there is a list to put somebody on.

    :raises ListClosed: the meeting is not published, called off or over
    """
    if meeting.status != MeetingStatus.PUBLISHED or at >= meeting.ends_at:
        raise ListClosed(_("The meeting takes no registrations any more."))


def _insert(
    meeting: Meeting, application: Application, entry: Entry, *, at: datetime, status: str
) -> Registration:
    for _draw in range(MOST_DRAWS):
        try:
            with transaction.atomic():
                return intake.add(
                    meeting=meeting,
                    application=application,
                    source=entry.source,
                    at=at,
                    status=status,
                    replaces=entry.replaces,
                )
        except IntegrityError as error:
            if "one_live_registration_per_person_and_meeting" in str(error):
                raise AlreadyRegistered(
                    _("Somebody with this name and address is on the list already.")
                ) from error
            if "one_registration_per_number_and_meeting" not in str(error):
                raise
    raise RuntimeError(f"no free number found for meeting {meeting.pk}")


def twin_of(meeting: Meeting, application: Application) -> Registration | None:
    """Whoever is on the list with that name and address already. Looks only."""
    return transitions.twins(
        meeting,
        email=application.email,
        who=(application.family_name, application.given_name, application.patronymic),
    ).first()
