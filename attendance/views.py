"""The pages of the door: the desk link, and the scanner, which also works without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID, uuid4

from csp.constants import SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.refusals import Refused
from attendance import checkin, desks, presence, substitution, walkin
from attendance.desks import API_COOKIE, OWN_PAGE, PAGE_COOKIE, Desk
from attendance.forms import InsteadForm, WalkInForm
from attendance.models import Method
from attendance.wording import script_words
from events import access, years
from events.models import Meeting, MeetingStatus, Purpose
from registrations import mail_facts

P = ParamSpec("P")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest, token: str) -> HttpResponse:
    """Looks; its button starts a shift in this browser and goes on to the scanner."""
    at = timezone.now()
    try:
        link = access.resolve(token=token, purpose=Purpose.DESK, at=at)
        if request.method == "POST":
            user_agent = request.headers.get("User-Agent", "")
            device, clear = desks.start(token=token, at=at, user_agent=user_agent)
            return _with_token(redirect("scan"), clear, expires=device.expires_at)
    except Refused as refusal:
        status = 410 if refusal.code == "link_expired" else 404
        return _closed(request, str(refusal), status=status)
    context = {
        "link": link,
        "meeting": link.meeting,
        "host": mail_facts.host_name(link.meeting),
        "title": link.meeting.text("title"),
        "short_title": link.meeting.text("short_title"),
        "venue": link.meeting.text("venue"),
        "is_cancelled": link.meeting.status == MeetingStatus.CANCELLED,
        "day": _day_of(link.meeting, at),
    }
    return render(request, "attendance/desk.html", context)


def at_desk(
    view: Callable[Concatenate[HttpRequest, Desk, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Give a page the desk that this browser started as, or say that there is none."""

    @wraps(view)
    def find(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            here = desks.find(request.COOKIES.get(PAGE_COOKIE, ""), at=timezone.now())
        except desks.DeskClosed as closed:
            return _closed(request, str(closed), status=403)
        return view(request, here, *args, **kwargs)

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponse], never_cache(find))


