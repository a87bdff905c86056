"""Whether the counters are what the rows say."""

from __future__ import annotations

from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from events.models import MeetingStatus
from registrations.models import (
    PLACES,
    Offer,
    Registration,
    Scope,
    SeatHold,
    SeatLimit,
    SessionSeat,
    Status,
)
from registrations.seats.whom import about, concerned, seated


def audit(meeting_id: int) -> dict[str, tuple[int, int]]:
    """
    Compare the counters with the rows. Return what differs: {"taken": (counter, rows)}.

    A narrow limit is named too: "taken of region RU-KLU". Whoever sits without a seat of a
    limit that is about him is "missing" of it, a seat held of one that is not is "stray". A
    seat is held by whoever sits, and by whoever is offered it: a hold without either is stray.
    An offer is "stray" where the person does not wait or the meeting does not take place,
    "late" where it is open longer than the lists.
    Empty means no drift. Looks only; meaningful while nobody registers.
    """
    drift: dict[str, tuple[int, int]] = {}
    held = 0
    sitting = dict(
        SeatHold.objects.filter(limit__meeting=meeting_id)
        .values_list("limit")
        .annotate(within=Count("pk", filter=Q(is_over=False)))
    )
    beyond = dict(
        SeatHold.objects.filter(limit__meeting=meeting_id)
        .values_list("limit")
        .annotate(beyond=Count("pk", filter=Q(is_over=True)))
    )
    for limit in (
        SeatLimit.objects.filter(meeting=meeting_id)
        .in_hall()
        .select_related("category", "region", "group", "organization")
        .in_order()
    ):
        of = "" if limit.scope == Scope.MEETING else f" of {about(limit)}"
        _compare(drift, f"taken{of}", limit.taken, sitting.get(limit.pk, 0))
        _compare(drift, f"over{of}", limit.over, beyond.get(limit.pk, 0))
        sitters = seated(limit)
        missing = sitters.exclude(pk__in=limit.holds.values("registration"))
        stray = limit.holds.exclude(registration__in=sitters)
        _compare(drift, f"missing{of}", missing.count(), 0)
        _compare(drift, f"stray{of}", stray.count(), 0)
        held += limit.kept
    whole = SeatLimit.objects.get(whole=meeting_id)
    people = Registration.objects.filter(meeting=meeting_id)
    _compare(drift, "held", whole.held, held)
    _compare(drift, "waiting", whole.waiting, people.waitlisted().count())
    _compare(drift, "seated", whole.taken + whole.over, seated(whole).count())
    offers = Offer.objects.of(meeting_id)
    waits = Q(registration__status=Status.WAITLISTED)
    takes_place = Q(registration__meeting__status=MeetingStatus.PUBLISHED)
    _compare(drift, "stray offers", offers.exclude(waits, takes_place).count(), 0)
    closes_at = Coalesce(
        "registration__meeting__edits_close_at", "registration__meeting__starts_at"
    )
    _compare(drift, "late offers", offers.filter(answer_by__gt=closes_at).count(), 0)
    for limit in SeatLimit.objects.filter(meeting=meeting_id, scope__in=PLACES):
        counted = Registration.objects.live().filter(concerned(limit)).count()
        _compare(drift, f"places of {about(limit)}", limit.used, counted)
    _audit_sessions(drift, meeting_id)
    return drift


def _audit_sessions(drift: dict[str, tuple[int, int]], meeting_id: int) -> None:
    """The counters of sessions and the rows; only the confirmed have a seat in one."""
    rows = SessionSeat.objects.filter(session__meeting=meeting_id)
    counted = dict(rows.values_list("session").annotate(n=Count("pk")))
    for limit in SeatLimit.objects.filter(meeting=meeting_id, scope=Scope.SESSION).in_order():
        _compare(drift, f"taken of {about(limit)}", limit.taken, counted.get(limit.session_id, 0))
    confirmed = Q(registration__status=Status.CONFIRMED) | Q(
        registration__approved_as__isnull=False, registration__line=None
    )
    strays = rows.exclude(confirmed, registration__meeting=meeting_id)
    _compare(drift, "stray in sessions", strays.count(), 0)


def _compare(drift: dict[str, tuple[int, int]], name: str, counter: int, rows: int) -> None:
    if counter != rows:
        drift[name] = (counter, rows)
