"""The registration form: one page, with script and without, nothing typed is ever lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import journal
from config import visitor
from config.answers import see_other
from events import phase
from events.models import Format, Meeting
from registrations import (
    booking,
    consents,
    form_stamp,
    idempotency,
    links,
    outlook,
    standing,
    throttle,
)
from registrations.forms import RegistrationForm, open_categories
from registrations.models import AccessCode, AttendanceMode
from registrations.views.presenting import Presented, look, may_register, present
from registrations.views.public import frame, public_meeting


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the form, or book: then the visitor stands on the page of his registration."""
    at = timezone.now()
    meeting = public_meeting(slug)
    asks_code = AccessCode.objects.usable(at).filter(meeting=meeting).exists()
    only_the_language = "language_only" in request.POST
    if request.method == "POST" and not only_the_language:
        return _take(request, meeting, asks_code=asks_code)
    stage = phase.stage(meeting, at=at, room=meeting.seats.room)
    try:
        typed = request.POST.get("access_code") or request.GET.get("code", "")
        presented = look(request, meeting, typed, at=at)
    except throttle.Throttled as refusal:
        return _too_often(show(request, meeting, None, stage=stage, notice=str(refusal)), refusal)
    # Another language for a half-filled form: what was typed moves along, unjudged.
    known = request.POST.dict() | {"access_code": presented.typed}
    form = bare_form(meeting, presented, asks_code=asks_code or bool(presented.typed), **known)
    is_open = stage.takes_registrations or may_register(presented.code, at=at)
    return show(
        request,
        meeting,
        form if is_open else None,
        stage=stage,
        presented=presented,
        asks_code=asks_code,
    )


def bare_form(
    meeting: Meeting, presented: Presented | None = None, *, asks_code: bool = False, **initial: Any
) -> RegistrationForm:
    """The form as it is first seen, with what is already known filled in."""
    categories = presented.categories(meeting) if presented else open_categories(meeting)
    return RegistrationForm(
        meeting, consents.current(meeting), categories, initial=initial, asks_code=asks_code
    )


def show(
    request: HttpRequest,
    meeting: Meeting,
    form: RegistrationForm | None,
    *,
    stage: phase.Stage,
    notice: str = "",
    status: int = 200,
    presented: Presented | None = None,
    asks_code: bool = False,
) -> HttpResponse:
    """Draw the form's page; `notice` stands above it. Without a form it says why there is none."""
    context = frame(meeting) | {
        "presented": presented,
        "asks_code": asks_code,
        "form": form,
        "stage": stage,
        "notice": notice,
        "waiting_rule": standing.waiting_rule(meeting),
    }
    if form:
        context["language_form"] = "registration"
    return render(request, "registrations/register.html", context, status=status)


def _take(request: HttpRequest, meeting: Meeting, *, asks_code: bool) -> HttpResponseBase:
    at = timezone.now()
    stage = phase.stage(meeting, at=at, room=meeting.seats.room)
    address = visitor.address(request)
    try:
        throttle.hit_registration(meeting_id=meeting.pk, address=address, at=at)
        presented = present(request, meeting, request.POST.get("access_code", ""), at=at)
    except throttle.Throttled as refusal:
        form = _filled(request, meeting, Presented(), asks_code=asks_code)
        return _too_often(show(request, meeting, form, stage=stage, notice=str(refusal)), refusal)
    form = _filled(request, meeting, presented, asks_code=asks_code)
    is_open = stage.takes_registrations or may_register(presented.code, at=at)
    objection = _objection(request, form, "" if is_open else stage.words)
    if objection is None and (notice := _would_wait(request, form, presented, at=at)):
        form.accepts_waiting = True
        objection = notice, 409
    if objection is not None:
        if first := _granted_before(meeting, form):
            return see_other("mine", links.token(first.registration))
        notice, status = objection
        return show(
            request,
            meeting,
            form,
            stage=stage,
            notice=notice,
            status=status,
            presented=presented,
        )
    try:
        booked = booking.register(
            meeting=meeting,
            application=_application(form, presented),
            consents=form.consents,
            at=at,
            by=journal.PUBLIC,
            evidence=booking.Evidence(
                ip_address=address or None, user_agent=visitor.user_agent(request)
            ),
            claim=_claim(meeting, form),
        )
    except booking.AlreadyRegistered:
        return render(request, "registrations/already.html", frame(meeting), status=409)
    except booking.CodeUsedUp as refusal:
        form.add_error("access_code", str(refusal))
        return show(request, meeting, form, stage=stage, status=409, presented=presented)
    except (booking.RegistrationClosed, booking.MeetingFull, booking.ConsentRequired) as refusal:
        meeting = public_meeting(meeting.slug)
        stage = phase.stage(meeting, at=at, room=meeting.seats.room)
        return show(
            request,
            meeting,
            form,
            stage=stage,
            notice=str(refusal),
            status=409,
            presented=presented,
        )
    return see_other("mine", links.token(booked.registration))


