"""Requests that nobody can read are answered in words before anything tries to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from config import failures
from config.charset import FOREIGN

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class LegibleMiddleware:
    """Text comes in UTF-8, and neither address nor cookies hold what the database cannot."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding:
            # Who announced ASCII may have sent more, which could not be written back in it.
            request.encoding = "utf-8"
        if FOREIGN in request.META:
            return _refused(request, 400, _("Text has to be sent in UTF-8."))
        if any("\x00" in value for value in request.COOKIES.values()):
            said = _("A cookie holds a sign that cannot stand there. Delete this site's cookies.")
            return _refused(request, 400, said)
        if "\x00" in request.path:
            return _refused(request, 404)
        return self.get_response(request)


def _refused(request: HttpRequest, status: int, detail: StrPromise | str = "") -> HttpResponseBase:
    # It is too early for the middleware that finds the reader's language.
    with translation.override(translation.get_language_from_request(request)):
        return failures.page(request, status, detail=str(detail))
