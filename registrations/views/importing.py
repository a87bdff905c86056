"""
A list of people: a short one is looked at and saved at once, all of it or none; a long one,
or a file, is kept and goes to the workers (`import_runs`).
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.refusals import Refused
from config import uploads
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import importing
from registrations.import_forms import ImportForm, SendForm
from registrations.models import ImportRun
from registrations.pasting import cells, columns, files, people
from registrations.pasting.columns import OF_PEOPLE as COLUMNS
from registrations.person_forms import ListedForm
from registrations.views import import_runs

SHOWN_RUNS = 5


# The mark of the form stands in the body, which must not be read before it is known that
# this very person may send a file: so it is looked at one step later, by `_bring`.
@csrf_exempt
@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: OfficeRequest, meeting: Meeting) -> HttpResponseBase:
    """Paste or send, look, save: nothing is on the list before it has been seen."""
    uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
    return _bring(request, meeting)


@csrf_protect
def _bring(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    asked = cast(OfficeRequest, request)
    text = request.POST.get("rows", "")
    form = ImportForm(request.POST or None, meeting=meeting)
    sending = SendForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"meeting": meeting, "here": "participants", "sending": sending}
    context |= {"form": form, "runs": _runs(meeting)}
    file = request.FILES.get("file")
    rows = [] if file else cells.read(text)
    if (file or len(rows) > cells.MOST_ROWS) and form.is_valid():
        try:
            sent = files.of(file) if file else files.sent(rows)
        except files.FileNotRead as refusal:
            sending.add_error("file" if file else "rows", str(refusal))
        else:
            if answer := import_runs.begin(asked, meeting, sent, form):
                return answer
    elif rows and form.is_valid():
        mapping = columns.chosen(request.POST.getlist("column"), rows, COLUMNS)
        table = people.check(
            rows, mapping, meeting=meeting, form=lambda values: ListedForm(values, terms=form)
        )
        context |= {
            "table": table,
            "columns": columns.shown(mapping, table.headings),
            "choices": columns.choices(COLUMNS),
        }
        is_ready = "save" in request.POST and table.applications and not table.errors
        if is_ready and _save(asked, meeting, form, table):
            return see_other("manage-participants", meeting.slug)
    wrong = [one for one in (sending, form) if one.errors]
    context["forms_with_errors"] = wrong
    return render(
        request, "registrations/office/import.html", context, status=422 if wrong else 200
    )


def _runs(meeting: Meeting) -> list[ImportRun]:
    found = ImportRun.objects.filter(meeting=meeting).in_brief().newest_first()
    return list(found[:SHOWN_RUNS])


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
