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
from accounts.refusals import Refused
from events import when
from events.models import Approval, Meeting, MeetingStatus
from registrations import (
    idempotency,
    intake,
    letters,
    names,
    seats,
    throttle,
    transitions,
    waitlist,
)
from registrations.idempotency import Claim
from registrations.intake import Application, Evidence
from registrations.models import (
    ConsentDocument,
    GivenBy,
    Registration,
    Seat,
    Source,
    Status,
)
from registrations.transitions import AlreadyRegistered
from registrations.waitlist import MeetingFull

__all__ = [
    "AlreadyRegistered",
    "Application",
    "Booked",
    "Evidence",
    "MeetingFull",
    "cancel",
    "register",
    "restore",
]

# A guess about the last seat can be wrong once or twice in a crowd, not this often.
MOST_GUESSES = 20


class RegistrationClosed(Refused):
    code = "registration_closed"


class ConsentRequired(Refused):
    code = "consent_required"


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
    of whoever approves. The letter that says which leaves after the commit.

    The counter is touched last and for as short as possible; so the rows are written on
    a guess (is there a seat?) that the counter's conditional UPDATE confirms or voids.

    :raises RegistrationClosed: the meeting takes no registrations at that moment
    :raises ConsentRequired: a required document was not agreed to (`missing`: its kinds)
    :raises MeetingFull: no seat, and no waiting list
    :raises AlreadyRegistered: this person is on the list; the link goes to the address on file
    """
    _refuse_unless_open(meeting, source=source, at=at)
    _refuse_without_consent(meeting, consents, source=source)
    status = _first_guess(meeting, application)
    for _attempt in range(MOST_GUESSES):
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
                status=status,
            )
        except _GuessedWrong:
            status = Status.WAITLISTED if status == Status.CONFIRMED else Status.CONFIRMED
            if status == Status.WAITLISTED and not meeting.has_waiting_list:
                raise MeetingFull(_("All seats are taken.")) from None
        except IntegrityError as error:
            if "one_live_registration_per_person_and_meeting" in str(error):
                if answered := _answer_of_twin(claim, at=at):
                    return answered
                _send_link_again(meeting=meeting, application=application, at=at)
                raise AlreadyRegistered(
                    _("This participant is already registered; the link was sent by e-mail.")
                ) from None
            if "one_registration_per_number_and_meeting" not in str(error):
                raise
    raise MeetingFull(_("Too many people are registering at this moment. Please try again."))


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
    status: str,
) -> Booked:
    uid = uuid.uuid4()
    answer: dict[str, Any] = {"uid": str(uid), "status": status, "waiting_position": None}
    if first := idempotency.begin(claim, answer=answer, at=at):
        return _answered(first)
    seated = status == Status.CONFIRMED and intake.takes_seat(
        meeting=meeting,
        category=application.category,
        attendance_mode=application.attendance_mode,
    )
    registration = intake.add(
        uid=uid,
        meeting=meeting,
        application=application,
        source=source,
        at=at,
        status=status,
        seat=Seat.WITHIN if seated else Seat.NONE,
    )
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
    if status == Status.WAITLISTED:
        if (turn := seats.draw_turn(meeting.pk)) is None:
            raise _GuessedWrong
        registration.line = turn.line
        registration.save(update_fields=["line"])
        answer["waiting_position"] = turn.position
        letters.write_waitlisted(registration, position=turn.position)
        idempotency.correct(claim, answer=answer)
    else:
        letters.write_answer(registration)
        if seated and not seats.take(meeting.pk):
            raise _GuessedWrong
    return Booked(registration, True, status, answer["waiting_position"])


@transaction.atomic(durable=True)
def cancel(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Give the seat, the turn or the wish back; whoever waited longest gets the seat and is told.

    Twice is harmless: the second time nothing happens and nobody is written to.
    """
    counter = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    if not registration.is_live:
        return registration
    was = registration.status
    seat = registration.seat
    letters.withdraw_reminders(registration, reason="cancelled")
    transitions.leave(registration, to=Status.CANCELLED, at=at)
    letters.write_cancelled(registration, was=was, by=by)
    journal.record(
        by=by,
        at=at,
        action="registration.cancelled",
        subjects=letters.subjects(registration),
        changes={"status": [was, Status.CANCELLED]},
    )
    if was == Status.WAITLISTED:
        seats.leave_line(counter)
    seats.give_back(counter, seat)
    waitlist.fill(counter, meeting=registration.meeting, at=at)
    return registration


