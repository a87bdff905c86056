"""The post office's only address: where the mail provider reports what became of mails."""

from __future__ import annotations

import logging
from importlib import import_module

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

logger = logging.getLogger(__name__)

MOST_BYTES = 1_000_000


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """Reports of the provider that is configured, with a secret; providers look by GET first."""
    if provider != settings.EMAIL_PROVIDER or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    # Where no provider reports, its library and what that needs stay out of memory.
    hearing = import_module("notifications.bounces.hearing")
    if provider not in hearing.VIEWS:
        raise Http404
    if request.method != "POST":
        return HttpResponse()
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        hearing.hear(provider, request)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except hearing.Forged as error:
        logger.warning("A report in the name of %s was not believed: %s", provider, error)
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="mail events"'})
    except hearing.Unreadable as error:
        logger.error("A report of %s cannot be read: %s", provider, error)
        return HttpResponse(status=400)
    return HttpResponse()
