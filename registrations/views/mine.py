"""A participant's own page, behind the link in his mail. GET looks, POST acts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.refusals import Refused
from config.answers import see_other
from events import phase
from registrations import (
    amending,
    booking,
    calendar,
    feeds,
    links,
    names,
    region_menu,
    staging,
    tickets,
)
from registrations.forms import AddressForm, ChangeForm
from registrations.models import Registration, Stage
from registrations.sessions import choosing
from registrations.views import form as form_page
from registrations.views.feeds import google_of
from registrations.views.own import context, holder, opens_by_link, shows_ticket
from registrations.views.public import calendar_file

# Beside what it is said that a limit has no seat left; of the others, beside how he comes.
FIELD_OF = {"organization": "organization", "region": "region", "group": "region"}


@opens_by_link
@require_safe
def mine(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The page of the registration: what it is now, what happens next, what can be done."""
    shown = context(registration)
    if registration.is_live:
        shown["google_url"] = google_of(registration)
        options = choosing.options(registration)
        shown["chosen"] = [option for option in options if option.is_mine]
        shown["has_sessions"] = any(option.is_bookable for option in options)
        shown["may_choose"] = choosing.may_choose(registration, at=timezone.now())
    return render(request, "registrations/mine.html", shown)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Correct one's own details until the lists close."""
    shown = context(registration)
    if not shown["may_change"]:
        return see_other("mine", links.token(registration))
    form = ChangeForm(registration.meeting, request.POST or None, initial=_known(registration))
    if request.method == "POST" and form.is_valid():
        try:
            changed = amending.amend(
                registration=registration,
                changes={k: v for k, v in form.cleaned_data.items() if k in amending.FIELDS},
                version=form.cleaned_data["version"],
                at=timezone.now(),
                by=holder(registration),
            )
        except (amending.StaleVersion, booking.AlreadyRegistered) as refusal:
            form.add_error(None, str(refusal))
            form.retype(version=str(refusal.facts.get("version", form.cleaned_data["version"])))
        except amending.MeetingFull as refusal:
            asked = FIELD_OF.get(refusal.facts["scope"], "attendance_mode")
            form.add_error(asked if asked in form.fields else None, str(refusal))
        else:
            if changed.stage == Stage.CHANGES and registration.stage != Stage.CHANGES:
                words = _("Your details have been changed. The organizer looks at them once more.")
                messages.success(request, words)
            else:
                messages.success(request, _("Your details have been changed."))
            return see_other("mine", links.token(registration))
    status = 422 if form.errors else 200
    shown |= {"form": form, "is_looked_at_again": staging.is_looked_at_again(registration)}
    return render(request, "registrations/change.html", shown, status=status)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Say what giving up the seat means; on POST give it up."""
    shown = context(registration)
    if request.method == "POST" and shown["may_cancel"]:
        booking.cancel(registration=registration, at=timezone.now(), by=holder(registration))
    if request.method == "POST" or not shown["may_cancel"]:
        return see_other("mine", links.token(registration))
    return render(request, "registrations/cancel.html", shown)


@opens_by_link
@require_POST
def restore(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Take a cancellation back."""
    try:
        booking.restore(registration=registration, at=timezone.now(), by=holder(registration))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("mine", links.token(registration))


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """“I mistyped my e-mail”: the answer goes to the right one, with a new link."""
    form = AddressForm(request.POST or None, initial={"email": registration.email})
    if request.method == "POST" and form.is_valid():
        try:
            registration = amending.correct_address(
                registration=registration,
                email=form.cleaned_data["email"],
                at=timezone.now(),
                by=holder(registration),
            )
        except (amending.EditsClosed, booking.AlreadyRegistered) as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(
                request,
                _("We have written to %(email)s. This page has a new address, the old link no "
                  "longer works.") % {"email": registration.email},
            )  # fmt: skip
            return see_other("mine", links.token(registration))
    status = 422 if form.errors else 200
    shown = context(registration) | {"form": form, "feed": feeds.of(registration)}
    return render(request, "registrations/address.html", shown, status=status)


@opens_by_link
@require_safe
def another(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The form for the next participant of the same organization; nothing known is asked again."""
    meeting = registration.meeting
    stage = phase.stage(meeting, at=timezone.now(), room=meeting.seats.room)
    form = form_page.bare_form(
        meeting,
        who="other",
        organization=registration.organization,
        region=registration.region.code if registration.region else region_menu.NONE,
        submitted_by_name=registration.submitted_by_name or registration.full_name,
        submitted_by_email=registration.submitted_by_email or registration.email,
    )
    return form_page.show(
        request, meeting, form if stage.takes_registrations else None, stage=stage
    )


@opens_by_link
@require_safe
def own_calendar(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The meeting as a calendar file, with the link to the own page in it."""
    url = links.manage_url(registration)
    return calendar_file(calendar.download(registration, url=url), registration.meeting.slug)


@opens_by_link
@require_safe
def qr(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The ticket's code as a picture, for those whose mail shows none."""
    if not shows_ticket(registration) or not registration.ticket_code:
        raise Http404
    return HttpResponse(tickets.qr_png(registration.ticket_code), content_type="image/png")


def _known(registration: Registration) -> dict[str, Any]:
    fields = (
        "family_name", "given_name", "patronymic", "latin_name", "phone", "organization",
        "position", "attendance_mode", "version",
    )  # fmt: skip
    known = {field: getattr(registration, field) for field in fields}
    known["latin_name"] = registration.latin_name or names.latin_name(
        registration.family_name, registration.given_name
    )
    known["region"] = registration.region.code if registration.region else region_menu.NONE
    return known
