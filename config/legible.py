"""Requests that nobody can read are answered in words before anything tries to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from config import failures
from config.charset import FOREIGN


class LegibleMiddleware:
    """Text comes in UTF-8, and no cookie holds what the database cannot."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding:
            # Who announced ASCII may have sent more, which could not be written back in it.
            request.encoding = "utf-8"
        is_foreign = FOREIGN in request.META
        if not is_foreign and not any("\x00" in value for value in request.COOKIES.values()):
            return self.get_response(request)
        # It is too early for the middleware that finds the reader's language.
        with translation.override(translation.get_language_from_request(request)):
            detail = (
                _("Text has to be sent in UTF-8.")
                if is_foreign
                else _("A cookie holds a sign that cannot stand there. Delete this site's cookies.")
            )
            return failures.page(request, 400, detail=detail)
