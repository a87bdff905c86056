"""Take a seat at a meeting or a turn in line, and give it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import JournalEntry, Via
from accounts.refusals import Refused
from events import when
from events.models import Meeting, MeetingStatus
from registrations import consents as documents
from registrations import (
    idempotency,
    intake,
    leaving,
    letters,
    mail_facts,
    names,
    outlook,
    places,
    seats,
    staging,
    strangers,
    throttle,
    transitions,
    waitlist,
)
from registrations.consents import ConsentRequired
from registrations.idempotency import Claim
from registrations.intake import Application, Evidence
from registrations.models import (
    AccessCode,
    ConsentDocument,
    Delegation,
    GivenBy,
    Registration,
    Seat,
    Source,
    Status,
)
from registrations.places import CodeUsedUp
from registrations.transitions import AlreadyRegistered
from registrations.waitlist import MeetingFull

__all__ = [
    "AlreadyRegistered",
    "Application",
    "Booked",
    "CodeUsedUp",
    "ConsentRequired",
    "Evidence",
    "MeetingFull",
    "cancel",
    "first_answer",
    "may_restore",
    "register",
    "restore",
]

# The doors through which participants act for themselves.
PARTICIPANT = (Via.LINK, Via.PUBLIC)
# A guess about the last seat can be wrong once or twice in a crowd, not this often.
MOST_GUESSES = 20


class RegistrationClosed(Refused):
    code = "registration_closed"


@dataclass(frozen=True)
class Booked:
    """The answer to a registration. The same request again gets the same one, not new."""

    registration: Registration
    is_new: bool
    status: str
    waiting_position: int | None = None


class _GuessedWrong(Exception):
    """Somebody took, or freed, the last seat in between: once more, with the other guess."""


def register(
    *,
    meeting: Meeting,
    application: Application,
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    source: str = Source.PUBLIC,
    evidence: Evidence | None = None,
    claim: Claim | None = None,
) -> Booked:
    """
    Give the person a seat, a turn in line when the meeting is full, or a place on the desk
    of whoever approves: the organizer's, or first that of a head of a delegation
    (`staging.head_for`). The letter that says which leaves after the commit.

    The counters are touched last and for as short as possible; so the rows are written on
    a guess (is there a seat?) that their conditional UPDATEs confirm or void.

    The repetition of a request that was granted is not refused, though the seat it got was the
    last one, or registration is closed by now.

    :raises RegistrationClosed: the meeting takes no registrations at that moment
    :raises ConsentRequired: a required document was not agreed to (`missing`: its kinds)
    :raises MeetingFull: no seat, and no waiting list
    :raises CodeUsedUp: the access code has no place left
    :raises AlreadyRegistered: this person is on the list; the link goes to the address on file
    """
    try:
        return _register(
            meeting=meeting,
            application=application,
            consents=consents,
            at=at,
            by=by,
            source=source,
            evidence=evidence,
            claim=claim,
        )
    except (RegistrationClosed, ConsentRequired, MeetingFull, CodeUsedUp):
        if answered := first_answer(claim=claim):
            return answered
        raise


def _register(
    *,
    meeting: Meeting,
    application: Application,
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    source: str,
    evidence: Evidence | None,
    claim: Claim | None,
) -> Booked:
    _refuse_unless_open(meeting, source=source, code=application.access_code, at=at)
    if source != Source.ORGANIZER:
        documents.refuse_without(
            meeting, consents, words=_("Without this consent we cannot write down your data.")
        )
    for attempt in range(MOST_GUESSES):
        guess = outlook.guess(meeting, application, at=at, closely=attempt > 0)
        try:
            return _book(
                meeting=meeting,
                application=application,
                consents=consents,
                at=at,
                by=by,
                source=source,
                evidence=evidence,
                claim=claim,
                guess=guess,
                awaits_head_of=_head(meeting, application, source=source, at=at),
            )
        except _GuessedWrong:
            continue
        except IntegrityError as error:
            if "one_live_registration_per_person_and_meeting" in str(error):
                if answered := first_answer(claim=claim):
                    return answered
                _send_link_again(meeting=meeting, application=application, at=at, by=by)
                raise AlreadyRegistered(
                    _("This participant is already registered; the link was sent by e-mail.")
                ) from None
            # The number was drawn twice, or the delegation removed at this very moment.
            again = ("one_registration_per_number_and_meeting", "awaits_head_of")
            if not any(reason in str(error) for reason in again):
                raise
    raise MeetingFull(_("Too many people are registering at this moment. Please try again."))


@transaction.atomic(durable=True)
def first_answer(*, claim: Claim | None) -> Booked | None:
    """
    The answer to this very request, where it was made and granted before. Looks only.

    :raises AlreadyRegistered: the link has been renewed since; whoever asks may not have it
    """
    answer = idempotency.answer_of(claim)
    return _answered(answer) if answer else None


@transaction.atomic(durable=True)
def _book(
    *,
    meeting: Meeting,
    application: Application,
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    source: str,
    evidence: Evidence | None,
    claim: Claim | None,
    guess: outlook.Guess,
    awaits_head_of: Delegation | None,
) -> Booked:
    uid, status = uuid.uuid4(), guess.status
    answer: dict[str, Any] = {
        "uid": str(uid), "status": status, "waiting_position": None, "generation": 1,
    }  # fmt: skip
    first, spared = strangers.begin(
        claim, addresses=[application.email, application.submitted_by_email], answer=answer,
        at=at, by=by,
    )  # fmt: skip
    if first:
        return _answered(first)
    registration = intake.add(
        uid=uid,
        meeting=meeting,
        application=application,
        source=source,
        at=at,
        status=status,
        seat=Seat.WITHIN if guess.takes_seat else Seat.NONE,
        awaits_head_of=awaits_head_of,
    )
    registration.spared = spared
    intake.record_consents(
        registration=registration,
        documents=consents,
        at=at,
        given_by=GivenBy.PROXY if application.submitted_by_email else GivenBy.SELF,
        evidence=evidence,
    )
    journal.record(
        by=by,
        at=at,
        action=f"registration.{status}",
        subjects=letters.subjects(registration),
        changes={"source": source},
    )
    if application.access_code is not None:
        places.take(delegation_id=None, access_code_id=application.access_code.pk)
    if status == Status.WAITLISTED:
        # What the letter says takes longer than all that follows the lock.
        facts = mail_facts.snapshot(registration)
        behind = outlook.stands_behind(meeting, guess.limits, at=at)
        turn = seats.draw_turn(guess.limits, behind=behind, registration=registration)
        if turn is None:
            raise _GuessedWrong
        told = waitlist.told_newcomer(registration, turn, guess.limits)
        answer["waiting_position"] = told["position"]
        letters.write_waitlisted(registration, **told, known=facts)
        idempotency.correct(claim, answer=answer)
    else:
        letters.write_answer(registration)
        if guess.takes_seat and not seats.take(registration):
            raise _GuessedWrong
    return Booked(registration, True, status, answer["waiting_position"])


@transaction.atomic(durable=True)
def cancel(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Give the seat, the turn or the wish back; whoever waited longest gets the seat and is told.

    Twice is harmless: the second time nothing happens and nobody is written to.

    :raises RegistrationClosed: it is the participant who wants it, and the meeting is over or
        called off
    """
    spared = strangers.spare_about(registration, at=at, by=by)
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    if not registration.is_live:
        return registration
    if _is_participant(by) and not registration.meeting.is_ahead(at):
        raise RegistrationClosed(
            _("The meeting is over or called off: there is nothing to cancel any more.")
        )
    leaving.withdraw(counters, registration, at=at, by=by)
    return registration


