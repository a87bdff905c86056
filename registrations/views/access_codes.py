"""The organizer's access codes and their unlisted links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import access_codes
from registrations.access_code_forms import AccessCodeForm, about
from registrations.models import AccessCode, Status
from registrations.standing import TONES
from registrations.views.settings_frame import version_of


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All codes, and how many came with each; POST makes one."""
    form = AccessCodeForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            made = access_codes.open_code(
                meeting=meeting,
                wish=form.wish,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            words = _("The access code %(code)s is ready.") % {"code": made.code}
            messages.success(request, words)
            return see_other("manage-access-code", meeting.slug, made.uid)
    at = timezone.now()
    found = AccessCode.objects.filter(meeting=meeting).select_related("category", "places")
    context = {
        "meeting": meeting,
        "here": "delegations",
        "form": form,
        "lines": [(one, *_state(one, at=at)) for one in found.by_label()],
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/access_codes.html", context, status=status)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """One code: its link, who came with it, what was said of it."""
    code = _own(meeting, uid)
    form = AccessCodeForm(request.POST or None, meeting=meeting, initial=about(code))
    if form.is_valid():
        try:
            access_codes.change(
                access_code=code,
                wish=form.wish,
                version=version_of(request),
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            fields = {"capacity_full": "limit", "access_code_exists": "code"}
            form.add_error(fields.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-access-code", meeting.slug, uid)
    people = list(code.people.order_by("sort_key", "pk")[:200])
    context: dict[str, Any] = {
        "meeting": meeting,
        "here": "delegations",
        "code": code,
        "state": _state(code, at=timezone.now()),
        "form": form,
        "address": access_codes.url(code),
        "people": [(one, TONES[Status(one.status)]) for one in people],
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/access_code.html", context, status=status)


@own_meeting
@require_POST
def remove(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Remove a code that nobody came with."""
    code = _own(meeting, uid)
    try:
        access_codes.remove(access_code=code, at=timezone.now(), by=journal.organizer(request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return see_other("manage-access-code", meeting.slug, uid)
    messages.success(request, _("Removed."))
    return see_other("manage-access-codes", meeting.slug)


def _state(code: AccessCode, *, at: datetime) -> tuple[str, str]:
    """Whether it can be used now, in words and as a tone."""
    if not code.is_active:
        return _("switched off"), ""
    if code.closes_at is not None and at >= code.closes_at:
        return _("no longer valid"), "no"
    if code.opens_at is not None and at < code.opens_at:
        return _("not valid yet"), "wait"
    if code.places.is_full:
        return _("all places taken"), "wait"
    return _("valid"), "yes"


def _own(meeting: Meeting, uid: str) -> AccessCode:
    found = AccessCode.objects.select_related("category", "places")
    code = get_object_or_404(found, meeting=meeting, uid=uid)
    code.meeting = meeting
    return code
