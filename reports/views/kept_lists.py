"""One kept list and one amendment: on the page, on paper, as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import journal
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import pass_lists
from registrations.models import PassList
from registrations.pass_lists import Change, Difference, Line
from reports import list_files, pass_desk

ON_A_PAGE = 100
# More would be no page to look through; the files have all.
MOST_CHANGES = 300


@dataclass(frozen=True)
class Shown:
    """One line of an amendment as the page shows it."""

    change: Change
    tone: str
    word: str
    edits: list[str]
    region: str
    category: str
    instead_of: str
    replaced_by: str


def amendment(found: Difference | None, meeting: Meeting) -> dict[str, Any]:
    """What parts/changes.html shows."""
    changes = found.changes if found else []
    return {
        "found": found,
        "signs": pass_desk.signs(found) if found else "",
        "changes": [_shown(change, meeting) for change in changes[:MOST_CHANGES]],
        "more": max(len(changes) - MOST_CHANGES, 0),
    }


def _shown(change: Change, meeting: Meeting) -> Shown:
    line = change.line
    return Shown(
        change=change,
        tone=pass_desk.TONES[change.kind],
        word=pass_desk.word(change),
        edits=pass_desk.edits(change, meeting),
        region=line.text("region", meeting),
        category=line.text("category", meeting),
        instead_of=_spoken(change.instead_of),
        replaced_by=_spoken(change.replaced_by),
    )


def _spoken(line: Line | None) -> str:
    return ", ".join(filter(None, [line.full_name, line.spoken_number])) if line else ""


@own_meeting
@require_safe
def kept(request: OfficeRequest, meeting: Meeting, number: int) -> HttpResponse:
    """One list as it was made, and what was different from the one before."""
    one = _list(meeting, number)
    page = Paginator(pass_lists.by_name(one), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "meeting": meeting,
        "list": one,
        "before": number - 1,
        "page": page,
        "rows": [_cells(Line(*row), meeting) for row in page.object_list],
        "list_signs": pass_desk.signs(one),
        "here": "participants",
        **amendment(pass_lists.before(one), meeting),
    }
    return render(request, "reports/list.html", context)


def _cells(line: Line, meeting: Meeting) -> dict[str, Any]:
    return {
        "line": line,
        "region": line.text("region", meeting),
        "category": line.text("category", meeting),
    }


@own_meeting
@require_safe
def printed(request: OfficeRequest, meeting: Meeting, number: int) -> HttpResponse:
    """One list on paper."""
    one = _list(meeting, number)
    context = {
        "meeting": meeting,
        "list": one,
        "headings": pass_desk.headings(),
        "rows": list(pass_desk.table(pass_lists.lines(one), pass_lists.before(one), meeting)),
        "now": timezone.now(),
        "here": "participants",
    }
    return render(request, "reports/list_print.html", context)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def list_file(request: OfficeRequest, meeting: Meeting, number: int, form: str) -> HttpResponseBase:
    """One list as a file; by POST, since personal data leaves the house with it."""
    if form not in list_files.FORMATS:
        raise Http404
    one = _list(meeting, number)
    if request.method != "POST":
        return redirect("manage-list", meeting.slug, number)
    by = journal.organizer(request.user)
    return list_files.whole(one, form=form, meeting=meeting, at=timezone.now(), by=by)


@own_meeting
@require_safe
def changes(request: OfficeRequest, meeting: Meeting, number: int) -> HttpResponse:
    """What has changed since a list, until now or a later list, on paper."""
    one, until = _two(request, meeting, number)
    found = pass_lists.difference(one, until=until)
    context = {
        "meeting": meeting,
        "list": one,
        "until": until,
        "found": found,
        "signs": pass_desk.signs(found),
        "headings": pass_desk.headings(),
        "rows": list(pass_desk.amendment(found, meeting)),
        "now": timezone.now(),
        "here": "participants",
    }
    return render(request, "reports/list_print.html", context)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def changes_file(
    request: OfficeRequest, meeting: Meeting, number: int, form: str
) -> HttpResponseBase:
    """The same as a file."""
    if form not in list_files.FORMATS:
        raise Http404
    one, until = _two(request, meeting, number)
    if request.method != "POST":
        return redirect("manage-list-changes", meeting.slug, number)
    by = journal.organizer(request.user)
    return list_files.amendment(
        one, until=until, form=form, meeting=meeting, at=timezone.now(), by=by
    )


def _list(meeting: Meeting, number: int) -> PassList:
    return get_object_or_404(PassList.objects.of(meeting), number=number)


def _two(request: OfficeRequest, meeting: Meeting, number: int) -> tuple[PassList, PassList | None]:
    """The list of the address, and the later one that `?until=` names; None: until now."""
    since = _list(meeting, number)
    return since, list_files.later(since, request.GET.get("until", ""))
