"""
Letting in somebody for whom a desk decides: what walk-ins, admissions and substitutions
share. Operations: they open no transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.refusals import Refused
from attendance import scanlog
from attendance.desks import Desk
from attendance.models import Scan
from attendance.scanlog import Entry, ScanInput, Voiding
from events.models import Meeting, MeetingStatus
from registrations import seats, transitions
from registrations.models import ConsentDocument, Registration
from registrations.seats import Counters

# A rehearsal the day before, a late correction the day after.
AROUND = timedelta(days=1)


class NotAdmitted(Refused):
    code = "not_admitted"


class ConsentRequired(Refused):
    code = "consent_required"


class MeetingCancelled(Refused):
    code = "meeting_cancelled"


class PersonUnknown(Refused):
    code = "not_found"


class IdReused(Refused):
    code = "id_reused"


class ScanUnknown(Refused):
    code = "not_found"


def open_door(desk: Desk, *, at: datetime) -> tuple[Meeting, Counters]:
    """
    The meeting with its counters locked: one desk at a time decides about seats.

    :raises NotAdmitted: this desk may not, or not today
    :raises MeetingCancelled: there is nothing to be let in to
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Somebody is let in inside a use case's transaction.")
    if not desk.may_admit:
        raise NotAdmitted(_("This desk may not admit anybody: send to the organizer's desk."))
    counters = seats.lock(desk.meeting_id)
    meeting = Meeting.objects.select_related("region_set").get(pk=desk.meeting_id)
    if meeting.status == MeetingStatus.CANCELLED:
        raise MeetingCancelled(_("The meeting has been cancelled."))
    today, first, last = (
        moment.astimezone(meeting.zone).date()
        for moment in (at, meeting.starts_at, meeting.ends_at)
    )
    if not first - AROUND <= today <= last + AROUND:
        raise NotAdmitted(
            _("Admitting and registering at the door work from the day before to the day after.")
        )
    return meeting, counters


def before(desk: Desk, scan_id: UUID, *, at: datetime) -> Entry | None:
    """The first answer, when this very request came before. The counter's lock orders twins."""
    scan = Scan.objects.select_related("registration").filter(pk=scan_id).first()
    if scan is None:
        return None
    if scan.checkpoint_id != desk.checkpoint_id or scan.registration is None:
        raise IdReused(_("This id was used for another scan."))
    return enter(desk, scan_id, scan.registration, method=scan.method, at=scan.scanned_at)


def enter(desk: Desk, scan_id: UUID, person: Registration, *, method: str, at: datetime) -> Entry:
    """Write into the log that somebody is in."""
    scan = ScanInput(id=scan_id, person=person.uid, method=method, scanned_at=at)
    [entry] = scanlog.write(desk=desk, scans=[scan], at=at)
    if entry.state == "id_reused":
        raise IdReused(_("This id was used for another scan."))
    return entry


def person(desk: Desk, uid: UUID) -> Registration:
    """
    Somebody of the desk's meeting, locked; of two that were merged the one kept. The counters
    are locked before.

    :raises PersonUnknown: nobody of this meeting
    """
    known = Registration.objects.filter(meeting_id=desk.meeting_id, uid=uid, erased_at=None)
    found = known.select_related("merged_into").first()
    found = found and (found.merged_into or found)
    if found is None:
        raise PersonUnknown(_("Nobody of this meeting has this registration."))
    # A scan locks the person's place in the log first and then looks at the row: the other
    # way round, it and we could wait for each other.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(attendance_lock_key(%s, %s))",
            [desk.checkpoint_id, found.pk],
        )
    return transitions.locked(found)


def agreed(meeting: Meeting, *, has_consented: bool) -> list[ConsentDocument]:
    """
    The documents that somebody at the desk has agreed to.

    :raises ConsentRequired: the meeting has documents that must be agreed to
    """
    current = meeting.consent_documents.current()
    required = [document for document in current if document.is_required]
    if required and not has_consented:
        raise ConsentRequired(_("The participant has to agree to the processing of personal data."))
    return required


def take_back(*, desk: Desk, entry: UUID, void_id: UUID, at: datetime) -> Voiding:
    """
    Take a scan of this checkpoint back. Twice, or by two stewards, is harmless.

    :raises ScanUnknown: this checkpoint has no such scan
    :raises IdReused: `void_id` stands for something else
    """
    voiding = scanlog.void(desk=desk, entry=entry, void_id=void_id, at=at)
    if voiding.state == "not_found":
        raise ScanUnknown(_("There is no such scan at this desk's meeting."))
    if voiding.state == "id_reused":
        raise IdReused(_("This id was used for something else."))
    if voiding.state == "new":
        subjects = [f"meeting:{desk.meeting_id}", f"scan:{entry}"]
        if voiding.registration_id:
            subjects.insert(1, f"registration:{voiding.registration_id}")
        journal.record(by=desk.actor, at=at, action="scan.voided", subjects=subjects)
    return voiding
