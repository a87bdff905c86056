"""Who is in: counts, the log, the search at the desk. Looks only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import journal
from accounts.refusals import Refused
from attendance.desks import Desk
from attendance.models import Checkpoint, Outcome, Presence, Scan
from attendance.verdicts import STANDING, VERDICTS, box_of
from events import when
from events.models import OrganizationVariant, in_language
from registrations import names, throttle, tickets
from registrations.models import Registration, Seat, Status

SHORTEST = 2
MOST = 20
# A steward types fast, a program that reads the list out is faster.
SEARCHES_A_MINUTE = 60


class QueryTooShort(Refused):
    code = "query_too_short"


@dataclass(frozen=True)
class Counts:
    present: int
    expected: int


def counts(*, meeting_id: int, checkpoint_id: int) -> Counts:
    """How many are in, and how many are confirmed to come in person. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM attendance_presence WHERE checkpoint_id = %s),"
            " (SELECT count(*) FROM registrations_registration WHERE meeting_id = %s"
            "  AND status = 'confirmed' AND attendance_mode = 'in_person')",
            [checkpoint_id, meeting_id],
        )
        row = cursor.fetchone()
    return Counts(*row)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of a search: enough to tell two people of one name apart."""

    uid: UUID
    number: str
    name: str
    organization: str
    region: str
    category: str
    status: str
    status_text: str
    is_online: bool
    first_at: datetime | None
    first_clock: str
    first_desk: str
    box: str
    may_be_replaced: bool


def search(*, desk: Desk, query: str, at: datetime) -> list[Found]:
    """
    People of the desk's meeting by name, organization or number: at most 20, by name.

    Tolerates ё for е and the wrong keyboard layout. Throttled for each desk; that a
    desk searched is journalled once an hour, what it searched for is not kept.

    :raises QueryTooShort: fewer than two characters
    :raises registrations.throttle.Throttled: more than a steward can type
    """
    query = names.clean(query)
    if len(query) < SHORTEST:
        raise QueryTooShort(_("Type at least two letters."))
    who = f"{desk.device_id or f'user-{desk.user_id}'}"
    throttle.hit(f"desk-search:{who}", limit=SEARCHES_A_MINUTE, seconds=60, at=at)
    if throttle.allows(f"desk-searched:{who}", limit=1, seconds=3600, at=at):
        with transaction.atomic():
            journal.record(
                by=desk.actor,
                at=at,
                action="desk.searched",
                subjects=[f"meeting:{desk.meeting_id}", f"device:{desk.device_id}"],
            )
    people = (
        Registration.objects.filter(
            _matches(query, desk), meeting_id=desk.meeting_id, erased_at=None, merged_into=None
        )
        .select_related("region", "category")
        .by_name()[:MOST]
    )
    return _with_presence(list(people), desk)


def person(*, desk: Desk, uid: UUID) -> Registration | None:
    """Somebody of the desk's meeting, whoever it is; of two that were merged the one kept."""
    people = Registration.objects.filter(meeting_id=desk.meeting_id, erased_at=None)
    found = people.filter(uid=uid).select_related("merged_into").first()
    return found and (found.merged_into or found)


def _matches(query: str, desk: Desk) -> Q:
    if number := tickets.read_number(query):
        merged = Registration.objects.filter(meeting_id=desk.meeting_id, number=number)
        return Q(number=number) | Q(pk__in=merged.values("merged_into"))
    words = names.search_terms(query)
    return reduce(
        and_, (reduce(or_, (Q(search_key__contains=a) for a in word)) for word in words), Q()
    )


def _with_presence(people: list[Registration], desk: Desk) -> list[Found]:
    present = {
        p.registration_id: p
        for p in Presence.objects.filter(checkpoint_id=desk.checkpoint_id, registration__in=people)
    }
    merged = {
        v.key: v.organization.short_name or v.organization.name
        for v in OrganizationVariant.objects.filter(
            meeting_id=desk.meeting_id, key__in={p.organization_key for p in people} - {""}
        ).select_related("organization")
    }
    return [_found(p, present.get(p.pk), merged, desk) for p in people]


