"""What all sections of a meeting's settings share: the page, saving, being second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import JournalEntry
from accounts.refusals import Refused
from events.models import Meeting
from events.office import OfficeRequest

SECTIONS = {
    "basics": gettext_lazy("Title, time, place"),
    "language": gettext_lazy("Second language"),
    "registration": gettext_lazy("Registration and seats"),
    "limits": gettext_lazy("Who gets how many seats"),
    "agenda": gettext_lazy("Programme"),
    "sessions": gettext_lazy("Sessions"),
    "regions": gettext_lazy("Regions"),
    "categories": gettext_lazy("Categories"),
    "consent": gettext_lazy("Consent text"),
    "reminders": gettext_lazy("Reminders"),
    "team": gettext_lazy("Organizers"),
    "webhooks": gettext_lazy("Other systems"),
}
DIGITS = 18  # what a column of numbers holds
# What makes a version of a meeting out of date.
CHANGES = (
    "meeting.changed", "meeting.published", "meeting.cancelled", "session.added",
    "session.changed", "session.removed",
)  # fmt: skip
# These have a page of their own; the others are fields of the meeting itself.
OWN_PAGES = {
    "agenda", "sessions", "regions", "categories", "consent", "limits", "reminders", "team",
    "webhooks",
}  # fmt: skip


def save(
    request: OfficeRequest,
    meeting: Meeting,
    section: str,
    form: Any,
    act: Callable[[], Any],
    *,
    shown: Any = None,
    **extra: Any,
) -> HttpResponse:
    """Save; a refusal is shown beside the form, with what was typed."""
    try:
        act()
    except Refused as refusal:
        stale = refusal.code == "stale_version"
        meeting.refresh_from_db()
        key = "formset" if hasattr(form, "management_form") else "form"
        return show(
            request,
            meeting,
            section,
            refusal="" if stale else str(refusal),
            quicker=last_change(meeting) if stale else None,
            status=409,
            **{key: shown or form, **extra},
        )
    return saved(request, meeting, section)


def saved(request: OfficeRequest, meeting: Meeting, section: str, *, told: int = 0) -> HttpResponse:
    words = _("Saved.")
    if told:
        words = ngettext(
            "Saved. %(count)s person is being told.",
            "Saved. %(count)s people are being told.",
            told,
        ) % {"count": told}
    messages.success(request, words)
    return see_other("manage-edit-section", meeting.slug, section)


def section_of(request: HttpRequest) -> str:
    assert request.resolver_match
    return str(request.resolver_match.kwargs.get("section", "basics"))


def version_of(request: HttpRequest) -> int | None:
    return number_in(request.POST.get("version", ""))


def number_in(typed: str) -> int | None:
    """The number of a row or a version that a hidden field holds; None if it holds none."""
    # Cut: a longer one is that of no row, and Python refuses to read thousands of digits.
    return int(typed[:DIGITS]) if typed.isdecimal() else None


def show(
    request: OfficeRequest, meeting: Meeting, section: str, *, status: int = 0, **context: Any
) -> HttpResponse:
    bound = any(
        getattr(context.get(name), "is_bound", False) for name in ("form", "formset", "pasted")
    )
    return render(
        request,
        f"registrations/office/edit_{section if section in OWN_PAGES else 'fields'}.html",
        {
            "meeting": meeting,
            "section": section,
            "sections": SECTIONS,
            "heading": SECTIONS[section],
            "here": "edit",
            **context,
        },
        status=status or (422 if bound else 200),
    )


def last_change(meeting: Meeting) -> JournalEntry | None:
    """Who changed the meeting last; what happens to its registrations is about it, too."""
    entries = JournalEntry.objects.about(f"meeting:{meeting.pk}").filter(action__in=CHANGES)
    return entries.newest_first().first()


def see_other(name: str, *args: object) -> HttpResponse:
    """After a POST: look at this page (RFC 9110: 303), so that a reload repeats nothing."""
    answer = redirect(name, *args)
    answer.status_code = 303
    return answer
