"""A deputy stands at the door instead of the boss: put on the boss's seat and let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from attendance import admission
from attendance.admission import (
    ConsentRequired,
    IdReused,
    MeetingCancelled,
    NotAdmitted,
    PersonUnknown,
    ScanUnknown,
)
from attendance.desks import Desk
from attendance.models import Method, Presence, Scan
from attendance.scanlog import Entry
from events import when
from registrations import replacing
from registrations.enlisting import Entry as WayIn
from registrations.enlisting import ListClosed
from registrations.intake import Application
from registrations.models import GivenBy, Registration, Source, Status
from registrations.replacing import NotReplaceable
from registrations.transitions import AlreadyRegistered

__all__ = [
    "AlreadyRegistered",
    "ConsentRequired",
    "IdReused",
    "ListClosed",
    "MeetingCancelled",
    "Newcomer",
    "NotAdmitted",
    "NotReplaceable",
    "PersonUnknown",
    "ScanUnknown",
    "replace",
]


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """
    What the steward writes about whoever comes. An empty organization is the absent person's,
    as region and category are; the position is nobody's but one's own.
    """

    family_name: str
    given_name: str = ""
    patronymic: str = ""
    organization: str = ""
    position: str = ""
    email: str = ""


@transaction.atomic(durable=True)
def replace(
    *,
    desk: Desk,
    scan_id: UUID,
    person: UUID,
    newcomer: Newcomer,
    has_consented: bool,
    at: datetime,
    mistaken: UUID | None = None,
) -> Entry:
    """
    Put somebody in the place of `person`, who is confirmed, and let him in, all or nothing.

    `mistaken` is the scan of the absent person's code by which he was found: it is taken
    back. Letters go out where there are addresses. Sent again under the same `scan_id`, it
    changes nothing.

    :raises NotAdmitted: this desk may not
    :raises MeetingCancelled, ListClosed: there is nothing to be let in to, any more
    :raises PersonUnknown: nobody of this meeting
    :raises NotReplaceable: the person has no seat to hand over, or has come already
    :raises ConsentRequired: the meeting has documents that must be agreed to
    :raises AlreadyRegistered: the newcomer is on the list already
    :raises ScanUnknown: `mistaken` is no scan of that person here
    :raises IdReused: the id stands for another scan
    """
    meeting, counters = admission.open_door(desk, at=at)
    if again := admission.before(desk, scan_id, at=at):
        _refuse_another(scan_id, person)
        return again
    absent = admission.person(desk, person)
    _refuse_without_seat(absent)
    replacing.refuse_unless_replaceable(absent, at=at)
    documents = admission.agreed(meeting, has_consented=has_consented)
    if mistaken:
        _take_back(desk, mistaken, absent, scan_id=scan_id, at=at)
    _refuse_if_in(desk, absent)
    came = replacing.replace(
        counters,
        absent,
        application=_application(newcomer, absent),
        entry=WayIn(source=Source.WALK_IN, goes_over=True, given_by=GivenBy.ORGANIZER),
        at=at,
        by=desk.actor,
        consents=documents,
        with_calendar=False,
    )
    return admission.enter(desk, scan_id, came, method=Method.SEARCH, at=at)


def _application(newcomer: Newcomer, absent: Registration) -> Application:
    return Application(
        category=absent.category,
        region=absent.region,
        language=absent.language,
        family_name=newcomer.family_name,
        given_name=newcomer.given_name,
        patronymic=newcomer.patronymic,
        organization=newcomer.organization or absent.organization,
        position=newcomer.position,
        email=newcomer.email,
    )


def _refuse_another(scan_id: UUID, person: UUID) -> None:
    """The same id again is the same request only where it is about the same person."""
    if not Scan.objects.filter(pk=scan_id, registration__replaces__uid=person).exists():
        raise IdReused(_("This id was used for another scan."))


def _refuse_without_seat(absent: Registration) -> None:
    """At the desk only the seat of somebody confirmed goes over to somebody else."""
    if absent.status == Status.CONFIRMED:
        return
    if absent.status == Status.PENDING:
        raise NotReplaceable(
            _("The request is not decided yet: there is no seat to hand over. Ask the organizer.")
        )
    if absent.status == Status.WAITLISTED:
        raise NotReplaceable(
            _("On the waiting list there is no seat to hand over. Ask the organizer.")
        )
    if deputy := replacing.deputy_of(absent.uid):
        raise NotReplaceable(_("%(name)s comes instead already.") % {"name": deputy.full_name})
    raise NotReplaceable(_("This registration is cancelled or declined: ask the organizer."))


def _refuse_if_in(desk: Desk, absent: Registration) -> None:
    presence = Presence.objects.filter(
        checkpoint_id=desk.checkpoint_id, registration=absent
    ).first()
    if presence is not None:
        raise NotReplaceable(
            _("This person is in since %(time)s (%(desk)s). Take that entry back first.")
            % {"time": when.clock(presence.first_at, desk.zone), "desk": presence.desk}
        )


def _take_back(
    desk: Desk, mistaken: UUID, absent: Registration, *, scan_id: UUID, at: datetime
) -> None:
    here = Scan.objects.entries().of(checkpoint_id=desk.checkpoint_id)
    theirs = Q(registration=absent) | Q(registration__merged_into=absent)
    if not here.filter(theirs, pk=mistaken).exists():
        raise ScanUnknown(_("There is no such scan at this desk's meeting."))
    admission.take_back(desk=desk, entry=mistaken, void_id=uuid5(scan_id, "mistaken"), at=at)
