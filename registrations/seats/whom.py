"""Whom a limit is about, and who of them has a seat."""

from __future__ import annotations

from django.db.models import Q

from events.models import OrganizationVariant
from registrations.models import Registration, RegistrationQuerySet, Scope, Seat, SeatLimit


def concerned(limit: SeatLimit) -> Q:
    """Whom a limit is about, as a condition on registrations."""
    of = Q(meeting=limit.meeting_id)
    match limit.scope:
        case Scope.CATEGORY:
            of &= Q(category=limit.category_id)
        case Scope.REGION:
            of &= Q(region=limit.region_id)
        case Scope.GROUP:
            of &= Q(region__group=limit.group_id)
        case Scope.ORGANIZATION:
            spellings = OrganizationVariant.objects.filter(organization=limit.organization_id)
            of &= Q(organization_key__in=spellings.values("key"))
        case Scope.DELEGATION:
            of &= Q(delegation=limit.delegation_id)
        case Scope.ACCESS_CODE:
            of &= Q(access_code=limit.access_code_id)
    return of


def seated(limit: SeatLimit) -> RegistrationQuerySet:
    """Whoever has a seat or is offered one, of those whom a limit is about."""
    has_one = ~Q(seat=Seat.NONE) | Q(offer__isnull=False)
    return Registration.objects.filter(concerned(limit)).filter(has_one)


def about(limit: SeatLimit) -> str:
    """What a limit is about, for programs and the audit: "region RU-KLU"."""
    return f"{limit.kind} {limit.code}".strip()
