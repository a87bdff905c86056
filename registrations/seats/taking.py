"""Somebody new takes a seat, or a place in the line: a statement each, changed rows last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connection, transaction

from events.models import Region
from registrations.models import Registration, Scope, SeatLimit


@dataclass(frozen=True)
class Turn:
    """A place in the waiting line: how many wait, and the number drawn, which only rises."""

    position: int
    line: int


def require_transaction() -> None:
    """:raises RuntimeError: no use case has begun a transaction"""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Seats change only inside a use case's transaction.")


# Which limits `s` a person `p` needs a seat in, narrow to wide.
_OF_PERSON = """
WHERE s.meeting_id = p.meeting_id AND (
    s.whole_id IS NOT NULL
    OR s.category_id = p.category_id
    OR s.region_id = p.region_id
    OR s.group_id = (SELECT r.group_id FROM events_region r WHERE r.id = p.region_id)
    OR s.organization_id IN (
        SELECT v.organization_id FROM events_organizationvariant v
        WHERE v.meeting_id = p.meeting_id AND v.key = p.organization_key AND v.key <> ''))
ORDER BY s.scope, s.id
"""
_COLUMNS = [field.attname for field in SeatLimit._meta.concrete_fields]
_LOOK = f"""
SELECT {", ".join(f"s.{column}" for column in _COLUMNS)}
FROM registrations_seatlimit s,
    (VALUES (%s::bigint, %s::bigint, %s::bigint, %s))
    p (meeting_id, category_id, region_id, organization_key)
{_OF_PERSON}
"""  # noqa: S608 -- made of constants
_TAKE = f"""
SELECT registrations_take_seats(
    p.id, ARRAY(SELECT s.id FROM registrations_seatlimit s {_OF_PERSON}), w.layout
)
FROM registrations_registration p
JOIN registrations_seatlimit w ON w.whole_id = p.meeting_id
WHERE p.id = %s
"""  # noqa: S608 -- made of constants
_DRAW = """
WITH turn AS MATERIALIZED (
    SELECT waiting, line FROM registrations_draw_turn(%s, %s)
), placed AS (
    UPDATE registrations_registration r SET line = turn.line
    FROM turn WHERE r.id = %s AND turn.line IS NOT NULL
)
SELECT waiting, line FROM turn
"""


def applying(
    *, meeting_id: int, category_id: int, region: Region | None, organization_key: str
) -> list[SeatLimit]:
    """The limits that such a person would take a seat in, narrow to wide. One statement."""
    who = [meeting_id, category_id, region.pk if region else None, organization_key]
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, who)
        return [SeatLimit.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row) for row in cursor.fetchall()]


def full(limits: Iterable[SeatLimit]) -> SeatLimit | None:
    """
    The first of a person's limits that has no seat left, None when all have one.

    A seat that is kept for the person's region counts as left in the meeting.
    """
    kept = 0
    for limit in limits:
        if limit.seat_limit is not None:
            held = limit.held - kept if limit.scope == Scope.MEETING else 0
            if limit.taken + held >= limit.seat_limit:
                return limit
        kept += limit.kept > 0
    return None


def take(registration: Registration) -> bool:
    """
    Take one seat in each limit that applies to a person who holds nothing yet, narrow to wide.

    False when one has none left, or the meeting's limits have changed while they were being
    taken; then the transaction has to be rolled back.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [registration.pk])
        return cursor.fetchone()[0] is None


def draw_turn(
    limits: Sequence[SeatLimit], *, behind: bool = False, registration: Registration | None = None
) -> Turn | None:
    """
    Draw a place in the waiting line; None when there is a free seat in all limits after all,
    unless he has to stand `behind` those who wait already. Of a `registration` the place is
    written down at once: everybody else waits for whoever holds the counters.

    It locks the rows that `take` updates and looks at them on the opposite condition. So a
    cancellation cannot slip between "it is full" and "somebody waits" and leave both a free
    seat and a waiting person.
    """
    require_transaction()
    with connection.cursor() as cursor:
        who = None if registration is None else registration.pk
        cursor.execute(_DRAW, [[limit.pk for limit in limits], behind, who])
        waiting, line = cursor.fetchone()
    if line is None:
        return None
    if registration is not None:
        registration.line = line
    return Turn(position=waiting, line=line)
