"""
Which spellings are one organization, said by the organizer; limits of organizations follow.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import Actor
from events import directory
from events.models import Meeting, Organization, Region
from registrations import seats, waitlist


@transaction.atomic(durable=True)
def merge(
    *,
    meeting: Meeting,
    keys: list[str],
    name: str,
    short_name: str,
    at: datetime,
    by: Actor,
    organization: Organization | None = None,
    region: Region | str | None = directory.UNCHANGED,
    is_member: bool | None = None,
) -> Organization:
    """
    Count these spellings as one organization (`directory.merge`). Whoever belongs to it now
    takes a seat of its limit, beyond it if need be.

    :raises NothingToMerge: no spelling was chosen
    """
    seats.lock(meeting.pk)
    merged = directory.merge(
        meeting=meeting, keys=keys, name=name, short_name=short_name, at=at, by=by,
        organization=organization, region=region, is_member=is_member,
    )  # fmt: skip
    _follow(meeting, at=at)
    return merged


@transaction.atomic(durable=True)
def separate(*, meeting: Meeting, key: str, at: datetime, by: Actor) -> None:
    """Let a spelling stand for itself again. Twice is harmless."""
    seats.lock(meeting.pk)
    directory.separate(meeting=meeting, key=key, at=at, by=by)
    _follow(meeting, at=at)


def _follow(meeting: Meeting, *, at: datetime) -> None:
    # Read again: an organization that is gone has taken its limit along.
    counters = seats.lock(meeting.pk)
    counters.resettle()
    waitlist.fill(counters, meeting=meeting, at=at)
