"""The lists for the pass desk: closed, numbered, and what has changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import closing, pass_lists
from registrations.models import PassList, Registration, SeatLimit, lists_close
from registrations.text_fields import PlainField
from registrations.venue_fields import VenueMomentField
from reports import pass_desk
from reports.views.kept_lists import amendment


class NoteForm(forms.Form):
    """A word for whoever looks at the list later."""

    note = PlainField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
        help_text=gettext_lazy("For yourself: to whom the list was given, and when."),
    )


class CloseForm(NoteForm):
    """What is asked before the lists are closed."""

    closes_registration = forms.BooleanField(
        label=gettext_lazy("Take no new registrations either"), required=False, initial=True
    )
    field_order = ("closes_registration", "note")

    def __init__(self, *args: Any, meeting: Meeting, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not meeting.takes_registrations(at):
            del self.fields["closes_registration"]


class ReopenForm(forms.Form):
    """Until when participants may change their data again."""

    until = VenueMomentField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("Empty: when the meeting begins."),
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["until"]
        assert isinstance(field, VenueMomentField)
        field.zone = meeting.zone


@own_meeting
@require_safe
def lists(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Whether the lists are closed, what has changed since the last one, and all of them."""
    at = timezone.now()
    made = list(PassList.objects.of(meeting))
    last = made[0] if made else None
    found = pass_lists.difference(last) if last and _may_change(meeting, at) else None
    context = {
        "meeting": meeting,
        "now": at,
        "is_closed": closing.is_closed(meeting, at=at),
        "is_published": meeting.status == "published" and meeting.purged_at is None,
        "closes_at": lists_close(meeting),
        "lists": [(one, pass_desk.signs(one)) for one in made],
        "last": last,
        "is_due": closing.lacks_list(meeting, last, at=at),
        "form": NoteForm(),
        "expected": pass_lists.count(meeting) if not made else None,
        "here": "participants",
        **amendment(found, meeting),
    }
    return render(request, "reports/lists.html", context)


def _may_change(meeting: Meeting, at: datetime) -> bool:
    """Afterwards nobody at a pass desk waits for a change."""
    return meeting.is_ahead(at) and meeting.purged_at is None


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Ask, with what it means; then close the lists."""
    at = timezone.now()
    # An empty answer is an answer: nothing has to be filled in.
    data = request.POST if request.method == "POST" else None
    form = CloseForm(data, meeting=meeting, at=at)
    if form.is_valid():
        try:
            made, is_new = closing.close(
                meeting=meeting, at=at, by=journal.organizer(request.user), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("The lists are closed. List No. %(n)s is kept.")
            if not is_new:
                words = _("The lists were closed already. List No. %(n)s is the last one.")
            messages.success(request, words % {"n": made.number})
            return redirect("manage-lists", meeting.slug)
    people = Registration.objects.filter(meeting=meeting)
    context = {
        "meeting": meeting,
        "form": form,
        "people": pass_lists.count(meeting),
        "number": (_last_number(meeting) or 0) + 1,
        "pending": people.pending().count(),
        "waiting": SeatLimit.objects.get(whole=meeting).waiting,
        "takes_registrations": meeting.takes_registrations(at),
        "here": "participants",
    }
    status = 409 if form.errors else 200
    return render(request, "reports/lists_close.html", context, status=status)


def _last_number(meeting: Meeting) -> int | None:
    last = pass_lists.latest(meeting)
    return last.number if last else None


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Ask until when; then let participants change their data again."""
    data = request.POST if request.method == "POST" else None
    form = ReopenForm(data, meeting=meeting)
    if form.is_valid():
        try:
            closing.reopen(
                meeting=meeting,
                at=timezone.now(),
                by=journal.organizer(request.user),
                until=form.cleaned_data["until"],
            )
        except Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(request, _("The lists are open again."))
            return redirect("manage-lists", meeting.slug)
    context = {
        "meeting": meeting,
        "form": form,
        "waiting": SeatLimit.objects.get(whole=meeting).waiting,
        "here": "participants",
    }
    status = 422 if form.errors else 200
    return render(request, "reports/lists_reopen.html", context, status=status)


@own_meeting
@require_POST
def take(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Keep the amendment as the next list."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    by = journal.organizer(request.user)
    try:
        made = closing.take(meeting=meeting, at=timezone.now(), by=by, note=note)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("List No. %(n)s is kept.") % {"n": made.number})
    return redirect("manage-lists", meeting.slug)
