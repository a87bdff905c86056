"""The past meeting's morning, through the desks' own use cases: scans, undo, walk-ins."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from attendance import checkin, desks, walkin
from attendance.checkin import ScanInput
from attendance.desks import Desk
from events import access
from events.models import Purpose
from notifications import history
from reports.sample import door
from reports.sample.loading import Cast
from reports.sample.people import Fate

SET_UP_AT: Final = door.FIRST - timedelta(minutes=17)
CLOSED_AT: Final = door.FIRST + timedelta(hours=8)


def let_in(cast: Cast, *, seed: int) -> None:
    """Three desks open and everybody who came is scanned, searched for or written down."""
    chance = Random(seed + 4)  # noqa: S311 -- a sample, not a secret
    open_desks = [_open_desk(cast, number) for number in range(1, door.DESKS + 1)]
    arrivals = door.arrivals(cast.people, seed)
    for place, arrival in enumerate(arrivals):
        desk = open_desks[arrival.desk - 1]
        received_at = arrival.at + (door.OFFLINE if arrival.late else timedelta(seconds=1))
        first = _id(chance)
        if cast.people[arrival.index].fate == Fate.WALK_IN:
            with history.past(arrival.at):
                walkin.register(
                    desk=desk,
                    scan_id=first,
                    application=cast.application(arrival.index),
                    has_consented=True,
                    at=arrival.at,
                )
            continue
        _scan(cast, arrival, desk=desk, scan_id=first, at=arrival.at, received_at=received_at)
        if arrival.undone:
            undone_at = received_at + timedelta(seconds=20)
            checkin.void(desk=desk, entry=first, void_id=_id(chance), at=undone_at)
            again_at = undone_at + timedelta(seconds=15)
            _scan(cast, arrival, desk=desk, scan_id=_id(chance), at=again_at, received_at=again_at)
        if place in door.TWICE:
            other = open_desks[arrival.desk % door.DESKS]
            again_at = arrival.at + timedelta(minutes=3)
            _scan(cast, arrival, desk=other, scan_id=_id(chance), at=again_at, received_at=again_at)


def _scan(
    cast: Cast,
    arrival: door.Arrival,
    *,
    desk: Desk,
    scan_id: UUID,
    at: datetime,
    received_at: datetime,
) -> None:
    row = cast.rows[arrival.index]
    found = {"person": row.uid} if arrival.method == "search" else {"text": row.ticket_code or ""}
    scan = ScanInput(id=scan_id, method=arrival.method, scanned_at=at, **found)
    checkin.record(desk=desk, scans=[scan], at=received_at)


def _open_desk(cast: Cast, number: int) -> Desk:
    link = access.issue(
        meeting=cast.meeting,
        purpose=Purpose.DESK,
        label=f"Стойка {number}",
        number=number,
        expires_at=CLOSED_AT,
        at=SET_UP_AT - timedelta(hours=16),
        by=cast.by,
    )
    token = access.url(link).rstrip("/").rpartition("/")[2]
    device, _clear = desks.start(token=token, at=SET_UP_AT, user_agent="Sample/1.0")
    return desks.of(device)


def _id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
