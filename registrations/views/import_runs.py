"""A long table on its way to the list: columns, what was found, progress, what became of it."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import import_runs
from registrations.import_forms import ImportForm
from registrations.import_runs import Sent
from registrations.models import ImportRun, ImportState, Outcome
from registrations.models.imports import KEPT
from registrations.pasting import columns
from registrations.pasting.columns import OF_PEOPLE as COLUMNS

NAME = ("name", "family_name", "given_name", "patronymic")
SHOWN_ROWS = 10
SHOWN_ERRORS = 100


def begin(
    request: OfficeRequest, meeting: Meeting, sent: Sent, form: ImportForm
) -> HttpResponse | None:
    """Keep the table and go to its page; None where that was refused, which the form says."""
    try:
        run = import_runs.begin(
            meeting=meeting,
            sent=sent,
            mapping=import_runs.remembered(meeting, sent) or columns.guess(sent.rows, COLUMNS),
            terms=dict(form.cleaned_data),
            language=get_language() or meeting.language,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    return see_other("manage-import-run", meeting.slug, run.uid)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def run(request: OfficeRequest, meeting: Meeting, uid: uuid.UUID) -> HttpResponse:
    """Where it stands; POST takes the next step, or gives it up."""
    one = _run(meeting, uid)
    form = None
    if request.method == "POST":
        step = request.POST.get("step", "")
        if step == "check":
            form = ImportForm(request.POST, meeting=meeting, prefix="all")
        if form is None or form.is_valid():
            return _take(request, one, step, form)
    context = {"meeting": meeting, "here": "participants", **_shown(one, form)}
    return render(
        request, "registrations/office/import_run.html", context,
        status=422 if form and form.errors else 200,
    )  # fmt: skip


@own_meeting
@require_safe
def progress(request: OfficeRequest, meeting: Meeting, uid: uuid.UUID) -> HttpResponse:
    """The state alone, for the script that looks again while a worker is at it."""
    context = {"meeting": meeting, **_shown(_run(meeting, uid), None)}
    return render(request, "registrations/office/import_state.html", context)


def _run(meeting: Meeting, uid: uuid.UUID) -> ImportRun:
    return get_object_or_404(ImportRun.objects.filter(meeting=meeting), uid=uid)


def _take(
    request: OfficeRequest, one: ImportRun, step: str, form: ImportForm | None
) -> HttpResponse:
    try:
        if form is not None:
            mapping = columns.chosen(request.POST.getlist("column"), one.rows[:1], COLUMNS)
            import_runs.check(run=one, mapping=mapping, terms=dict(form.cleaned_data))
        elif step == "columns":
            import_runs.look_again(run=one)
        elif step == "import":
            import_runs.start(run=one)
        elif step == "cancel":
            import_runs.cancel(run=one, at=timezone.now())
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("manage-import-run", one.meeting.slug, one.uid)


def _shown(one: ImportRun, form: ImportForm | None) -> dict[str, Any]:
    """What the page says of the run, by its state; long tables are unpacked where needed."""
    context: dict[str, Any] = {"run": one, "days": KEPT.days}
    if one.state == ImportState.MAPPING:
        named = one.headings
        context |= {
            "form": form or ImportForm(initial=one.terms, meeting=one.meeting, prefix="all"),
            "columns": [
                (at, field, named[at - 1] if named else "")
                for at, field in enumerate(one.mapping, start=1)
            ],
            "choices": columns.choices(COLUMNS),
            "headings": named,
            "preview": one.rows[:SHOWN_ROWS],
            "more": max(0, one.total - SHOWN_ROWS),
        }
    if one.is_checked:
        context |= {"errors": list(islice(errors(one), SHOWN_ERRORS)), "total_errors": one.wrong}
    if one.state in (ImportState.MAPPING, ImportState.CHECKED):
        context["twin"] = import_runs.twin(one)
    return context


def errors(one: ImportRun) -> Any:
    """Rows with an error: their number, who stands there, and what is wrong in words."""
    places = [at for at, field in enumerate(one.mapping) if field in NAME]
    rows = one.rows
    for number, (outcome, words) in enumerate(one.findings, start=1):
        if outcome == Outcome.WRONG:
            row = rows[number - 1]
            who = " ".join(filter(None, (row[at] for at in places))) or next(filter(None, row), "")
            yield number, who, words
