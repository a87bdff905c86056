"""The office before the meeting: the list of meetings, calling one, publishing, calling it off."""

from __future__ import annotations

import re
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import journal
from accounts.models import User
from events import phase
from events.models import Meeting, MeetingStatus
from events.office import OfficeRequest, own_meeting
from registrations import calling_off, convening
from registrations.convening_forms import NewMeetingForm, proposed
from registrations.models import Status
from registrations.settings_forms import CallOffForm
from registrations.views.settings_frame import see_other


@never_cache
@login_required
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """The organizer's meetings: what comes, what was or was called off, what is still a draft."""
    now = timezone.now()
    listed = list(
        Meeting.objects.organized_by(request.user)
        .select_related("seats")
        .annotate(
            pending=Count("registrations", filter=Q(registrations__status=Status.PENDING)),
            confirmed=Count(
                "registrations",
                filter=Q(
                    registrations__status=Status.CONFIRMED,
                    registrations__category__counts_as_participant=True,
                ),
            ),
        )
        .newest_first()
    )
    for meeting in listed:
        meeting.stage = phase.stage(meeting, at=now, room=meeting.seats.room)  # type: ignore[attr-defined]  # for the page
        meeting.deadline = _next_deadline(meeting)  # type: ignore[attr-defined]  # for the page
        meeting.to_decide = meeting.pending if meeting.is_ahead(now) else 0  # type: ignore[attr-defined]  # for the page
    coming = [meeting for meeting in listed if meeting.is_ahead(now)]
    context = {
        "coming": coming[::-1],
        "past": [meeting for meeting in listed if not meeting.is_ahead(now)],
        "here": "meetings",
    }
    return render(request, "registrations/office/meetings.html", context)


def _next_deadline(meeting: Meeting) -> tuple[str, object] | None:
    """What the clock does next, and when: (words, moment)."""
    now = timezone.now()
    if meeting.status != MeetingStatus.PUBLISHED:
        return None
    steps = [
        (_("registration opens"), meeting.registration_opens_at),
        (_("registration closes"), meeting.registration_closes_at),
        (_("lists close"), meeting.edits_close_at),
        (_("begins"), meeting.starts_at),
    ]
    ahead = [(words, moment) for words, moment in steps if moment and moment > now]
    return min(ahead, key=lambda step: step[1]) if ahead else None


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Seven fields, and there is a meeting: a draft that only its organizer sees."""
    user, now = cast(User, request.user), timezone.now()
    if request.method == "POST":
        form = NewMeetingForm(request.POST)
        if form.is_valid():
            meeting = convening.draft(
                owner=user,
                at=now,
                by=journal.organizer(user),
                language=_language_of(form.cleaned_data["title"]),
                **form.for_draft(),
            )
            return see_other("manage-overview", meeting.slug)
    else:
        last = Meeting.objects.organized_by(user).newest_first().first()
        form = NewMeetingForm(initial=proposed(user, last=last, at=now))
    status = 422 if form.is_bound else 200
    return render(
        request, "registrations/office/new.html", {"form": form, "here": "new"}, status=status
    )


def _language_of(title: str) -> str:
    """The meeting's main language: that of its title, which need not be the reader's."""
    return "ru" if re.search("[а-яё]", title, re.IGNORECASE) else (get_language() or "en")[:2]


@own_meeting
@require_POST
def publish(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Open the meeting's page, or say in words what it still lacks."""
    by = journal.organizer(request.user)
    try:
        convening.publish(meeting=meeting, at=timezone.now(), by=by)
    except (convening.MeetingIncomplete, convening.MeetingCancelled) as refusal:
        messages.error(request, str(refusal))
        return see_other("manage-edit", meeting.slug)
    messages.success(request, _("The meeting is published. Now send the link."))
    return see_other("manage-overview", meeting.slug)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def call_off(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Ask, with the number of people who will be told; then cancel the meeting."""
    form = CallOffForm(request.POST or None)
    if form.is_valid():
        calling_off.call_off(
            meeting=meeting,
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
        messages.success(request, _("The meeting is cancelled. Everybody on the list is told."))
        return see_other("manage-overview", meeting.slug)
    context = {
        "meeting": meeting,
        "form": form,
        "told": convening.audience_size(meeting),
        "unanswered": calling_off.unanswered(meeting),
        "is_over": meeting.ends_at <= timezone.now(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/call_off.html", context, status=status)