def _found(
    person: Registration, presence: Presence | None, merged: dict[str, str], desk: Desk
) -> Found:
    region = person.region
    return Found(
        uid=person.uid,
        number=person.spoken_number,
        name=person.full_name,
        organization=merged.get(person.organization_key, person.organization),
        region=in_language(region.name, region.name_alt, main_language=desk.region_language)
        if region
        else "",
        category=person.category.text(main_language=desk.language),
        status=person.status,
        status_text=person.get_status_display(),
        is_online=person.attendance_mode == "online",
        first_at=presence.first_at if presence else None,
        first_clock=when.clock(presence.first_at, desk.zone) if presence else "",
        first_desk=presence.desk if presence else "",
        box=box_of(person.sort_key),
        may_be_replaced=(desk.may_admit and person.status == Status.CONFIRMED and presence is None),
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """One scan of the log as the steward reads it."""

    id: UUID
    scanned_at: datetime
    name: str
    word: str
    is_undone: bool
    can_be_undone: bool


def log(*, desk: Desk) -> list[Line]:
    """The last scans of the desk's shift, newest first, with what was undone."""
    scans = (
        Scan.objects.entries()
        .of(checkpoint_id=desk.checkpoint_id, device_id=desk.device_id)
        .select_related("registration")
        .prefetch_related("voided_by")
        .newest_first()[:MOST]
    )
    return [
        Line(
            id=scan.pk,
            scanned_at=scan.scanned_at,
            name=scan.registration.full_name if scan.registration else scan.code,
            word=str(VERDICTS[Outcome(scan.outcome)].word),
            is_undone=bool(scan.voided_by.all()),
            can_be_undone=scan.outcome in STANDING,
        )
        for scan in scans
    ]


def left_standing(*, desk: Desk, entry: UUID) -> str:
    """What a scan that was taken back leaves as it was, in words for the steward."""
    scan = Scan.objects.select_related("registration__merged_into").get(pk=entry)
    if scan.registration is None:
        return _("Undone")
    person = scan.registration.merged_into or scan.registration
    if Presence.objects.filter(checkpoint_id=desk.checkpoint_id, registration=person).exists():
        return _("The repeated mark was taken back. Still in: %(name)s.") % {
            "name": person.full_name
        }
    # A seat or a place on the list is not taken back at a desk: the organizer decides on it.
    admitted = Scan.objects.filter(pk=entry, scanned_at=person.status_changed_at)
    if person.status != Status.CONFIRMED or not admitted.exists():
        return _("Undone")
    if person.seat == Seat.OVER:
        return _("The entry was undone; the registration stays (over the limit).")
    return _("The entry was undone; the registration stays.")


def rebuild(*, checkpoint: Checkpoint | None = None) -> int:
    """
    Make the presences anew from the log; return how many stand then.

    Desks go on scanning meanwhile: they wait for as long as it takes.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE attendance_presence IN EXCLUSIVE MODE")
        where = Q() if checkpoint is None else Q(checkpoint=checkpoint)
        Presence.objects.filter(where).delete()
        cursor.execute(
            "INSERT INTO attendance_presence"
            " (checkpoint_id, registration_id, scan_id, first_at, desk)"
            " SELECT DISTINCT ON (s.checkpoint_id, COALESCE(r.merged_into_id, r.id))"
            " s.checkpoint_id, COALESCE(r.merged_into_id, r.id), s.id, s.scanned_at, s.desk"
            " FROM attendance_scan s"
            " JOIN registrations_registration r ON r.id = s.registration_id"
            " WHERE s.kind = 'entry'"
            " AND s.outcome IN ('accepted', 'already_in')"
            " AND (%s::bigint IS NULL OR s.checkpoint_id = %s)"
            " AND NOT EXISTS (SELECT FROM attendance_scan v WHERE v.voids_id = s.id)"
            " ORDER BY s.checkpoint_id, COALESCE(r.merged_into_id, r.id), s.scanned_at, s.id",
            [checkpoint.pk if checkpoint else None, checkpoint.pk if checkpoint else None],
        )
        return Presence.objects.filter(where).count()
