"""The figure's pages: the organizer's, and the press officer's behind a link."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import journal
from accounts.journal import Actor
from accounts.models import User, Via
from events import access
from events.models import AccessLink, Meeting, Purpose, in_language
from events.office import own_meeting
from reports import boards, freezing, headline, wording, workbook
from reports.models import Basis, FrozenFigure, Style

# More published figures of one meeting than fit a page are history, not news.
SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
@own_meeting
def figures(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The organizer's page; POST keeps the figure that is shown as the published one."""
    page = reverse("manage-figures", args=[meeting.slug])
    if request.method == "POST":
        return _freeze(request, meeting, by=journal.organizer(cast(User, request.user)), page=page)
    context = _facts(request.GET, meeting, at=timezone.now()) | {
        "here": "figures",
        "table_url": reverse("manage-figures-table", args=[meeting.slug]),
    }
    return render(request, "reports/figures.html", context)


@require_safe
@own_meeting
def figures_table(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    return _table(request.GET, meeting)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def press(request: HttpRequest, token: str) -> HttpResponse:
    """The press officer's page. To open it changes nothing; POST publishes."""
    at = timezone.now()
    link = access.resolve(token=token, purpose=Purpose.PRESS, at=at)
    if request.method == "POST":
        by = Actor(who=link.label, via=Via.LINK)
        page = reverse("press", args=[token])
        return _freeze(request, link.meeting, by=by, page=page, link=link)
    host = link.meeting.hosts.order_by("position").first()
    context = _facts(request.GET, link.meeting, at=at) | {
        "host": host and in_language(host.name, host.name_alt, main_language=link.meeting.language),
        "host_url": reverse("meeting", args=[link.meeting.slug]),
        "table_url": reverse("press-table", args=[token]),
    }
    return render(request, "reports/press.html", context)


@require_safe
@never_cache
def press_table(request: HttpRequest, token: str) -> HttpResponse:
    link = access.resolve(token=token, purpose=Purpose.PRESS, at=timezone.now())
    return _table(request.GET, link.meeting)


def _chosen(asked: QueryDict, meeting: Meeting, *, at: datetime) -> tuple[Basis, Style, bool]:
    """
    Basis and style that were asked for, or the natural ones.

    The third value says that it is the day, and the door was asked about before anybody
    came through it.
    """
    style = {str(s): s for s in Style}.get(str(asked.get("style")), Style.EXACT)
    offered = headline.bases(meeting, at=at)
    wanted = {str(b): b for b in offered}.get(str(asked.get("basis")))
    if wanted in (Basis.CONFIRMED, Basis.REGISTERED):
        return wanted, style, False
    basis = headline.natural_basis(meeting, at=at)
    return basis, style, Basis.CHECKED_IN in offered and basis != Basis.CHECKED_IN


def _facts(asked: QueryDict, meeting: Meeting, *, at: datetime) -> dict[str, Any]:
    basis, style, too_early = _chosen(asked, meeting, at=at)
    lists = headline.lists(meeting)
    live = headline.count(lists=lists, basis=basis, at=at)
    offered = wording.styles(live)
    style = style if style in offered else Style.EXACT
    return {
        "meeting": meeting,
        "now": at,
        "title": meeting.text("title"),
        "short_title": meeting.text("short_title"),
        "figure": live,
        "too_early": too_early,
        "bases": [
            (value, label, value == basis)
            for value, label in wording.BASES.items()
            if value in headline.bases(meeting, at=at)
        ],
        "styles": [(value, wording.STYLES[value], value == style) for value in offered],
        "basis": basis,
        "style": style,
        "sentences": wording.sentences(live, meeting=meeting, style=style),
        "dated": wording.dated(live, meeting=meeting),
        "method": wording.method(live, lists=lists),
        "districts": boards.by_district(live, lists=lists),
        "categories": boards.by_category(live, lists=lists),
        "published": _published(lists, live),
    }


def _published(lists: headline.Lists, live: headline.Headline) -> list[dict[str, Any]]:
    """The figures that were frozen, newest first, each with what has changed since."""
    now = {live.basis: live}
    shown = []
    for figure in FrozenFigure.objects.of(lists.meeting)[:SHOWN]:
        basis = Basis(figure.basis)
        if basis not in now:
            now[basis] = headline.count(lists=lists, basis=basis, at=live.as_of)
        changed = [
            (wording.NUMBERS[difference.what], difference.then, difference.now)
            for difference in freezing.differences(figure, live=now[basis])
        ]
        shown.append({"figure": figure, "changed": changed})
    return shown


def _freeze(
    request: HttpRequest,
    meeting: Meeting,
    *,
    by: Actor,
    page: str,
    link: AccessLink | None = None,
) -> HttpResponse:
    basis, style = request.POST.get("basis"), request.POST.get("style", Style.EXACT)
    if basis not in Basis.values or style not in Style.values:
        raise BadRequest("A figure is published on a known basis, in a known style.")
    try:
        freezing.freeze(
            meeting=meeting, basis=basis, style=style, at=timezone.now(), by=by, link=link
        )
    except freezing.NothingToFreeze as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The figure is kept as published."))
    return redirect(f"{page}?basis={basis}&style={style}")


def _table(asked: QueryDict, meeting: Meeting) -> HttpResponse:
    at = timezone.now()
    basis, style, _too_early = _chosen(asked, meeting, at=at)
    content = workbook.write(meeting=meeting, basis=basis, style=style, at=at)
    return HttpResponse(
        content,
        content_type=workbook.CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{meeting.slug}-figures.xlsx"'},
    )