def _filled(
    request: HttpRequest, meeting: Meeting, presented: Presented, *, asks_code: bool
) -> RegistrationForm:
    """The form as it was sent."""
    return RegistrationForm(
        meeting,
        consents.current(meeting),
        presented.categories(meeting),
        request.POST,
        asks_code=asks_code or bool(presented.typed),
        code_refusal=presented.refusal,
    )


def _too_often(answer: HttpResponse, refusal: throttle.Throttled) -> HttpResponse:
    answer.status_code = 429
    answer["Retry-After"] = str(refusal.facts["retry_after"])
    return answer


def _objection(request: HttpRequest, form: RegistrationForm, closed: str) -> tuple[str, int] | None:
    """
    Why what was sent is not booked at once: a notice and the status of the answer. `closed`
    says why nobody may register now.
    """
    if closed:
        return closed, 409
    is_ripe, stamp = form_stamp.ripened(request.POST.get("stamp", ""))
    form.retype(stamp=stamp)
    if not form.is_valid():
        return "", 422
    if not is_ripe:
        return _("Check what you typed and press the button once more."), 422
    return None


def _granted_before(meeting: Meeting, form: RegistrationForm) -> booking.Booked | None:
    """Whoever sends what he sent before gets the same answer, though nothing is left now."""
    if not form.is_valid():
        return None
    try:
        return booking.first_answer(claim=_claim(meeting, form))
    except booking.AlreadyRegistered:
        return None


def _would_wait(
    request: HttpRequest, form: RegistrationForm, presented: Presented, *, at: datetime
) -> str:
    """Who has not said so yet is asked first whether he wants to wait, and for what."""
    meeting = form.meeting
    if not meeting.has_waiting_list or request.POST.get("accepts_waiting"):
        return ""
    lacking = outlook.lacking(meeting, _application(form, presented), at=at)
    if not lacking:
        return ""
    return " ".join(
        [
            lacking,
            _(
                "Press the button once more to join the waiting list: we confirm by mail when "
                "a seat becomes free."
            ),
        ]
    )


def _application(form: RegistrationForm, presented: Presented) -> booking.Application:
    data, meeting = form.cleaned_data, form.meeting
    mode = AttendanceMode.ONLINE if meeting.format == Format.ONLINE else AttendanceMode.IN_PERSON
    return booking.Application(
        family_name=data["family_name"],
        given_name=data["given_name"],
        patronymic=data["patronymic"],
        latin_name="",
        email=data["email"],
        phone=data.get("phone", ""),
        organization=data["organization"],
        position=data["position"],
        region=data["region"],
        category=form.category,
        attendance_mode=data.get("attendance_mode") or mode,
        language=translation.get_language() or meeting.language,
        time_zone=data["time_zone"],
        submitted_by_name=data["submitted_by_name"],
        submitted_by_email=data["submitted_by_email"],
        access_code=presented.code,
    )


def _claim(meeting: Meeting, form: RegistrationForm) -> idempotency.Claim | None:
    return claim_of(f"form:{meeting.pk}", form.cleaned_data)


def claim_of(scope: str, data: dict[str, Any]) -> idempotency.Claim | None:
    """
    The key of the form together with what was typed into it.

    A double click sends both twice. Somebody who goes back and registers a colleague in
    the same form sends the key with other words: that is a second registration.
    """
    if not data["key"]:
        return None
    body = {k: v for k, v in data.items() if k not in ("stamp", "time_zone", "region")}
    body["region"] = data["region"].code if data["region"] else ""
    digest = idempotency.Claim(scope=scope, key=data["key"], body=body).body_hash.hex()[:32]
    return idempotency.Claim(scope=scope, key=f"{data['key'][:40]}:{digest}", body=body)
