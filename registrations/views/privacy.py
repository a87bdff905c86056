"""What a participant may ask about his data: see it, take consents back, have it erased."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.answers import see_other
from registrations import amending, erasure, feeds, links, session_seats
from registrations.models import Consent, Registration
from registrations.views.own import context, holder, opens_by_link
from registrations.views.public import frame


@opens_by_link
@require_safe
def data(request: HttpRequest, registration: Registration) -> HttpResponse:
    """All that is stored about the participant, and the consents."""
    given = registration.consents.select_related("document").order_by("given_at", "pk")
    merged = registration.merged.select_related("category", "region").order_by("pk")
    shown = context(registration) | {
        "consents": list(given),
        "chosen": list(session_seats.of(registration)),
        "merged": list(merged),
        "feed": feeds.of(registration),
    }
    return render(request, "registrations/data.html", shown)


@opens_by_link
@require_POST
def withdraw(request: HttpRequest, registration: Registration, consent: int) -> HttpResponseBase:
    """Take back one consent. Without the required ones the data itself has to go."""
    found = get_object_or_404(
        Consent.objects.select_related("document"), pk=consent, registration=registration
    )
    if found.document.is_required:
        return see_other(f"{reverse('mine-erase', args=[links.token(registration)])}?consent=1")
    amending.withdraw_consent(
        registration=registration, consent=found, at=timezone.now(), by=holder(registration)
    )
    messages.success(request, _("The consent has been taken back."))
    return see_other("mine-data", links.token(registration))


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Say what erasing means; on POST erase."""
    if request.method == "POST":
        erasure.erase(registration=registration, at=timezone.now(), by=holder(registration))
        return render(request, "registrations/erased.html", frame(registration.meeting))
    shown = context(registration) | {"takes_consent_back": "consent" in request.GET}
    return render(request, "registrations/erase.html", shown)


@csrf_exempt
@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, registration: Registration) -> HttpResponse:
    """No more reminders. A mail program posts here without ever having seen a page (RFC 8058)."""
    if request.method == "POST":
        registration = amending.unsubscribe(
            registration=registration, at=timezone.now(), by=holder(registration)
        )
    return render(request, "registrations/unsubscribe.html", context(registration))


@opens_by_link
@require_POST
def subscribe(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Reminders again, for whoever had switched them off."""
    amending.subscribe(registration=registration, at=timezone.now(), by=holder(registration))
    messages.success(request, _("Reminders are on again."))
    return see_other("mine-data", links.token(registration))
