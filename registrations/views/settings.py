"""A meeting's settings, section by section. Whoever saves second is told what the first changed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.models import User
from events import team
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations.views import sessions, settings_limits, settings_lists, webhooks
from registrations.views.settings_fields import fields
from registrations.views.settings_frame import SECTIONS, see_other

PAGES: dict[str, Callable[[OfficeRequest, Meeting], HttpResponse]] = {
    "agenda": settings_lists.agenda_page,
    "regions": settings_lists.regions_page,
    "categories": settings_lists.categories_page,
    "consent": settings_lists.consent_page,
    "limits": settings_limits.limits_page,
    "reminders": settings_lists.reminders_page,
    "sessions": sessions.sessions_page,
    "team": settings_lists.team_page,
    "webhooks": webhooks.section,
}


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: OfficeRequest, meeting: Meeting, section: str = "basics") -> HttpResponse:
    """One section: show it, or save it."""
    if section not in SECTIONS:
        raise Http404
    return PAGES.get(section, fields)(request, meeting)


@own_meeting
@require_POST
def remove_owner(request: OfficeRequest, meeting: Meeting, owner: int) -> HttpResponse:
    """Take the meeting out of somebody's hands; oneself only while another one is left."""
    user = get_object_or_404(User, pk=owner, meetings=meeting)
    by = journal.organizer(request.user)
    try:
        team.remove(meeting=meeting, user=user, at=timezone.now(), by=by)
    except team.LastOrganizer as refusal:
        messages.error(request, str(refusal))
    if user == request.user:
        return see_other("manage")
    return see_other("manage-edit-section", meeting.slug, "team")
