"""
By which rule the waiting list moves up: declared for each meeting, the same for everybody.

Each rule is an order over those who wait. Which of them a free seat suits at all is decided
before (`waitlist`); within an order nobody is passed over.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When

from events.models import Meeting, WaitingPolicy
from registrations.models import Registration, RegistrationQuerySet


def first(waiting: RegistrationQuerySet, *, meeting: Meeting) -> RegistrationQuerySet:
    """Those who wait, whoever is next first."""
    ordered: RegistrationQuerySet = _with_turn(waiting, meeting).order_by(
        "turn", F("line").asc(nulls_last=True), "pk"
    )
    return ordered


def rank(registration: Registration, *, among: RegistrationQuerySet) -> int:
    """How many stand up to and including that person, as things are now."""
    with_turn = _with_turn(among, registration.meeting)
    own = with_turn.filter(pk=registration.pk).values_list("turn", flat=True).get()
    ahead = Q(turn__lt=own) | Q(turn=own, line__lte=registration.line)
    count: int = with_turn.filter(ahead).count()
    return count


def _with_turn(waiting: RegistrationQuerySet, meeting: Meeting) -> Any:
    """The people with `turn`: a lower one goes first, among equals whoever waited longest."""
    match meeting.waiting_policy:
        case WaitingPolicy.MISSING_REGIONS:
            return waiting.annotate(turn=_missing_first(waiting, meeting))
        case WaitingPolicy.CATEGORY_SHARES:
            return waiting.annotate(turn=_by_lack(meeting))
        case _:
            return waiting.annotate(turn=Value(0, output_field=IntegerField()))


def _seated(meeting: Meeting) -> RegistrationQuerySet:
    return Registration.objects.confirmed().counted().filter(meeting=meeting)


def _missing_first(waiting: RegistrationQuerySet, meeting: Meeting) -> Case:
    """
    0 for the first who waits of a region that has nobody yet, 1 for all others.

    Only the first of a region: when he is confirmed, his region is there.
    """
    there = _seated(meeting).exclude(region=None).values("region")
    before = waiting.filter(region=OuterRef("region"), line__lt=OuterRef("line"))
    return Case(
        When(Q(region=None) | Q(region__in=there), then=Value(1)),
        When(Exists(before), then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def _by_lack(meeting: Meeting) -> Case:
    """
    The categories in the order of how much of their share they lack, of one seat more.

    A category without a share comes after those with one.
    """
    shares = dict(meeting.categories.filter(share__gt=0).values_list("pk", "share"))
    seated = dict(
        _seated(meeting).filter(category__in=shares).values_list("category").annotate(n=Count("pk"))
    )
    whole, seats = sum(shares.values()), sum(seated.values()) + 1
    lack = {pk: share * seats / whole - seated.get(pk, 0) for pk, share in shares.items()}
    order = sorted(lack, key=lambda pk: (-lack[pk], pk))
    return Case(
        *(When(category=pk, then=Value(turn)) for turn, pk in enumerate(order)),
        default=Value(len(order)),
        output_field=IntegerField(),
    )