def scanner_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The decoder is WebAssembly; this page alone may compile it."""
    allowed = csp_update({"script-src": [SELF, WASM_UNSAFE_EVAL]})(view)
    return cast(Callable[..., HttpResponse], allowed)


def posted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Acts on POST; whoever comes back to the address of an answer gets the scanner."""

    @wraps(view)
    def choose(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("scan")
        return view(request, *args, **kwargs)

    return choose


@scanner_page
@require_GET
@at_desk
def scan(request: HttpRequest, here: Desk) -> HttpResponse:
    """The scanner. `?q=` searches, for browsers without script."""
    found, notice = None, ""
    if query := request.GET.get("q", "")[:200].replace("\x00", ""):
        try:
            found = presence.search(desk=here, query=query, at=timezone.now())
        except Refused as refusal:
            notice = str(refusal)
    return _page(request, here, query=query, found=found, notice=notice)


@scanner_page
@posted
@at_desk
def code(request: HttpRequest, here: Desk) -> HttpResponse:
    """
    Check in by a typed code or a found person, without script.

    The form carries the scan's id, so that a reload of the answer changes nothing.
    """
    at = timezone.now()
    text = request.POST.get("code", "").replace("\x00", "").strip()[:500]
    person = _uuid(request.POST.get("person", ""))
    if not text and person is None:
        return _page(request, here, notice=_("Type a code or a number first."), status=422)
    made = checkin.ScanInput(
        id=_uuid(request.POST.get("id", "")) or uuid4(),
        text="" if person else text,
        person=person,
        method=Method.SEARCH if person else Method.TYPED,
        scanned_at=_moment(request.POST.get("at", ""), at),
        admit=bool(request.POST.get("admit")),
    )
    [result] = checkin.record(desk=here, scans=[made], at=at)
    if result.is_reused:
        return _page(request, here, notice=_("This form was used already."), status=409)
    return _page(request, here, result=result)


@scanner_page
@posted
@at_desk
def walk_in(request: HttpRequest, here: Desk) -> HttpResponse:
    """Register somebody at the door, without script. What was typed is kept on errors."""
    form = WalkInForm(request.POST, meeting=_meeting(here))
    if not form.is_valid():
        return _page(request, here, walk_in=form, status=422)
    try:
        entry = walkin.register(
            desk=here,
            scan_id=form.cleaned_data["id"],
            application=form.application(language=get_language() or here.language),
            has_consented=form.cleaned_data["consent"],
            at=timezone.now(),
        )
    except Refused as refusal:
        is_consent = isinstance(refusal, walkin.ConsentRequired)
        form.add_error("consent" if is_consent else None, str(refusal))
        return _page(request, here, walk_in=form, status=409)
    return _page(request, here, result=checkin.result_of(entry, desk=here))


@scanner_page
@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def instead(request: HttpRequest, here: Desk) -> HttpResponse:
    """Somebody comes instead of `?person=`, without script: asks who, then lets him in."""
    if not here.may_admit:
        return redirect("scan")
    data = request.POST if request.method == "POST" else None
    person = _uuid((data or request.GET).get("person", ""))
    absent = presence.person(desk=here, uid=person) if person else None
    if absent is None:
        return redirect("scan")
    asked = {"id": uuid4(), "person": person, "scan": _uuid(request.GET.get("scan", ""))}
    form = InsteadForm(data, initial={**asked, "organization": absent.organization})
    status = 200
    if form.is_valid():
        try:
            entry = substitution.replace(
                desk=here,
                scan_id=form.cleaned_data["id"],
                person=form.cleaned_data["person"],
                newcomer=form.newcomer,
                has_consented=form.cleaned_data["consent"],
                at=timezone.now(),
                mistaken=form.cleaned_data["scan"],
            )
        except Refused as refusal:
            is_consent = isinstance(refusal, substitution.ConsentRequired)
            form.add_error("consent" if is_consent else None, str(refusal))
            status = 409
        else:
            return _page(request, here, result=checkin.result_of(entry, desk=here))
    elif form.is_bound:
        status = 422
    return _page(request, here, instead=form, absent=absent.full_name, status=status)


@scanner_page
@posted
@at_desk
def admit(request: HttpRequest, here: Desk) -> HttpResponse:
    """Let in somebody who waits, without script."""
    person, scan_id = _uuid(request.POST.get("person", "")), _uuid(request.POST.get("id", ""))
    if person is None or scan_id is None:
        return _page(request, here, notice=_("This form was used already."), status=422)
    try:
        entry = walkin.admit(desk=here, scan_id=scan_id, person=person, at=timezone.now())
    except Refused as refusal:
        return _page(request, here, notice=str(refusal), status=409)
    return _page(request, here, result=checkin.result_of(entry, desk=here))


@scanner_page
@posted
@at_desk
def undo(request: HttpRequest, here: Desk) -> HttpResponse:
    """Take a scan back, without script."""
    entry = _uuid(request.POST.get("scan", ""))
    if entry is not None:
        try:
            checkin.void(desk=here, entry=entry, void_id=uuid4(), at=timezone.now())
        except checkin.ScanUnknown as unknown:
            return _page(request, here, notice=str(unknown), status=404)
        messages.info(request, presence.left_standing(desk=here, entry=entry))
    return redirect(f"{reverse('scan')}#log")


@require_POST
@at_desk
def end(request: HttpRequest, here: Desk) -> HttpResponse:
    """End the shift: the token is worth nothing from now on."""
    desks.end(desk=here, at=timezone.now())
    return _without_token(render(request, "attendance/ended.html"))


def _page(
    request: HttpRequest, here: Desk, *, status: int = 200, notice: str = "", **context: Any
) -> HttpResponse:
    meeting = _meeting(here)
    at = timezone.now()
    if here.may_admit and "walk_in" not in context:
        context["walk_in"] = WalkInForm(meeting=meeting, initial={"id": uuid4()})
    if here.may_admit and "instead" not in context:
        context["instead"] = InsteadForm()
    context = {
        "desk": here,
        "meeting": meeting,
        "short_title": meeting.text("short_title"),
        "day": _day_of(meeting, at),
        "counts": presence.counts(meeting_id=here.meeting_id, checkpoint_id=here.checkpoint_id),
        "log": presence.log(desk=here),
        "scan_id": uuid4(),
        "now": at.isoformat(),
        "notice": notice,
        "config": {
            "device": here.device_id,
            "zone": here.time_zone,
            "header": OWN_PAGE,
            "urls": {
                "scans": reverse("api-checkin-scans"),
                "void": reverse("api-checkin-void", args=[UUID(int=0)]),
                "walk_ins": reverse("api-checkin-walk-ins"),
                "admissions": reverse("api-checkin-admissions"),
                "substitutions": reverse("api-checkin-substitutions"),
                "search": reverse("api-checkin-search"),
                "stats": reverse("api-checkin-stats"),
                "decoder": static("attendance/vendor/ponyfill.js"),
                "wasm": static("attendance/vendor/zxing_reader.wasm"),
            },
            "words": script_words(),
        },
        **context,
    }
    return render(request, "attendance/scan.html", context, status=status)


def _meeting(here: Desk) -> Meeting:
    return Meeting.objects.select_related("region_set").get(pk=here.meeting_id)


def _closed(request: HttpRequest, words: str, *, status: int) -> HttpResponse:
    return render(request, "attendance/closed.html", {"words": words}, status=status)


def _day_of(meeting: Meeting, at: datetime) -> str:
    """Where today stands at the venue: "before", "today" or "after"."""
    today = at.astimezone(meeting.zone).date()
    if today < meeting.starts_at.astimezone(meeting.zone).date():
        return "before"
    return "after" if today > meeting.ends_at.astimezone(meeting.zone).date() else "today"


def _with_token(
    response: HttpResponseRedirect, clear: str, *, expires: datetime
) -> HttpResponseRedirect:
    """Two cookies, for the page and for the API, so that nothing else on the site gets them."""
    for name, path, same_site in _cookies():
        response.set_cookie(
            name,
            clear,
            expires=expires,
            path=path,
            secure=settings.HTTPS,
            httponly=True,
            samesite=same_site,
        )
    return response


def _without_token(response: HttpResponse) -> HttpResponse:
    for name, path, _same_site in _cookies():
        response.delete_cookie(name, path=path)
    return response


def _cookies() -> list[tuple[str, str, Any]]:
    api = reverse("api-checkin-stats").rpartition("stats/")[0]
    return [(PAGE_COOKIE, reverse("scan"), "Lax"), (API_COOKIE, api, "Strict")]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(text: str, at: datetime) -> datetime:
    """When the form was drawn: part of the scan, so that a reload is the same scan."""
    try:
        moment = datetime.fromisoformat(text)
        years.check(moment)
    except (ValueError, ValidationError):
        return at
    return moment if moment.tzinfo else at
