"""
Places on a delegation's list, or among those who registered with a code: counter rows like
those of the seats.

Whoever is on the list, neither cancelled nor declined, has a place, also before anybody
decided and on the waiting list. So the row that says who has one is the registration itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.refusals import Refused
from registrations.models import SeatLimit, SeatLimitQuerySet


class DelegationFull(Refused):
    code = "delegation_full"


class CodeUsedUp(Refused):
    code = "code_used_up"


def take(
    *, delegation_id: int | None, access_code_id: int | None = None, goes_over: bool = False
) -> None:
    """
    Take a place of the delegation and one of the code, where there are any; with `goes_over`
    one more than the limit, counted apart.

    :raises DelegationFull: all places are taken (`quota`: how many there are)
    :raises CodeUsedUp: as many have registered with the code as may (`limit`: how many)
    """
    _require_transaction()
    for places in _counters(delegation_id, access_code_id):
        free = places.filter(Q(seat_limit=None) | Q(taken__lt=F("seat_limit")))
        if free.update(taken=F("taken") + 1):
            continue
        if not goes_over:
            raise full(places.get())
        places.update(over=F("over") + 1)


def full(places: SeatLimit) -> DelegationFull | CodeUsedUp:
    """That the list is full, as a sentence with the next move."""
    quota = places.seat_limit or 0
    if places.access_code_id is not None:
        return CodeUsedUp(
            _("All places of this access code are taken. Please write to the organizer."),
            limit=quota,
        )
    if not quota:
        return DelegationFull(_("This delegation has no places."), quota=0)
    words = ngettext(
        "The one place of the delegation is taken: replace or remove that person first.",
        "All %(n)d places of the delegation are taken: replace or remove somebody first.",
        quota,
    )
    return DelegationFull(words % {"n": quota}, quota=quota)


def give_back(*, delegation_id: int | None, access_code_id: int | None) -> None:
    """Return the places; whoever stands beyond the limit moves up to it."""
    _require_transaction()
    for places in _counters(delegation_id, access_code_id):
        if not places.filter(over__gt=0).update(over=F("over") - 1):
            places.update(taken=F("taken") - 1)


def absorb_over(counter: SeatLimit) -> None:
    """Move whoever stands beyond the quota within it as far as it goes now; not saved."""
    room = counter.over if counter.left is None else min(counter.over, counter.left)
    counter.taken += room
    counter.over -= room


def _counters(delegation_id: int | None, access_code_id: int | None) -> Iterator[SeatLimitQuerySet]:
    """In the order in which counters are locked everywhere."""
    if delegation_id is not None:
        yield SeatLimit.objects.filter(delegation=delegation_id)
    if access_code_id is not None:
        yield SeatLimit.objects.filter(access_code=access_code_id)


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Places change only inside a use case's transaction.")
