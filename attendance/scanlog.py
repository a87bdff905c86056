"""
Writing to the log of scans, and what came of it. Operations: they open no transaction.

The work is done by functions inside PostgreSQL (migration 0002): recognize, lock, judge,
write, fold and answer in one round trip, for one scan as for two hundred.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from attendance.desks import Desk
from registrations import tickets

LIMIT = 200
# A scan that claims to be older was made by a clock that cannot be believed.
OLDEST = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class ScanInput:
    """
    One scan as the client made it. `id` is made before the verdict is shown.

    Either `text` (what was read or typed: a ticket code or a number) or `person` (whom
    the steward chose from a search). `admit` lets in once more whoever is in.
    """

    id: UUID
    method: str
    scanned_at: datetime
    text: str = ""
    person: UUID | None = None
    admit: bool = False

    @property
    def content_hash(self) -> bytes:
        """Tells a repetition from another scan under the same id."""
        moment = self.scanned_at.astimezone(UTC).isoformat()
        content = f"{self.text}|{self.person}|{self.method}|{moment}|{self.admit}"
        return hashlib.sha256(content.encode()).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log as it stands, with whom it is about."""

    id: UUID
    state: str  # new, replayed, id_reused
    outcome: str
    scanned_at: datetime
    is_voided: bool
    person: UUID | None
    number: str
    family_name: str
    given_name: str
    patronymic: str
    sort_key: str
    organization: str
    region: str
    region_alt: str
    category: str
    category_alt: str
    colour: str
    first_at: datetime | None
    first_desk: str
    other_meeting: int | None


RECORD = (
    "SELECT * FROM attendance_record("
    "%s, %s, %s, %s, %s, %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::boolean[],"
    " %s::text[], %s::timestamptz[], %s::bytea[], %s::text[])"
)


def write(
    *, desk: Desk, scans: list[ScanInput], at: datetime, offset: timedelta = timedelta(0)
) -> list[Entry]:
    """
    Add scans to the log and say what came of each, in the order given.

    `offset` corrects the device's clock: server time minus the device's when it sent.
    A scan whose id is there already changes nothing: its first result is answered.
    """
    moments = [_believed(scan.scanned_at + offset, at) for scan in scans]
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            [
                desk.checkpoint_id,
                desk.label,
                desk.device_id,
                desk.user_id,
                at,
                [scan.id for scan in scans],
                [tickets.read_code(scan.text) or None for scan in scans],
                [tickets.read_number(scan.text) or None for scan in scans],
                [scan.person for scan in scans],
                [scan.admit for scan in scans],
                [scan.method for scan in scans],
                moments,
                [scan.content_hash for scan in scans],
                [scan.text[:100] for scan in scans],
            ],
        )
        rows = cursor.fetchall()
    return [Entry(scans[row[0] - 1].id, *row[1:]) for row in rows]


@dataclass(frozen=True, slots=True)
class Voiding:
    """What came of an undo. `state`: new, replayed, id_reused, not_found."""

    state: str
    id: UUID | None
    registration_id: int | None


def void(*, desk: Desk, entry: UUID, void_id: UUID, at: datetime) -> Voiding:
    """Take one entry of this checkpoint back by a further row; nothing is deleted."""
    digest = hashlib.sha256(f"void|{entry}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM attendance_void(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                desk.checkpoint_id,
                desk.label,
                desk.device_id,
                desk.user_id,
                at,
                void_id,
                entry,
                digest,
            ],
        )
        row = cursor.fetchone()
    return Voiding(*row) if row else Voiding("not_found", None, None)


def _believed(moment: datetime, at: datetime) -> datetime:
    """A scan happened neither in the future nor days ago, whatever a phone's clock says."""
    return moment if at - OLDEST <= moment <= at else at