@transaction.atomic(durable=True)
def restore(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """
    Take a cancellation back: to a seat if there is one, else to the end of the line.

    :raises RegistrationClosed: the meeting takes no registrations any more
    :raises AlreadyRegistered: the person has registered anew in between
    :raises MeetingFull: no seat, and no waiting list
    """
    counter = seats.lock(registration.meeting_id)
    registration = transitions.locked(registration)
    meeting = registration.meeting
    if registration.status != Status.CANCELLED:
        return registration
    if meeting.status != MeetingStatus.PUBLISHED or at >= meeting.ends_at or registration.erased_at:
        raise RegistrationClosed(_("This registration can no longer be restored."))
    transitions.refuse_twin(registration)
    if meeting.approval == Approval.MANUAL:
        transitions.enter(registration, to=Status.PENDING, at=at)
    elif not waitlist.admit(counter, registration, at=at):
        raise MeetingFull(_("All seats are taken."))
    letters.write_answer(registration, position=seats.position(registration))
    journal.record(
        by=by,
        at=at,
        action="registration.restored",
        subjects=letters.subjects(registration),
        changes={"status": [Status.CANCELLED, registration.status]},
    )
    return registration


def _refuse_unless_open(meeting: Meeting, *, source: str, at: datetime) -> None:
    by_organizer = source == Source.ORGANIZER
    if meeting.status == MeetingStatus.CANCELLED:
        raise RegistrationClosed(_("The meeting has been cancelled."))
    if by_organizer and meeting.status == MeetingStatus.PUBLISHED and at < meeting.ends_at:
        return
    if not meeting.takes_registrations(at):
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


def _refuse_without_consent(
    meeting: Meeting, consents: Sequence[ConsentDocument], *, source: str
) -> None:
    if source == Source.ORGANIZER:
        return
    given = {document.pk for document in consents}
    missing = [
        document
        for document in meeting.consent_documents.current()
        if document.is_required and document.pk not in given
    ]
    if missing:
        raise ConsentRequired(
            _("Without this consent we cannot write down your data."),
            missing=[document.kind for document in missing],
        )


def _first_guess(meeting: Meeting, application: Application) -> str:
    if meeting.approval == Approval.MANUAL:
        return Status.PENDING
    counter = meeting.seats
    if not intake.takes_seat(
        meeting=meeting,
        category=application.category,
        attendance_mode=application.attendance_mode,
    ):
        return Status.CONFIRMED
    if seats.has_room(counter):
        return Status.CONFIRMED
    if not meeting.has_waiting_list:
        raise MeetingFull(_("All seats are taken."))
    return Status.WAITLISTED


def _answered(answer: dict[str, Any]) -> Booked:
    registration = Registration.objects.select_related("meeting", "category", "region").get(
        uid=answer["uid"]
    )
    return Booked(registration, False, answer["status"], answer["waiting_position"])


@transaction.atomic(durable=True)
def _answer_of_twin(claim: Claim | None, *, at: datetime) -> Booked | None:
    """The first answer, where it was a twin with the same key that was quicker."""
    answer = idempotency.answer_of(claim)
    return _answered(answer) if answer else None


@transaction.atomic(durable=True)
def _send_link_again(*, meeting: Meeting, application: Application, at: datetime) -> None:
    """Mail the link to the address on file, at most three times an hour."""
    key = names.name_key(application.family_name, application.given_name, application.patronymic)
    existing = (
        Registration.objects.live()
        .filter(meeting=meeting)
        .of(email=application.email, name_key=key)
        .select_related("meeting", "category", "region")
        .first()
    )
    if existing and throttle.allows(f"link:{existing.uid}", limit=3, seconds=3600, at=at):
        letters.write_link(existing, at=at)
