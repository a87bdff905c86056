"""Links for helpers: one per desk, one for the press. Made, renewed, taken away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from attendance.models import Presence
from events import access
from events.models import AccessLink, Meeting, Purpose
from events.office import OfficeRequest, own_meeting
from registrations import tickets
from registrations.models import Registration

# A desk's link dies by itself a day after the meeting, the press officer's later.
AFTER = {Purpose.DESK: timedelta(days=1), Purpose.PRESS: timedelta(days=90)}


class LinkForm(forms.Form):
    """A new link for a helper."""

    purpose = forms.ChoiceField(choices=Purpose.choices, widget=forms.HiddenInput)
    label = forms.CharField(label=gettext_lazy("For whom"), max_length=60, required=False)
    may_admit = forms.BooleanField(
        label=gettext_lazy("May admit people without registration"), required=False, initial=True
    )


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """The desks with their links and codes; POST makes one more."""
    form = LinkForm(request.POST or None)
    if form.is_valid():
        _issue(request, meeting, form.cleaned_data)
        return _back(meeting)
    desks = list(meeting.access_links.desks().filter(revoked_at=None))
    press = list(meeting.access_links.press().filter(revoked_at=None))
    for link in (*desks, *press):
        _dress(link)
    context = {
        "meeting": meeting,
        "desks": desks,
        "press": press,
        "form": LinkForm(),
        "now": timezone.now(),
        "expected": Registration.objects.confirmed().filter(meeting=meeting).count(),
        "present": Presence.objects.filter(checkpoint__meeting=meeting).count(),
        "here": "door",
    }
    return render(request, "reports/door.html", context)


def _issue(request: OfficeRequest, meeting: Meeting, wish: dict[str, Any]) -> None:
    number = meeting.access_links.desks().filter(revoked_at=None).count() + 1
    is_desk = wish["purpose"] == Purpose.DESK
    label = wish["label"].strip()
    default = _("Desk %(n)s") % {"n": number} if is_desk else _("Press")
    access.issue(
        meeting=meeting,
        purpose=wish["purpose"],
        label=label or default,
        expires_at=_expiry(meeting, wish["purpose"]),
        at=timezone.now(),
        by=journal.organizer(request.user),
        may_admit=is_desk and wish["may_admit"],
    )


def _expiry(meeting: Meeting, purpose: str) -> datetime:
    """Some time after the end; for a meeting long over, some time from now."""
    return max(meeting.ends_at, timezone.now()) + AFTER[Purpose(purpose)]


def _dress(link: AccessLink) -> None:
    """Give the link what the page shows: its address, and the address as a code to scan."""
    link.address = access.url(link)  # type: ignore[attr-defined]  # for the page
    side, path = tickets.qr_svg_path(link.address)  # type: ignore[attr-defined]  # just set
    link.code_side, link.code_path = side, path  # type: ignore[attr-defined]  # for the page


@own_meeting
@require_POST
def change_link(request: OfficeRequest, meeting: Meeting, link: int) -> HttpResponse:
    """Renew a link (the old address stops working) or revoke it."""
    row = get_object_or_404(AccessLink, pk=link, meeting=meeting, revoked_at=None)
    by, now = journal.organizer(request.user), timezone.now()
    match request.POST.get("step"):
        case "renew":
            access.renew(link=row, expires_at=_expiry(meeting, row.purpose), at=now, by=by)
            messages.success(request, _("The link is new; the old one no longer works."))
        case "revoke":
            access.revoke(link=row, at=now, by=by)
            messages.success(request, _("The link no longer works."))
        case _other:
            return HttpResponseBadRequest()
    return _back(meeting)


def _back(meeting: Meeting) -> HttpResponse:
    answer = redirect("manage-door", meeting.slug)
    answer.status_code = 303
    return answer
