"""The organizer opens delegations: one by one, by a list, one for each region; and asks heads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Category, Meeting, Region, in_language
from registrations import places, seats
from registrations.delegations import keys, letters
from registrations.models import Delegation, Scope, SeatLimit
from registrations.transitions import StaleVersion

FIELDS = (
    "name",
    "region",
    "category",
    "head_name",
    "head_email",
    "language",
    "skips_review",
    "closes_at",
)


class DelegationExists(Refused):
    code = "delegation_exists"


class DelegationInUse(Refused):
    code = "delegation_in_use"


class NobodyToAsk(Refused):
    code = "nobody_to_ask"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the organizer says about a delegation. `quota` None: any number of people."""

    name: str
    category: Category
    language: str
    region: Region | None = None
    quota: int | None = None
    head_name: str = ""
    head_email: str = ""
    skips_review: bool = False
    closes_at: datetime | None = None


def open_many(
    *, meeting: Meeting, wishes: Iterable[Wish], at: datetime, by: Actor
) -> list[Delegation]:
    """
    Open delegations, all of them or none.

    :raises DelegationExists: the meeting has one of that name (`name`)
    """
    wishes = list(wishes)
    try:
        return _open_many(meeting, wishes, at=at, by=by)
    except IntegrityError as error:
        if "one_delegation_of_a_name" not in str(error):
            raise
        raise exists(meeting, wishes) from error


@transaction.atomic(durable=True)
def _open_many(
    meeting: Meeting, wishes: list[Wish], *, at: datetime, by: Actor
) -> list[Delegation]:
    # Whoever locks the counters relies on it that none is added meanwhile.
    seats.lock(meeting.pk)
    return added(meeting, wishes, at=at, by=by)


def added(meeting: Meeting, wishes: list[Wish], *, at: datetime, by: Actor) -> list[Delegation]:
    """An operation: the new delegations, with their counters; the old ones are locked."""
    opened = Delegation.objects.bulk_create(_new(meeting, wish, at=at) for wish in wishes)
    SeatLimit.objects.bulk_create(
        SeatLimit(meeting=meeting, scope=Scope.DELEGATION, delegation=one, seat_limit=wish.quota)
        for one, wish in zip(opened, wishes, strict=True)
    )
    journal.record_many(
        (journal.Line("delegation.opened", letters.subjects(one), {}) for one in opened),
        by=by,
        at=at,
    )
    return opened


def open_for_regions(*, meeting: Meeting, like: Wish, at: datetime, by: Actor) -> list[Delegation]:
    """One delegation for each region of the meeting's list that has none yet; all `like` one."""
    has_one = Delegation.objects.filter(meeting=meeting, region__isnull=False).values("region")
    regions = meeting.region_set.regions.active().in_order().exclude(pk__in=has_one)
    taken = {n.casefold() for n in meeting.delegations.values_list("name", flat=True)}
    wishes = []
    for region in regions:
        name = called_after(region, meeting)
        if name.casefold() not in taken:
            wishes.append(replace(like, name=name, region=region))
    return open_many(meeting=meeting, wishes=wishes, at=at, by=by)


def as_it_is(delegation: Delegation) -> Wish:
    """What was said of a delegation so far."""
    said = {field: getattr(delegation, field) for field in FIELDS}
    return Wish(**said, quota=delegation.places.seat_limit)


def called_after(region: Region, meeting: Meeting) -> str:
    """What the delegation of a region is called, in the meeting's language."""
    with translation.override(meeting.language):
        main = meeting.region_set.language
        return in_language(region.name, region.name_alt, main_language=main)


def change(
    *, delegation: Delegation, wish: Wish, version: int | None, at: datetime, by: Actor
) -> Delegation:
    """
    Change what was said of a delegation. Whoever is on its list stays.

    :raises LimitBelowTaken: the quota would be below the number of people named
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises DelegationExists: the meeting has one of that name
    """
    try:
        return _change(delegation, wish, version, at=at, by=by)
    except IntegrityError as error:
        if "one_delegation_of_a_name" not in str(error):
            raise
        raise exists(delegation.meeting, [wish]) from error


