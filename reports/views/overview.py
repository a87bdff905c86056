"""The first page of a meeting in the office."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from events import phase
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import health
from registrations import inviting
from reports import overview


@own_meeting
@require_safe
def page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Four numbers, how they came about, what waits, what comes next, how to invite."""
    now = timezone.now()
    numbers = overview.numbers(meeting)
    others = Meeting.objects.organized_by(request.user).newest_first()
    context = {
        "meeting": meeting,
        "now": now,
        "office_meetings": others[:9],
        "stage": phase.stage(meeting, at=now, room=numbers.room),
        "numbers": numbers,
        "chart": overview.by_day(meeting),
        "needs": overview.needs_you(meeting, at=now),
        "deadlines": overview.deadlines(meeting, at=now),
        "link": inviting.link(meeting),
        "invitations": inviting.texts(meeting),
        "delay": health.delay(f"meeting:{meeting.pk}"),
        "here": "overview",
    }
    return render(request, "reports/overview.html", context)
