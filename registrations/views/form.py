"""The registration form: one page, with script and without, nothing typed is ever lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
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
from registrations import booking, form_stamp, idempotency, links, standing, throttle
from registrations.forms import RegistrationForm, open_categories
from registrations.models import AttendanceMode, ConsentDocument
from registrations.views.public import frame, public_meeting


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the form, or book: then the visitor stands on the page of his registration."""
    meeting = public_meeting(slug)
    only_the_language = "language_only" in request.POST
    if request.method == "POST" and not only_the_language:
        return _take(request, meeting)
    stage = phase.stage(meeting, at=timezone.now(), room=meeting.seats.room)
    # Another language for a half-filled form: what was typed moves along, unjudged.
    form = bare_form(meeting, **request.POST.dict())
    return show(request, meeting, form if stage.takes_registrations else None, stage=stage)


def bare_form(meeting: Meeting, **initial: Any) -> RegistrationForm:
    """The form as it is first seen, with what is already known filled in."""
    return RegistrationForm(
        meeting, list(_documents(meeting)), open_categories(meeting), initial=initial
    )


def show(
    request: HttpRequest,
    meeting: Meeting,
    form: RegistrationForm | None,
    *,
    stage: phase.Stage,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    """Draw the form's page; `notice` stands above it. Without a form it says why there is none."""
    context = frame(meeting) | {
        "form": form,
        "stage": stage,
        "notice": notice,
        "waiting_rule": standing.waiting_rule(meeting),
    }
    if form:
        context["language_form"] = "registration"
    return render(request, "registrations/register.html", context, status=status)


def _take(request: HttpRequest, meeting: Meeting) -> HttpResponseBase:
    at = timezone.now()
    stage = phase.stage(meeting, at=at, room=meeting.seats.room)
    form = RegistrationForm(
        meeting, list(_documents(meeting)), open_categories(meeting), request.POST
    )
    try:
        address = visitor.address(request)
        throttle.hit_registration(meeting_id=meeting.pk, address=address, at=at)
    except throttle.Throttled as refusal:
        answer = show(request, meeting, form, stage=stage, notice=str(refusal), status=429)
        answer["Retry-After"] = str(refusal.facts["retry_after"])
        return answer
    objection = _objection(request, form, stage)
    if objection is None and (notice := _would_wait(request, meeting, form, at=at)):
        form.accepts_waiting = True
        objection = notice, 409
    if objection is not None:
        if first := _granted_before(meeting, form):
            return see_other("mine", links.token(first.registration))
        notice, status = objection
        return show(request, meeting, form, stage=stage, notice=notice, status=status)
    try:
        booked = booking.register(
            meeting=meeting,
            application=_application(meeting, form),
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
    except (booking.RegistrationClosed, booking.MeetingFull, booking.ConsentRequired) as refusal:
        meeting = public_meeting(meeting.slug)
        stage = phase.stage(meeting, at=at, room=meeting.seats.room)
        return show(request, meeting, form, stage=stage, notice=str(refusal), status=409)
    return see_other("mine", links.token(booked.registration))


def _objection(
    request: HttpRequest, form: RegistrationForm, stage: phase.Stage
) -> tuple[str, int] | None:
    """Why what was sent is not booked at once: a notice and the status of the answer."""
    if not stage.takes_registrations:
        return stage.words, 409
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
    request: HttpRequest, meeting: Meeting, form: RegistrationForm, *, at: datetime
) -> str:
    """Who has not said so yet is asked first whether he wants to wait, and for what."""
    if not meeting.has_waiting_list or request.POST.get("accepts_waiting"):
        return ""
    lacking = booking.lacking(meeting, _application(meeting, form), at=at)
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


def _application(meeting: Meeting, form: RegistrationForm) -> booking.Application:
    data = form.cleaned_data
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


def _documents(meeting: Meeting) -> QuerySet[ConsentDocument]:
    return ConsentDocument.objects.current().filter(meeting=meeting)
