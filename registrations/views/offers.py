"""The seat that is offered to a participant, behind the link in his mail. GET looks, POST acts."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.refusals import Refused
from config.answers import see_other
from registrations import links, offering
from registrations.models import Registration
from registrations.views.own import context, holder, opens_by_link

Step = Callable[..., Registration]


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """The offer and by when to answer; POST takes the seat."""
    if request.method == "POST":
        return _take(request, registration, offering.accept)
    return _show(request, registration, "registrations/offer.html")


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """What it means not to take the seat; POST leaves the list, or waits on."""
    if request.method != "POST":
        return _show(request, registration, "registrations/offer_decline.html")
    match request.POST.get("answer"):
        case "leave":
            return _take(request, registration, offering.decline)
        case "wait":
            said = _("The seat goes to whoever is next. You stay on the waiting list.")
            return _take(request, registration, offering.step_aside, said=said)
        case _:
            return HttpResponseBadRequest()


@opens_by_link
@require_POST
def ask_again(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Whoever is passed over wants a seat after all."""
    said = _("You are in line again.")
    return _take(request, registration, offering.ask_again, said=said)


def _show(request: HttpRequest, registration: Registration, page: str) -> HttpResponseBase:
    """Where there is no offer to answer, the person's page says what there is instead."""
    shown = context(registration)
    if shown["offer"] is None:
        return see_other("mine", links.token(registration))
    return render(request, page, shown)


def _take(
    request: HttpRequest, registration: Registration, step: Step, *, said: str = ""
) -> HttpResponse:
    try:
        step(registration=registration, at=timezone.now(), by=holder(registration))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if said:
            messages.success(request, said)
    return see_other("mine", links.token(registration))
