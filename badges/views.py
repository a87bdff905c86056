"""The organizer's page of badges: look, check, have them made, take the file."""

from __future__ import annotations

from io import BytesIO
from typing import cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import journal
from badges import batches, preflight, rendering, svg, wording
from badges.forms import BadgesForm, DesksForm
from badges.models import Batch, BatchKind
from events.models import AccessLink, Meeting
from events.office import OfficeRequest, own_meeting
from registrations.models import Registration

SHOWN_BATCHES = 10
SHOWN_REPORTS = 200
FORMS: dict[str, type[DesksForm]] = {BatchKind.BADGES: BadgesForm, BatchKind.SHEETS: DesksForm}


@require_http_methods(["GET", "HEAD", "POST"])
@own_meeting
def overview(request: HttpRequest, meeting: Meeting) -> HttpResponseBase:
    """What will be printed, what to look at first; POST has it made."""
    number = AccessLink.objects.filter(meeting=meeting, revoked_at=None).desks().count()
    initial = {"desks": max(number, 1)}
    forms = {kind: form(initial=initial, auto_id=f"{kind}-%s") for kind, form in FORMS.items()}
    status = 200
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if kind not in FORMS:
            raise Http404
        form = forms[kind] = FORMS[kind](request.POST, initial=initial, auto_id=f"{kind}-%s")
        if form.is_valid():
            return _order(request, meeting, kind, form)
        status = 422
    people = batches.in_full(batches.printable(meeting)).by_name()
    checked = preflight.check(meeting, people)
    context = {
        "meeting": meeting,
        "here": "badges",
        "checked": checked,
        "reports": checked.reports[:SHOWN_REPORTS],
        "more_reports": max(0, len(checked.reports) - SHOWN_REPORTS),
        "sheets": -(-checked.count // rendering.PER_SHEET),
        "badges_form": forms[BatchKind.BADGES],
        "sheets_form": forms[BatchKind.SHEETS],
        "forms_with_errors": [form for form in forms.values() if form.errors],
        **_batches(meeting),
    }
    return render(request, "badges/overview.html", context, status=status)


def _order(request: HttpRequest, meeting: Meeting, kind: str, form: DesksForm) -> HttpResponseBase:
    try:
        batches.order(
            meeting=meeting,
            kind=kind,
            options=form.options(),
            at=timezone.now(),
            by=journal.organizer(cast(OfficeRequest, request).user),
        )
    except batches.NothingToPrint as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("manage-badges", args=[meeting.slug]) + "#files")


def _batches(meeting: Meeting) -> dict[str, object]:
    recent = list(Batch.objects.filter(meeting=meeting).in_brief().newest_first()[:SHOWN_BATCHES])
    outdated = batches.outdated(meeting, recent) if recent else set()
    return {
        "batches": recent,
        "outdated": outdated,
        "is_waiting": any(batch.is_unfinished for batch in recent),
    }


@require_GET
@own_meeting
def progress(request: HttpRequest, meeting: Meeting) -> HttpResponseBase:
    """The list of files alone, for the script that looks again while they are made."""
    context = {"meeting": meeting, **_batches(meeting)}
    return render(request, "badges/parts/files.html", context)


@require_GET
@own_meeting
def file(request: HttpRequest, meeting: Meeting, number: int) -> HttpResponseBase:
    """A finished file."""
    batch = get_object_or_404(Batch.objects.in_brief(), meeting=meeting, pk=number)
    return served(batch)


def served(batch: Batch) -> FileResponse:
    """The file of a batch, as a download that no cache keeps."""
    if not batch.is_ready:
        raise Http404
    try:
        stored = batch.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    name = f"{batch.kind}-{batch.meeting.slug}.pdf"
    return FileResponse(stored, as_attachment=True, filename=name, content_type="application/pdf")


@require_GET
@own_meeting
def badge(request: HttpRequest, meeting: Meeting, number: str) -> HttpResponseBase:
    """The badge of one participant as PDF, to be printed at once."""
    return single(_participant(meeting, number))


def single(registration: Registration) -> HttpResponse:
    """One badge as an answer."""
    out = BytesIO()
    batches.single(registration, out)
    answer = HttpResponse(out.getvalue(), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="badge-{registration.number}.pdf"'
    return answer


@require_GET
@own_meeting
def preview(request: HttpRequest, meeting: Meeting, number: str) -> HttpResponseBase:
    """The badge of one participant as a picture, drawn as it will be printed."""
    (words,) = wording.badges(meeting, [_participant(meeting, number)], wording.Options())
    picture = svg.render(
        rendering.draw(words).items, width=rendering.WIDTH, height=rendering.HEIGHT
    )
    return HttpResponse(picture, content_type="image/svg+xml")


def _participant(meeting: Meeting, number: str) -> Registration:
    people = batches.in_full(batches.printable(meeting)).select_related("meeting")
    registration = people.filter(number=number).first()
    if registration is None:
        raise Http404(_("There is no badge of that number."))
    return registration
