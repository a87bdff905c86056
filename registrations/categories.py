"""In what capacities people come to a meeting: naming them, adding, taking away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events import editing
from events.models import Category, Meeting
from registrations import seats, waitlist
from registrations.models import AccessCode, Delegation, Invitation, Registration


class CategoryInUse(Refused):
    code = "category_in_use"


@transaction.atomic(durable=True)
def arrange(
    *,
    meeting: Meeting,
    kept: list[Category],
    removed: list[Category],
    version: int | None,
    at: datetime,
    by: Actor,
) -> None:
    """
    Save the meeting's categories in this order; new ones get a code made of their name.

    Seats that were kept for one that goes are free for whoever waits.

    :raises CategoryInUse: people are registered in one that is to go, or to count otherwise
    :raises StaleVersion: somebody else was quicker
    """
    # Counters before the meeting, as everywhere: what is said of a category goes with it.
    counters = seats.lock(meeting.pk) if removed else None
    meeting = editing.begin(meeting, version=version)
    before = {category.pk: category for category in meeting.categories.all()}
    for category in removed:
        _refuse_if_used(category, _("“%(name)s” cannot be removed: it has participants."))
        _refuse_if_meant(category)
    for category in kept:
        old = before.get(category.pk)
        if old and old.counts_as_participant != category.counts_as_participant:
            _refuse_if_used(
                category,
                _("“%(name)s” has participants: whether they count cannot be changed any more."),
            )
    if counters is not None:
        gone = {category.pk for category in removed}
        for row in [row for row in counters.rows if row.category_id in gone]:
            counters.drop(row)
        meeting.categories.filter(pk__in=gone).delete()
        waitlist.fill(counters, meeting=meeting, at=at)
    codes = {category.code for category in kept if category.pk}
    for position, category in enumerate(kept):
        category.meeting, category.position = meeting, position
        if category.pk is None:
            category.code = _free_code(category, codes)
            codes.add(category.code)
            category.save(force_insert=True)
        else:
            category.save(
                update_fields=[
                    "name",
                    "name_alt",
                    "colour",
                    "counts_as_participant",
                    "is_ministry",
                    "self_selectable",
                    "share",
                    "position",
                ]
            )
    journal.record(
        by=by,
        at=at,
        action="meeting.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"fields": ["categories"]},
    )


def _refuse_if_used(category: Category, sentence: str) -> None:
    if Registration.objects.filter(category=category).exists():
        raise CategoryInUse(sentence % {"name": category.name})


def _refuse_if_meant(category: Category) -> None:
    """Nobody has come in it yet, and somebody is to."""
    for model in (Delegation, Invitation, AccessCode):
        if model.objects.filter(category=category).exists():
            raise CategoryInUse(
                _("“%(name)s” cannot be removed: delegations, invitations or access codes use it.")
                % {"name": category.name}
            )


def _free_code(category: Category, taken: set[str]) -> str:
    base = slugify(category.name_alt or category.name)[:24].strip("-") or "category"
    numbered = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 3))
    return next(code for code in numbered if code not in taken)