@transaction.atomic(durable=True)
def _change(
    delegation: Delegation, wish: Wish, version: int | None, *, at: datetime, by: Actor
) -> Delegation:
    seats.lock(delegation.meeting_id)
    delegation = _locked(delegation)
    if version is not None and version != delegation.version:
        raise StaleVersion(
            _("This delegation was changed in the meantime. Look at it again."),
            version=delegation.version,
        )
    counter = SeatLimit.objects.get(delegation=delegation)
    seats.refuse_below_taken(counter, wish.quota)
    counter.seat_limit = wish.quota
    places.absorb_over(counter)
    counter.save(update_fields=["seat_limit", "taken", "over"])
    changed = [field for field in FIELDS if getattr(delegation, field) != getattr(wish, field)]
    for field in changed:
        setattr(delegation, field, getattr(wish, field))
    if "head_email" in changed:
        # Whoever had the old address keeps a link that opens nothing.
        renew(delegation)
        delegation.asked_at = delegation.reminded_at = None
        changed += ["link_generation", "link_hash", "asked_at", "reminded_at"]
    delegation.version += 1
    delegation.save(update_fields=[*changed, "version"])
    _note(delegation, "delegation.changed", at=at, by=by, changes={"fields": changed})
    return delegation


@transaction.atomic(durable=True)
def remove(*, delegation: Delegation, at: datetime, by: Actor) -> None:
    """
    Close a delegation that nobody was ever named for. Twice is harmless.

    :raises DelegationInUse: there are registrations of it, cancelled ones among them
    """
    seats.lock(delegation.meeting_id)
    found = Delegation.objects.select_for_update().filter(pk=delegation.pk).first()
    if found is None:
        return
    if found.people.exists() or found.wishes.exists():
        raise DelegationInUse(
            _("People of this delegation have registered: it cannot be removed any more.")
        )
    _note(found, "delegation.removed", at=at, by=by, changes={"name": found.name})
    found.delete()


@transaction.atomic(durable=True)
def renew_link(*, delegation: Delegation, at: datetime, by: Actor) -> Delegation:
    """A new address for the head's page; the old one stops working at once."""
    delegation = _locked(delegation)
    renew(delegation)
    delegation.save(update_fields=["link_generation", "link_hash"])
    _note(delegation, "delegation.link_renewed", at=at, by=by)
    return delegation


@transaction.atomic(durable=True)
def ask(*, meeting: Meeting, delegations: Iterable[Delegation], at: datetime, by: Actor) -> int:
    """
    Write to heads: the first time please to name people, later that the list closes.

    Whoever has no address, said that nobody comes, or has a full or closed list is passed
    by. Returns how many were written to.

    :raises NobodyToAsk: that is nobody
    """
    asked = write_to(meeting, delegations, at=at, by=by)
    if not asked:
        raise NobodyToAsk(
            _("There is nobody to write to: no address, the list is full or closed, or refused.")
        )
    return asked


def write_to(
    meeting: Meeting, delegations: Iterable[Delegation], *, at: datetime, by: Actor
) -> int:
    """An operation: write to those of these heads who can be asked; how many that were."""
    chosen = Delegation.objects.filter(meeting=meeting, pk__in=[one.pk for one in delegations])
    asked = 0
    for delegation in (
        chosen.with_addresses()
        .filter(refused_at=None)
        .select_for_update(of=("self",))
        .select_related("meeting", "places")
        .order_by("pk")
    ):
        if not delegation.is_open(at) or delegation.places.is_full:
            continue
        if delegation.asked_at is None:
            letters.write_opened(delegation, at=at)
            delegation.asked_at = at
        else:
            letters.write_closing(delegation, named=delegation.places.used, at=at)
            delegation.reminded_at = at
        delegation.save(update_fields=["asked_at", "reminded_at"])
        _note(delegation, "delegation.asked", at=at, by=by)
        asked += 1
    return asked


def _new(meeting: Meeting, wish: Wish, *, at: datetime) -> Delegation:
    delegation = Delegation(meeting=meeting, created_at=at)
    for field in FIELDS:
        setattr(delegation, field, getattr(wish, field))
    delegation.link_hash = keys.hashed(delegation)
    return delegation


def renew(delegation: Delegation) -> None:
    """Another address for the head's page, not saved yet."""
    delegation.link_generation += 1
    delegation.link_hash = keys.hashed(delegation)


def _locked(delegation: Delegation) -> Delegation:
    rows = Delegation.objects.select_for_update(of=("self",))
    return rows.select_related("meeting", "category", "region").get(pk=delegation.pk)


def exists(meeting: Meeting, wishes: list[Wish]) -> DelegationExists:
    """The refusal for whichever of these names is taken."""
    taken = {name.casefold() for name in meeting.delegations.values_list("name", flat=True)}
    twice = next((wish.name for wish in wishes if wish.name.casefold() in taken), wishes[0].name)
    return DelegationExists(
        _("There is a delegation “%(name)s” already.") % {"name": twice}, name=twice
    )


def _note(
    delegation: Delegation,
    action: str,
    *,
    at: datetime,
    by: Actor,
    changes: dict[str, Any] | None = None,
) -> None:
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(delegation), changes=changes
    )
