"""The organizer's sessions: what there is, one of them with its people, and deleting it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting, Session
from events.office import OfficeRequest, own_meeting
from registrations.models import Registration
from registrations.session_forms import SessionForm, about
from registrations.sessions import planning
from registrations.views.settings_frame import show, version_of

# Beside which field a refusal is said.
FIELD_OF = {
    "capacity_full": "capacity",
    "session_outside_meeting": "starts_at",
    "sessions_overlap": "starts_at",
}
MOST_SHOWN = 500


def sessions_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All sessions, as a section of the settings; POST adds one."""
    form = SessionForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            planning.add(
                meeting=meeting,
                wish=form.wish,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(FIELD_OF.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The session is in the programme."))
            return see_other("manage-edit-section", meeting.slug, "sessions")
    found = Session.objects.filter(meeting=meeting).select_related("places").in_order()
    return show(request, meeting, "sessions", form=form, found=list(found))


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """One session: who has chosen it, and what was said of it."""
    session = _own(meeting, uid)
    form = SessionForm(request.POST or None, meeting=meeting, initial=about(session))
    asks_release = False
    if form.is_valid():
        try:
            planning.change(
                session=session,
                wish=form.wish,
                version=version_of(request),
                at=timezone.now(),
                by=journal.organizer(request.user),
                releases="releases" in request.POST,
            )
        except Refused as refusal:
            asks_release = refusal.code == "sessions_overlap"
            form.add_error(FIELD_OF.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-session", meeting.slug, uid)
    context: dict[str, Any] = {
        "meeting": meeting,
        "here": "edit",
        "session": session,
        "form": form,
        "asks_release": asks_release,
        "people": list(_people(session)[:MOST_SHOWN]),
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/session.html", context, status=status)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Ask, with how many people have chosen it; on POST delete it, and they are told."""
    session = _own(meeting, uid)
    if request.method == "POST":
        by = journal.organizer(request.user)
        planning.remove(session=session, at=timezone.now(), by=by, releases=True)
        messages.success(request, _("The session has been deleted."))
        return see_other("manage-edit-section", meeting.slug, "sessions")
    context = {"meeting": meeting, "here": "edit", "session": session}
    return render(request, "registrations/office/session_remove.html", context)


def _people(session: Session) -> Any:
    return Registration.objects.filter(session_seats__session=session).by_name()


def _own(meeting: Meeting, uid: str) -> Session:
    session = get_object_or_404(Session.objects.select_related("places"), meeting=meeting, uid=uid)
    session.meeting = meeting
    return session
