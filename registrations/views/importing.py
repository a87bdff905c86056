"""Sixty names from a spreadsheet: looked at first, then all of them on the list, or none."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import importing
from registrations.import_forms import ImportForm
from registrations.pasting import cells, columns, people
from registrations.person_forms import ListedForm

COLUMNS = (
    "name", "family_name", "given_name", "patronymic", "organization", "position", "email",
    "phone", "region", "category",
)  # fmt: skip


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Paste, look, save: nothing is on the list before it has been seen."""
    text = request.POST.get("rows", "")
    rows = cells.read(text)
    form = ImportForm(request.POST or None, meeting=meeting)
    context: dict[str, Any] = {"meeting": meeting, "here": "participants", "rows": text}
    context |= {"form": form, "too_many": len(rows) > cells.MOST_ROWS}
    if rows and not context["too_many"] and form.is_valid():
        mapping = columns.chosen(request.POST.getlist("column"), rows, COLUMNS)
        table = people.check(
            rows, mapping, meeting=meeting, form=lambda values: ListedForm(values, terms=form)
        )
        context |= {
            "table": table,
            "columns": list(enumerate(mapping, start=1)),
            "choices": columns.choices(COLUMNS),
        }
        is_ready = "save" in request.POST and table.applications and not table.errors
        if is_ready and _save(request, meeting, form, table):
            return see_other("manage-participants", meeting.slug)
    status = 422 if form.errors or context["too_many"] else 200
    return render(request, "registrations/office/import.html", context, status=status)


def _save(request: OfficeRequest, meeting: Meeting, form: ImportForm, table: people.Table) -> bool:
    try:
        brought = importing.bring(
            meeting=meeting,
            applications=table.applications,
            skips_review=form.cleaned_data["skips_review"],
            is_told=form.cleaned_data["is_told"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    words = ngettext("%(n)d person is on the list.", "%(n)d people are on the list.", len(brought))
    messages.success(request, words % {"n": len(brought)})
    return True
