"""Putting a person on the list: the operation that registration, walk-in and import share."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts import links as keys
from events.models import Category, Format, Meeting, Region
from registrations import links, names, tickets
from registrations.models import (
    AccessCode,
    AttendanceMode,
    ConsentDocument,
    Delegation,
    GivenBy,
    Registration,
    Seat,
    Status,
)


@dataclass(frozen=True, kw_only=True)
class Application:
    """What somebody wrote about a participant. Names are checked (registrations.names)."""

    category: Category
    language: str
    family_name: str = ""
    given_name: str = ""
    patronymic: str = ""
    latin_name: str = ""
    email: str = ""
    phone: str = ""
    organization: str = ""
    position: str = ""
    region: Region | None = None
    attendance_mode: str = AttendanceMode.IN_PERSON
    time_zone: str = ""
    submitted_by_name: str = ""
    submitted_by_email: str = ""
    delegation: Delegation | None = None
    access_code: AccessCode | None = None
    delegation_role: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """From where a consent was given, to be able to prove it (152-FZ Art. 9, GDPR Art. 7)."""

    ip_address: str | None = None
    user_agent: str = ""


def takes_seat(*, meeting: Meeting, category: Category, attendance_mode: str) -> bool:
    """Press and staff take none, nor does whoever joins a hybrid meeting online."""
    online = meeting.format == Format.HYBRID and attendance_mode == AttendanceMode.ONLINE
    return category.counts_as_participant and not online


def add(
    *,
    meeting: Meeting,
    application: Application,
    source: str,
    at: datetime,
    status: str,
    seat: str = Seat.NONE,
    uid: uuid.UUID | None = None,
    replaces: Registration | None = None,
    awaits_head_of: Delegation | None = None,
) -> Registration:
    """
    Insert the row. Whoever calls moves the seat counter, afterwards, in the same transaction.

    :raises IntegrityError: the person is on the list already, or (one in many) the
        number drawn is taken: the transaction is void, and the caller decides
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A person is put on the list inside a use case's transaction.")
    registration = build(
        meeting=meeting, application=application, source=source, at=at, status=status, seat=seat,
        uid=uid, replaces=replaces, awaits_head_of=awaits_head_of,
    )  # fmt: skip
    registration.save(force_insert=True)
    return registration


def build(
    *,
    meeting: Meeting,
    application: Application,
    source: str,
    at: datetime,
    status: str,
    seat: str = Seat.NONE,
    uid: uuid.UUID | None = None,
    replaces: Registration | None = None,
    awaits_head_of: Delegation | None = None,
    number: str = "",
) -> Registration:
    """The row with all that is derived of it, not saved: `number`, else one is drawn."""
    who = (application.family_name, application.given_name, application.patronymic)
    registration = Registration(
        uid=uid or uuid.uuid4(),
        number=number or tickets.new_number(),
        meeting=meeting,
        category=application.category,
        status=status,
        seat=seat,
        source=source,
        attendance_mode=application.attendance_mode,
        family_name=application.family_name,
        given_name=application.given_name,
        patronymic=application.patronymic,
        latin_name=application.latin_name
        or names.latin_name(application.family_name, application.given_name),
        email=application.email,
        phone=application.phone,
        organization=application.organization,
        position=application.position,
        region=application.region,
        language=application.language,
        time_zone=application.time_zone,
        submitted_by_name=application.submitted_by_name,
        submitted_by_email=application.submitted_by_email,
        delegation=application.delegation,
        delegation_role=application.delegation_role,
        access_code=application.access_code,
        replaces=replaces,
        awaits_head_of=awaits_head_of,
        registered_at=at,
        status_changed_at=at,
        waiting_since=at if status == Status.WAITLISTED else None,
        ticket_code=tickets.new_code(),
    )
    registration.name_key = names.name_key(*who)
    set_search_keys(registration)
    registration.link_hash = keys.hashed(links.token(registration))
    return registration


def set_search_keys(registration: Registration) -> list[str]:
    """Derive what lists sort and search by; return the names of the fields set."""
    who = (registration.family_name, registration.given_name, registration.patronymic)
    registration.sort_key = names.sort_key(*who)
    registration.search_key = names.search_key(
        *who, registration.latin_name, registration.organization, registration.number
    )
    registration.organization_key = names.organization_key(registration.organization)
    return ["sort_key", "search_key", "organization_key"]


def record_consents(
    *,
    registration: Registration,
    documents: Sequence[ConsentDocument],
    at: datetime,
    given_by: str = GivenBy.SELF,
    evidence: Evidence | None = None,
) -> None:
    """One row for each document agreed to; each names the version that was shown."""
    if not documents:
        return
    evidence = evidence or Evidence()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registrations_consent (registration_id, document_id, given_at, given_by,"
            " language, ip_address, user_agent)"
            " SELECT %s, document, %s, %s, %s, %s::inet, %s"
            " FROM unnest(%s::bigint[]) document",
            [
                registration.pk, at, given_by, registration.language, evidence.ip_address,
                evidence.user_agent[:300], [document.pk for document in documents],
            ],
        )  # fmt: skip
