"""Pages of the house itself: the way in, health, and what is said when a page fails."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache


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


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose protection token is missing or too old."""
    return render(request, "errors/form_expired.html", status=403)
