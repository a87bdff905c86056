"""The result of an import as a file."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import journal
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations.models import ImportRun
from reports import import_results


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def result(request: OfficeRequest, meeting: Meeting, uid: uuid.UUID, form: str) -> HttpResponseBase:
    """By POST, since personal data leaves the house with it."""
    if form not in import_results.FORMATS:
        raise Http404
    run = get_object_or_404(ImportRun.objects.filter(meeting=meeting), uid=uid)
    if request.method != "POST":
        return redirect("manage-import-run", meeting.slug, run.uid)
    return import_results.whole(
        run, form=form, at=timezone.now(), by=journal.organizer(request.user)
    )