@transaction.atomic(durable=True)
def restore(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Take a cancellation back: to a seat if there is one, else to the end of the line.

    :raises RegistrationClosed: the meeting takes no registrations any more; or it is the
        participant who wants it, and the lists are closed or the organizer has cancelled; or
        it was merged with another one
    :raises AlreadyRegistered: the person has registered anew in between
    :raises MeetingFull: no seat, and no waiting list
    """
    spared = strangers.spare_about(registration, at=at, by=by)
    counters = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    registration.spared = spared
    meeting = registration.meeting
    if registration.status != Status.CANCELLED:
        return registration
    if registration.merged_into_id is not None:
        raise RegistrationClosed(
            _("This person takes part with another registration: the two were merged.")
        )
    if meeting.status != MeetingStatus.PUBLISHED or at >= meeting.ends_at or registration.erased_at:
        raise RegistrationClosed(_("This registration can no longer be restored."))
    if _is_participant(by) and not may_restore(registration, at=at):
        raise RegistrationClosed(
            _("Please write to the organizer: %(contact)s.") % {"contact": meeting.contact_email}
        )
    transitions.refuse_twin(registration)
    if staging.is_decided_on(registration):
        transitions.enter(registration, to=Status.PENDING, at=at)
        if _is_participant(by) and registration.delegation_id is None:
            staging.ask_the_right_head(registration, at=at)
    else:
        waitlist.admit(counters, registration, at=at)
    letters.write_answer(registration, **waitlist.told(registration))
    journal.record(
        by=by,
        at=at,
        action="registration.restored",
        subjects=letters.subjects(registration),
        changes={"status": [Status.CANCELLED, registration.status]},
    )
    return registration


def may_restore(registration: Registration, *, at: datetime) -> bool:
    """
    Whether a participant may take a cancellation back himself: his own, before the lists are
    closed.
    """
    if registration.status != Status.CANCELLED or registration.merged_into_id is not None:
        return False
    if not registration.meeting.takes_edits(at):
        return False
    lines = JournalEntry.objects.about(f"registration:{registration.pk}")
    last = lines.filter(action="registration.cancelled").newest_first().first()
    return last is None or last.via in PARTICIPANT


def _is_participant(by: Actor) -> bool:
    return by.via in PARTICIPANT


def _refuse_unless_open(
    meeting: Meeting, *, source: str, code: AccessCode | None, at: datetime
) -> None:
    by_organizer = source == Source.ORGANIZER
    if meeting.status == MeetingStatus.CANCELLED:
        raise RegistrationClosed(_("The meeting has been cancelled."))
    if by_organizer and meeting.status == MeetingStatus.PUBLISHED and at < meeting.ends_at:
        return
    if code is not None and not code.is_usable(at):
        raise RegistrationClosed(_("This access code is not valid any more."))
    if not meeting.takes_registrations(at) and not (code and code.lets_in(at)):
        opens = meeting.registration_opens_at
        if opens is not None and at < opens:
            raise RegistrationClosed(
                _("Registration opens on %(moment)s.")
                % {"moment": when.moment(opens, meeting.zone)}
            )
        raise RegistrationClosed(
            _("Registration is closed. Please write to the organizer: %(contact)s.")
            % {"contact": meeting.contact_email}
        )


def _head(
    meeting: Meeting, application: Application, *, source: str, at: datetime
) -> Delegation | None:
    """Whose head decides first on somebody who registers himself."""
    if source not in (Source.PUBLIC, Source.API) or not outlook.is_reviewed(meeting, application):
        return None
    return staging.head_for(
        meeting, region=application.region, organization=application.organization, at=at
    )


def _answered(answer: dict[str, Any]) -> Booked:
    registration = Registration.objects.select_related("meeting", "category", "region").get(
        uid=answer["uid"]
    )
    if registration.link_generation != answer.get("generation", 1):
        # Whoever sent the request first may not be who has the link now.
        raise AlreadyRegistered(_("This registration has a newer link, which was sent by e-mail."))
    return Booked(registration, False, answer["status"], answer["waiting_position"])


@transaction.atomic(durable=True)
def _send_link_again(
    *, meeting: Meeting, application: Application, at: datetime, by: Actor
) -> None:
    """Mail the link to the address on file, at most three times an hour."""
    key = names.name_key(application.family_name, application.given_name, application.patronymic)
    existing = (
        Registration.objects.live()
        .filter(meeting=meeting)
        .of(email=application.email, name_key=key)
        .select_related("meeting", "category", "region")
        .first()
    )
    if (
        existing
        and throttle.allows(f"link:{existing.uid}", limit=3, seconds=3600, at=at)
        and not strangers.spare(existing.email, at=at, by=by)
    ):
        letters.write_link(existing, at=at)
