"""Choosing sessions: on the participant's own page, and for him on the organizer's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting, Session
from events.office import OfficeRequest, own_meeting
from registrations import links, session_seats
from registrations.models import Registration
from registrations.sessions import choosing
from registrations.views.own import context, holder, opens_by_link

# More than anybody can be at in one hour.
MOST_INSTEAD = 20


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """All sessions, what is chosen and what is free; POST takes a seat or gives one back."""
    if request.method == "POST":
        _act(request, registration, by=holder(registration))
        return see_other("mine-sessions", links.token(registration))
    shown = context(registration) | {
        "options": choosing.options(registration),
        "may_choose": choosing.may_choose(registration, at=timezone.now()),
        "may_hold": session_seats.may_hold(registration),
    }
    return render(request, "registrations/sessions.html", shown)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def for_participant(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """The same for somebody on the list, by the organizer, also after the lists closed."""
    people = Registration.objects.filter(meeting=meeting, erased_at=None)
    registration = get_object_or_404(people, number=number)
    registration.meeting = meeting
    if request.method == "POST":
        by = journal.organizer(request.user)
        _act(request, registration, by=by, as_organizer=True)
        return see_other("manage-participant-sessions", meeting.slug, number)
    at = timezone.now()
    shown = {
        "meeting": meeting,
        "here": "participants",
        "registration": registration,
        "options": choosing.options(registration),
        "may_choose": session_seats.may_hold(registration) and meeting.is_ahead(at),
        "may_hold": session_seats.may_hold(registration),
    }
    return render(request, "registrations/office/participant_sessions.html", shown)


def _act(
    request: HttpRequest, registration: Registration, *, by: Actor, as_organizer: bool = False
) -> None:
    """Do what the button says; a refusal is said above the list."""
    meeting, at = registration.meeting, timezone.now()
    found = _sessions(meeting, [request.POST.get("session", "")])
    if not found:
        messages.error(request, _("This session does not take place any more."))
        return
    session = found[0]
    said = {"session": choosing.title(session, meeting)}
    try:
        if "give_back" in request.POST:
            choosing.give_back(
                registration=registration, session=session, at=at, by=by, as_organizer=as_organizer
            )
            words = _("The place in “%(session)s” has been given up.")
        else:
            choosing.book(
                registration=registration,
                session=session,
                instead_of=_sessions(meeting, request.POST.getlist("instead_of")),
                at=at,
                by=by,
                as_organizer=as_organizer,
            )
            words = _("There is a place in “%(session)s” for you.")
            if as_organizer:
                words = _("The place in “%(session)s” is taken.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words % said)


def _sessions(meeting: Meeting, typed: Sequence[str]) -> list[Session]:
    """The meeting's sessions of these ids; what is no id is none of them."""
    uids = []
    for one in typed[:MOST_INSTEAD]:
        try:
            uids.append(uuid.UUID(one))
        except ValueError:
            continue
    return list(Session.objects.filter(meeting=meeting, uid__in=uids))
