"""
By which rule the waiting list moves up: declared for each meeting, the same for everybody.

Each rule is an order over those who wait. Which of them a free seat suits at all is decided
before (`waitlist`); within an order nobody is passed over. Before every rule comes who has
let fewer offers of a seat pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When

from events.models import Meeting, WaitingPolicy
from registrations.models import Registration, RegistrationQuerySet, Status


def first(
    waiting: RegistrationQuerySet, *, meeting: Meeting, besides: Sequence[Registration] = ()
) -> RegistrationQuerySet:
    """Those who wait, whoever is next first; as if those `besides` had a seat."""
    ordered: RegistrationQuerySet = _with_turn(waiting, meeting, besides).order_by(
        "missed_offers", "turn", F("line").asc(nulls_last=True), "pk"
    )
    return ordered


def rank(registration: Registration, *, among: RegistrationQuerySet) -> int | None:
    """
    As how many-th of them that person is next, as things are now. None for whoever does not
    wait any more.
    """
    meeting = registration.meeting
    if meeting.waiting_policy == WaitingPolicy.CATEGORY_SHARES:
        return _rank_by_lack(registration, among)
    with_turn = _with_turn(among, meeting, ())
    own = with_turn.filter(pk=registration.pk).values_list("turn", flat=True).first()
    if own is None:
        return None
    ahead = Q(turn__lt=own) | Q(turn=own, line__lte=registration.line)
    missed = registration.missed_offers
    before = Q(missed_offers__lt=missed) | (Q(missed_offers=missed) & ahead)
    count: int = with_turn.filter(before).count()
    return count


def _rank_by_lack(registration: Registration, among: RegistrationQuerySet) -> int | None:
    """
    Which category lacks most is another one after each seat. So seats are handed out, in
    numbers alone, until it is his turn: first to all who let fewer offers pass than he did.
    """
    shares, seated = _shares(registration.meeting)
    sooner = among.filter(missed_offers__lt=registration.missed_offers)
    served = Counter(dict(sooner.values_list("category").annotate(n=Count("pk"))))
    seated.update({pk: n for pk, n in served.items() if pk in shares})
    place = _rank_among_equals(
        registration,
        among.filter(missed_offers=registration.missed_offers),
        shares=shares,
        seated=seated,
    )
    return None if place is None else served.total() + place


def _rank_among_equals(
    registration: Registration,
    among: RegistrationQuerySet,
    *,
    shares: dict[int, int],
    seated: Counter[int],
) -> int | None:
    counted = among.values_list("category").annotate(
        n=Count("pk"),
        ahead=Count("pk", filter=Q(line__lte=registration.line)),
        own=Count("pk", filter=Q(pk=registration.pk)),
    )
    rows = list(counted.order_by("category"))
    own = next((pk for pk, _n, _ahead, is_own in rows if is_own), None)
    if own is None:
        return None
    ahead = {pk: before for pk, _n, before, _own in rows}
    waiting = {pk: n for pk, n, _ahead, _own in rows if pk in shares}
    if own not in shares:
        last: int = sum(before for pk, before in ahead.items() if pk not in shares)
        last += sum(waiting.values())
        return last
    place, before = 0, ahead[own]
    while before:
        served = next(pk for pk in _in_order_of_lack(shares, seated) if waiting.get(pk))
        waiting[served] -= 1
        seated[served] += 1
        before -= served == own
        place += 1
    return place


def _with_turn(
    waiting: RegistrationQuerySet, meeting: Meeting, besides: Sequence[Registration]
) -> Any:
    """The people with `turn`: a lower one goes first, among equals whoever waited longest."""
    match meeting.waiting_policy:
        case WaitingPolicy.MISSING_REGIONS:
            return waiting.annotate(turn=_missing_first(waiting, meeting, besides))
        case WaitingPolicy.CATEGORY_SHARES:
            return waiting.annotate(turn=_by_lack(meeting, besides))
        case _:
            return waiting.annotate(turn=Value(0, output_field=IntegerField()))


def _seated(meeting: Meeting) -> RegistrationQuerySet:
    """
    Who has a seat, or is offered one: the next seat is for others. Also whoever is confirmed
    while the organizer looks at a changed name of his.
    """
    has_one = (
        Q(status=Status.CONFIRMED)
        | Q(approved_as__isnull=False, line=None)
        | Q(offer__isnull=False)
    )
    return Registration.objects.filter(has_one, meeting=meeting).counted()


def _missing_first(
    waiting: RegistrationQuerySet, meeting: Meeting, besides: Sequence[Registration]
) -> Case:
    """
    0 for the first who waits of a region that has nobody yet, 1 for all others.

    Only the first of a region: when he is confirmed, his region is there.
    """
    there = _seated(meeting).exclude(region=None).values("region")
    coming = {person.region_id for person in besides if person.region_id}
    before = waiting.filter(region=OuterRef("region"), line__lt=OuterRef("line"))
    return Case(
        When(Q(region=None) | Q(region__in=there) | Q(region__in=coming), then=Value(1)),
        When(Exists(before), then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def _by_lack(meeting: Meeting, besides: Sequence[Registration]) -> Case:
    """
    The categories in the order of how much of their share they lack, of one seat more.

    A category without a share comes after those with one.
    """
    shares, seated = _shares(meeting)
    seated.update(person.category_id for person in besides if person.category_id in shares)
    order = _in_order_of_lack(shares, seated)
    return Case(
        *(When(category=pk, then=Value(turn)) for turn, pk in enumerate(order)),
        default=Value(len(order)),
        output_field=IntegerField(),
    )


def _shares(meeting: Meeting) -> tuple[dict[int, int], Counter[int]]:
    """The categories with a share, and how many people of each have a seat."""
    shares = dict(meeting.categories.filter(share__gt=0).values_list("pk", "share"))
    seated = _seated(meeting).filter(category__in=shares)
    return shares, Counter(dict(seated.values_list("category").annotate(n=Count("pk"))))


def _in_order_of_lack(shares: dict[int, int], seated: Counter[int]) -> list[int]:
    whole, seats = sum(shares.values()), sum(seated.values()) + 1
    return sorted(shares, key=lambda pk: (seated[pk] * whole - shares[pk] * seats, pk))
