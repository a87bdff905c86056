"""Whoever stands at the door without a seat: let in, over capacity if need be."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.refusals import Refused
from attendance import admission
from attendance.admission import ConsentRequired, MeetingCancelled, NotAdmitted, PersonUnknown
from attendance.desks import Desk
from attendance.models import Method
from attendance.scanlog import Entry
from registrations import intake, letters, waitlist
from registrations.intake import Application
from registrations.models import (
    AttendanceMode,
    GivenBy,
    Registration,
    Seat,
    Source,
    Status,
)
from registrations.seats import Counters

__all__ = [
    "AlreadyRegistered",
    "ConsentRequired",
    "MeetingCancelled",
    "NotAdmitted",
    "PersonUnknown",
    "admit",
    "register",
]

MOST_DRAWS = 5


class AlreadyRegistered(Refused):
    code = "already_registered"


def register(
    *, desk: Desk, scan_id: UUID, application: Application, has_consented: bool, at: datetime
) -> Entry:
    """
    Register somebody at the door and let him in, in one transaction.

    A seat within the limit is taken if there is one, else one over it: a deliberate act,
    counted apart and journalled. A letter goes out only if there is an address. Sent
    again under the same `scan_id`, it changes nothing.

    :raises NotAdmitted: this desk may not, or it is not around the days of the meeting
    :raises MeetingCancelled: there is nothing to be let in to
    :raises ConsentRequired: the meeting has documents that must be agreed to
    :raises AlreadyRegistered: somebody of that name and address is on the list
    :raises IdReused: the id stands for another scan
    """
    for _draw in range(MOST_DRAWS):
        try:
            return _register(
                desk=desk,
                scan_id=scan_id,
                application=application,
                has_consented=has_consented,
                at=at,
            )
        except IntegrityError as error:
            if "one_live_registration_per_person_and_meeting" in str(error):
                raise AlreadyRegistered(
                    _("Somebody of this name is on the list already. Search for the name.")
                ) from None
            # One number in a million is drawn twice: draw again.
            if "one_registration_per_number_and_meeting" not in str(error):
                raise
    raise RuntimeError("No free registration number was drawn.")


@transaction.atomic(durable=True)
def _register(
    *, desk: Desk, scan_id: UUID, application: Application, has_consented: bool, at: datetime
) -> Entry:
    meeting, counters = admission.open_door(desk, at=at)
    if again := admission.before(desk, scan_id, at=at):
        return again
    documents = admission.agreed(meeting, has_consented=has_consented)
    person = intake.add(
        meeting=meeting,
        application=application,
        source=Source.WALK_IN,
        at=at,
        status=Status.CONFIRMED,
    )
    _sit_down(counters, person)
    intake.record_consents(
        registration=person, documents=documents, at=at, given_by=GivenBy.ORGANIZER
    )
    if person.email:
        letters.write_confirmed(person, with_calendar=False)
    journal.record(
        by=desk.actor,
        at=at,
        action="registration.walk_in",
        subjects=letters.subjects(person),
        changes={"seat": person.seat},
    )
    return admission.enter(desk, scan_id, person, method=Method.WALK_IN, at=at)


@transaction.atomic(durable=True)
def admit(*, desk: Desk, scan_id: UUID, person: UUID, at: datetime) -> Entry:
    """
    Let in somebody who waits, is not yet decided on, or registered for online.

    Over capacity if need be: counted apart and journalled. Harmless when repeated.

    :raises NotAdmitted: this desk may not, it is not around the days of the meeting, or the
        registration is cancelled or declined
    :raises MeetingCancelled: there is nothing to be let in to
    :raises PersonUnknown: nobody of this meeting
    """
    _meeting, counters = admission.open_door(desk, at=at)
    if again := admission.before(desk, scan_id, at=at):
        return again
    found = admission.person(desk, person)
    was, was_online = found.status, found.attendance_mode == AttendanceMode.ONLINE
    if was_online:
        found.attendance_mode = AttendanceMode.IN_PERSON
        found.save(update_fields=["attendance_mode"])
    if was == Status.PENDING:
        waitlist.sit(counters, found, at=at, goes_over=True)
        letters.write_confirmed(found, with_calendar=False)
    elif was == Status.WAITLISTED:
        waitlist.confirm_waiting(counters, found, at=at, goes_over=True)
    elif was != Status.CONFIRMED:
        raise NotAdmitted(_("This registration is cancelled or declined: ask the organizer."))
    elif was_online and found.seat == Seat.NONE:
        _sit_down(counters, found)
    if was_online or was != Status.CONFIRMED:
        journal.record(
            by=desk.actor,
            at=at,
            action="registration.admitted",
            subjects=letters.subjects(found),
            changes={"status": [was, Status.CONFIRMED], "seat": found.seat},
        )
    return admission.enter(desk, scan_id, found, method=Method.SEARCH, at=at)


def _sit_down(counters: Counters, person: Registration) -> None:
    """Seat somebody who stands in the room: within the limits, beyond them, or on no seat."""
    if intake.takes_seat(
        meeting=person.meeting, category=person.category, attendance_mode=AttendanceMode.IN_PERSON
    ):
        person.seat = counters.seat(person, goes_over=True)
        person.save(update_fields=["seat"])
