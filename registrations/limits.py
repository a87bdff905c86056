"""
The organizer shares the seats out: limits for a category, a region, a district, an
organization, and seats that are kept for one of them until a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Category, Meeting, Organization, Region, RegionGroup
from registrations import seats, waitlist
from registrations.models import (
    TARGETS,
    Scope,
    SeatHold,
    SeatLimit,
)
from registrations.seats import Counters, LimitBelowTaken

__all__ = ["LimitBelowTaken", "NothingToKeep", "TargetUnknown", "Wish", "change", "find", "remove"]

LONGEST_CODE = 40  # above every code, and the number of any organization
Target = Category | Region | RegionGroup | Organization
_SCOPES: dict[type[Target], Scope] = {
    Category: Scope.CATEGORY,
    Region: Scope.REGION,
    RegionGroup: Scope.GROUP,
    Organization: Scope.ORGANIZATION,
}


class NothingToKeep(Refused):
    code = "nothing_to_keep"


class TargetUnknown(Refused):
    code = "not_found"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    How many seats a limit has (None: any number), how many of the meeting's are kept for it
    until when, and whether everybody may know how many are left.
    """

    seat_limit: int | None = None
    reserve: int = 0
    reserved_until: datetime | None = None
    shows_left: bool = False


def find(meeting: Meeting, *, scope: str, code: str) -> Target:
    """
    What a program or a form means by "region", "RU-KLU".

    :raises TargetUnknown: the meeting has no such thing
    """
    found: Target | None = None
    # Beyond these, neither the database nor Python would read the code.
    is_code = len(code) <= LONGEST_CODE and "\x00" not in code
    match scope if is_code else "":
        case "category":
            found = meeting.categories.filter(code=code).first()
        case "region":
            found = meeting.region_set.regions.active().filter(code=code).first()
        case "group":
            found = meeting.region_set.groups.filter(code=code).first()
        case "organization" if code.isdecimal():
            found = meeting.organizations.filter(pk=int(code)).first()
    if found is None:
        raise TargetUnknown(_("There is nothing in this meeting that such a limit is about."))
    return found


@transaction.atomic(durable=True)
def change(*, meeting: Meeting, target: Target, wish: Wish, at: datetime, by: Actor) -> SeatLimit:
    """
    Limit the seats of a category, a region … of the meeting, or change such a limit.

    Whoever has a seat already takes one of a new limit. More seats go to those who wait.

    :raises LimitBelowTaken: fewer than are taken already (`taken`: how many)
    :raises NothingToKeep: seats cannot be kept: not so many are free, or no day is said before
        the meeting begins
    """
    counters = seats.lock(meeting.pk)
    limit = _of(counters, target) or _open(counters, meeting, target)
    seats.refuse_below_taken(limit, wish.seat_limit)
    _refuse_to_keep(counters, limit, wish, at=at)
    limit.seat_limit, limit.shows_left = wish.seat_limit, wish.shows_left
    limit.reserve = wish.reserve
    limit.reserved_until = wish.reserved_until if wish.reserve else None
    limit.save(update_fields=["seat_limit", "shows_left", "reserve", "reserved_until"])
    counters.hold_kept()
    waitlist.fill(counters, meeting=meeting, at=at)
    _note(limit, "seat_limit.changed", at=at, by=by)
    return limit


@transaction.atomic(durable=True)
def remove(*, meeting: Meeting, target: Target, at: datetime, by: Actor) -> None:
    """Let the meeting's own limit decide alone again. Twice is harmless."""
    counters = seats.lock(meeting.pk)
    limit = _of(counters, target)
    if limit is None:
        return
    _note(limit, "seat_limit.removed", at=at, by=by)
    counters.drop(limit)
    waitlist.fill(counters, meeting=meeting, at=at)


def release_due(*, at: datetime) -> int:
    """Keep nothing any longer whose day has come. Returns how many limits that was."""
    due = list(SeatLimit.objects.reserves_due(at).values_list("pk", "meeting"))
    return sum(_release(pk, meeting_id, at=at) for pk, meeting_id in due)


@transaction.atomic(durable=True)
def _release(pk: int, meeting_id: int, *, at: datetime) -> bool:
    counters = seats.lock(meeting_id)
    limit = next((row for row in counters.rows if row.pk == pk), None)
    if limit is None or limit.reserved_until is None or limit.reserved_until > at:
        return False
    released = limit.kept
    limit.reserve, limit.reserved_until = 0, None
    limit.save(update_fields=["reserve", "reserved_until"])
    counters.hold_kept()
    meeting = Meeting.objects.select_related("region_set").get(pk=meeting_id)
    waitlist.fill(counters, meeting=meeting, at=at)
    journal.record(
        by=journal.SYSTEM,
        at=at,
        action="seat_limit.released",
        subjects=[f"meeting:{meeting_id}"],
        changes={"about": seats.about(limit), "seats": released},
    )
    return True


def _of(counters: Counters, target: Target) -> SeatLimit | None:
    column = f"{TARGETS[_SCOPES[type(target)]]}_id"
    return next((row for row in counters.rows if getattr(row, column) == target.pk), None)


def _open(counters: Counters, meeting: Meeting, target: Target) -> SeatLimit:
    """A new limit without a number; whoever it is about and has a seat sits on one of it."""
    scope = _SCOPES[type(target)]
    limit = SeatLimit(meeting=meeting, scope=scope, **{TARGETS[scope]: target})
    limit.save(force_insert=True)
    counters.add(limit)
    holds = [SeatHold(registration=person, limit=limit) for person in seats.seated(limit)]
    SeatHold.objects.bulk_create(holds)
    limit.taken = len(holds)
    limit.save(update_fields=["taken"])
    return limit


def _refuse_to_keep(counters: Counters, limit: SeatLimit, wish: Wish, *, at: datetime) -> None:
    if not wish.reserve:
        return
    if wish.reserved_until is None or wish.reserved_until <= at:
        raise NothingToKeep(_("Say until which day in the future the seats are kept."))
    # Read under the lock: who moves the meeting holds it too.
    starts_at = Meeting.objects.values_list("starts_at", flat=True).get(pk=limit.meeting_id)
    if wish.reserved_until > starts_at:
        raise NothingToKeep(_("Seats are kept until the meeting begins at the latest."))
    if wish.seat_limit is not None and wish.reserve > wish.seat_limit:
        raise NothingToKeep(_("More seats cannot be kept than may be taken."))
    whole = counters.whole
    if whole.seat_limit is None:
        return
    free = whole.seat_limit - whole.taken - whole.held + limit.kept
    if wish.reserve - limit.taken > free:
        raise NothingToKeep(
            ngettext(
                "Only %(free)s seat of the meeting is free.",
                "Only %(free)s seats of the meeting are free.",
                free,
            )
            % {"free": free}
        )


def _note(limit: SeatLimit, action: str, *, at: datetime, by: Actor) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{limit.meeting_id}"],
        changes={
            "about": seats.about(limit),
            "seat_limit": limit.seat_limit,
            "reserve": limit.reserve,
        },
    )
