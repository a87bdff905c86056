"""Pages of the house itself: the way in, health, and what is said when a page fails."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DatabaseError, connection
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from config import failures


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Whether this process answers. Asks nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: the database answers. Redis is not needed for that."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")


def change_password(request: HttpRequest) -> HttpResponse | HttpResponsePermanentRedirect:
    """RFC 8615 well-known address, which password managers look for."""
    return redirect("account_change_password")


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """The answer to a form whose protection token is missing or too old."""
    return failures.page(request, 403, words=failures.FORM_EXPIRED)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent)
    return failures.page(request, 413 if too_large else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return failures.page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return failures.page(request, 404)


def too_many_requests(request: HttpRequest) -> HttpResponseBase:
    """The sign-in's own throttle (allauth looks for it under the name handler429)."""
    return failures.page(request, 429, retry_after=60)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Drawn with the least that can fail: no context processors that ask the database."""
    return failures.page(request, 500)
