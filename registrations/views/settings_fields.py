"""The sections that are fields of the meeting itself; moving it is asked about first."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting, MeetingStatus
from events.office import OfficeRequest
from registrations import convening, moving
from registrations.section_forms import (
    BasicsForm,
    RegistrationSettingsForm,
    SecondLanguageForm,
    SectionForm,
)
from registrations.venue_fields import hosts_from
from registrations.views.settings_frame import last_change, saved, section_of, show

FORMS: dict[str, type[SectionForm]] = {
    "basics": BasicsForm,
    "language": SecondLanguageForm,
    "registration": RegistrationSettingsForm,
}


def fields(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """The sections that are fields of the meeting itself."""
    section = section_of(request)
    make = FORMS[section]
    if request.method != "POST":
        return show(request, meeting, section, form=make(instance=meeting))
    form = make(request.POST, instance=meeting)
    if not form.is_valid():
        return show(request, meeting, section, form=form)
    moved = _moved(meeting, form) if section == "basics" else []
    if "back" in request.POST:
        return show(request, meeting, section, form=form)
    if moved and "confirmed" not in request.POST:
        return _ask(request, meeting, form, moved)
    extra: dict[str, Any] = {}
    if section == "registration":
        extra["seat_limit"] = form.cleaned_data["seat_limit"]
    if section == "basics":
        extra["hosts"] = hosts_from(form.cleaned_data["hosts"])
    try:
        convening.change(
            meeting=meeting,
            changes=form.changes,
            version=form.cleaned_data["version"],
            at=timezone.now(),
            by=journal.organizer(request.user),
            **extra,
        )
    except Refused as refusal:
        if refusal.code == "stale_version":
            return _stale(request, meeting, section, form)
        form.add_error("seat_limit" if section == "registration" else None, str(refusal))
        return show(request, meeting, section, form=form)
    return saved(request, meeting, section, told=convening.audience_size(meeting) if moved else 0)


def _moved(meeting: Meeting, form: SectionForm) -> list[str]:
    """Which changes of time and place people would be told of; none for a draft."""
    if meeting.status != MeetingStatus.PUBLISHED or meeting.starts_at <= timezone.now():
        return []
    told = (*moving.WHEN_FIELDS, *moving.WHERE_FIELDS)
    return [
        name
        for name in told
        if name in form.changes and form.changes[name] != getattr(meeting, name)
    ]


def _ask(
    request: OfficeRequest, meeting: Meeting, form: SectionForm, moved: list[str]
) -> HttpResponse:
    """Before everybody is told: what changes, and how many people will read it."""
    changes = [
        {
            "label": form.fields[name].label,
            "was": form[name].initial,
            "now": form.cleaned_data[name],
            "is_moment": name in ("starts_at", "ends_at"),
        }
        for name in moved
    ]
    context = {
        "meeting": meeting,
        "changes": changes,
        "told": convening.audience_size(meeting),
        # Everything that was typed travels along, so that going back loses nothing.
        "typed": [
            (name, value)
            for name in request.POST
            if name not in ("csrfmiddlewaretoken", "confirmed", "back")
            for value in request.POST.getlist(name)
        ],
    }
    return render(request, "registrations/office/moved.html", context)


def _stale(
    request: OfficeRequest, meeting: Meeting, section: str, form: SectionForm
) -> HttpResponse:
    """Somebody was quicker: say who changed what, keep what was typed, let it be saved again."""
    now = Meeting.objects.select_related("region_set").get(pk=meeting.pk)
    current = type(form)(instance=now)
    theirs = [
        {"label": field.label, "value": _as_said(current, field.name)}
        for field in form.visible_fields()
        if str(field.value() or "") != str(_as_typed(current, field.name) or "")
    ]
    # Saved again, it is made from what is there now.
    typed = request.POST.copy()
    typed["version"] = str(now.version)
    form.data = typed
    return show(
        request, now, section, form=form, theirs=theirs, quicker=last_change(now), status=409
    )


def _as_typed(form: SectionForm, name: str) -> Any:
    """A field's saved value as its control would send it."""
    field = form[name]
    value = field.value()
    formatted = field.field.widget.format_value(value)
    return formatted[0] if isinstance(formatted, list) and formatted else formatted


def _as_said(form: SectionForm, name: str) -> str:
    field = form.fields[name]
    value = _as_typed(form, name)
    choices = dict(getattr(field, "choices", []))
    return str(choices.get(value, value or "—")).replace("T", " ")
