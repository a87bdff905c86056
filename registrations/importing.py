"""The organizer brings people from a table: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting
from registrations import enlisting, seats
from registrations.enlisting import Entry, ListClosed, RowRefused
from registrations.intake import Application
from registrations.models import Registration, Source

__all__ = ["ListClosed", "RowRefused", "bring"]


@transaction.atomic(durable=True)
def bring(
    *,
    meeting: Meeting,
    applications: Sequence[Application],
    skips_review: bool,
    is_told: bool,
    at: datetime,
    by: Actor,
) -> list[Registration]:
    """
    Put the people on the list, in the order of the rows: with a seat, a turn in line, or,
    without `skips_review` where the organizer approves, on his own desk. Each gets the usual
    letter if `is_told` and there is an address.

    :raises ListClosed: the meeting is not published, called off or over
    :raises RowRefused: one of them is on the list already, or there is no seat and no line
    """
    counters = seats.lock(meeting.pk)
    enlisting.refuse_unless_ahead(meeting, at=at)
    entry = Entry(source=Source.IMPORT, skips_review=skips_review, is_told=is_told)
    brought = []
    for row, application in enumerate(applications, start=1):
        try:
            brought.append(
                enlisting.enlist(
                    counters, meeting=meeting, application=application, entry=entry, at=at, by=by
                )
            )
        except Refused as refusal:
            raise RowRefused(refusal, row) from refusal
    return brought
