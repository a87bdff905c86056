"""Who gets how many seats: the meeting's narrow limits, one form each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.utils import timezone

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting
from events.office import OfficeRequest
from registrations import limits, waitlist
from registrations.limit_forms import LimitForm, choices, known, target_of
from registrations.models import Offer, Registration, SeatLimit
from registrations.views.settings_frame import saved, show

# How many of those who wait are named: whom the next seats go to.
SHOWN = 5


@dataclass(frozen=True)
class Line:
    """A limit as its line shows it; `form` changes it."""

    limit: SeatLimit
    name: str
    target: str
    waiting: int
    form: LimitForm


def limits_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All limits; POST adds, changes or removes one."""
    if "remove" in request.POST:
        return _remove(request, meeting)
    targets = choices(meeting)
    if request.method != "POST":
        return _show(request, meeting, LimitForm(meeting=meeting, targets=targets), targets)
    form = LimitForm(request.POST, meeting=meeting, targets=targets)
    if form.is_valid():
        try:
            limits.change(
                meeting=meeting,
                target=form.chosen,
                wish=form.wish,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except limits.NothingToKeep as refusal:
            form.add_error("reserve", str(refusal))
        except Refused as refusal:
            form.add_error("seat_limit", str(refusal))
        else:
            return saved(request, meeting, "limits")
    return _show(request, meeting, form, targets)


def _remove(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    scope, _colon, code = request.POST.get("target", "").partition(":")
    limits.remove(
        meeting=meeting,
        target=limits.find(meeting, scope=scope, code=code),
        at=timezone.now(),
        by=journal.organizer(request.user),
    )
    return saved(request, meeting, "limits")


def _show(
    request: OfficeRequest, meeting: Meeting, form: LimitForm, targets: list[Any]
) -> HttpResponse:
    """A form that was refused stands in its own line, or at the end where it adds one."""
    rows = list(
        SeatLimit.objects.filter(meeting=meeting)
        .narrow()
        .select_related(
            "meeting", "category", "region__region_set", "group__region_set", "organization"
        )
        .in_order()
    )
    refused = form.data.get("target") if form.is_bound else None
    waiting = _waiting(meeting, rows)
    lines = []
    for row in rows:
        target = target_of(row)
        own = form
        if target != refused:
            own = LimitForm(meeting=meeting, targets=targets, initial=known(row))
        # The same fields stand on the page several times.
        own.auto_id = f"limit_{row.pk}_%s"
        lines.append(Line(row, waitlist.called(row), target, waiting[row.pk], own))
    whole, at = SeatLimit.objects.get(whole=meeting), timezone.now()
    upcoming = waitlist.rehearse(meeting=meeting, seats_more=SHOWN, at=at) if whole.waiting else []
    for one in upcoming:
        if one.registration.region is not None:
            # Known: what a region is called depends on its list's language.
            one.registration.region.region_set = meeting.region_set
    is_new = refused not in {line.target for line in lines}
    return show(
        request,
        meeting,
        "limits",
        form=form,
        adding=form if is_new else LimitForm(meeting=meeting, targets=targets),
        lines=lines,
        whole=whole,
        upcoming=upcoming,
        offered=Offer.objects.of(meeting).select_related(
            "registration", "registration__region", "registration__category"
        ),
        stands_still=whole.waiting and meeting.is_ahead(at) and not meeting.takes_edits(at),
    )


def _waiting(meeting: Meeting, rows: list[SeatLimit]) -> dict[int, int]:
    """How many wait for each of the limits, in one query."""
    counted = {
        f"limit_{row.pk}": Count("pk", filter=Q(pk__in=waitlist.waiting_for(row).values("pk")))
        for row in rows
    }
    people = Registration.objects.waitlisted().filter(meeting=meeting)
    found = people.aggregate(**counted)
    return {row.pk: found[f"limit_{row.pk}"] for row in rows}
