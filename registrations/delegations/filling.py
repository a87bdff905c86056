"""A list of heads: delegations that have none yet are filled with them, others are opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from events.models import Meeting
from registrations import seats
from registrations.delegations import letters, opening
from registrations.delegations.opening import DelegationExists, Wish
from registrations.models import Delegation, SeatLimit

# What a row may say of a delegation that is there; the rest of it stays as it is.
SAID = ("head_name", "head_email", "closes_at")


@dataclass(frozen=True, kw_only=True)
class Fill:
    """What a row says of a delegation that lacks a head: of SAID, and `quota`."""

    delegation: Delegation
    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of a list. `asked`: how many heads were written to."""

    opened: list[Delegation]
    filled: list[Delegation]
    asked: int


def take(
    *,
    meeting: Meeting,
    wishes: Iterable[Wish],
    fills: Iterable[Fill],
    asks: bool,
    at: datetime,
    by: Actor,
) -> Taken:
    """
    Open delegations and fill others, all of them or none; `asks` writes to their heads at once.

    Whoever had the link of a delegation before it had a head keeps one that opens nothing.

    :raises DelegationExists: the meeting has one of that name, or the one to be filled has a
        head by now (`name`)
    """
    wishes = list(wishes)
    try:
        return _take(meeting, wishes, list(fills), asks=asks, at=at, by=by)
    except IntegrityError as error:
        if "one_delegation_of_a_name" not in str(error):
            raise
        raise opening.exists(meeting, wishes) from error


@transaction.atomic(durable=True)
def _take(
    meeting: Meeting, wishes: list[Wish], fills: list[Fill], *, asks: bool, at: datetime, by: Actor
) -> Taken:
    seats.lock(meeting.pk)
    filled = _filled(meeting, fills, at=at, by=by) if fills else []
    opened = opening.added(meeting, wishes, at=at, by=by) if wishes else []
    asked = opening.write_to(meeting, [*opened, *filled], at=at, by=by) if asks else 0
    return Taken(opened=opened, filled=filled, asked=asked)


def _filled(meeting: Meeting, fills: list[Fill], *, at: datetime, by: Actor) -> list[Delegation]:
    rows = Delegation.objects.filter(meeting=meeting, pk__in=[f.delegation.pk for f in fills])
    rows = rows.select_for_update(of=("self",)).select_related("places").order_by("pk")
    found = {one.pk: one for one in rows}
    filled, counters, lines = [], [], []
    for fill in fills:
        delegation = found.get(fill.delegation.pk)
        if delegation is None or not delegation.lacks_head:
            raise _is_taken(fill.delegation)
        lines.append(_apply(fill.changes, delegation))
        filled.append(delegation)
        counters.append(delegation.places)
    Delegation.objects.bulk_update(
        filled, [*SAID, "link_generation", "link_hash", "version"], batch_size=500
    )
    SeatLimit.objects.bulk_update(counters, ["seat_limit"], batch_size=500)
    journal.record_many(lines, by=by, at=at)
    return filled


def _apply(changes: dict[str, Any], delegation: Delegation) -> journal.Line:
    changed = [
        field for field in SAID if field in changes and getattr(delegation, field) != changes[field]
    ]
    for field in changed:
        setattr(delegation, field, changes[field])
    if "head_email" in changed:
        opening.renew(delegation)
    # Nobody is named: whatever the quota is, it is not below what is taken.
    delegation.places.seat_limit = changes.get("quota", delegation.places.seat_limit)
    delegation.version += 1
    return journal.Line("delegation.changed", letters.subjects(delegation), {"fields": changed})


def _is_taken(delegation: Delegation) -> DelegationExists:
    return DelegationExists(
        _("The delegation “%(name)s” was changed in the meantime. Look at the list again.")
        % {"name": delegation.name},
        name=delegation.name,
    )
