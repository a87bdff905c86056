"""Which language a page speaks: a link's ?lang=, the reader's last choice, or the browser's."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.http import escape_leading_slashes

LANGUAGES = {code for code, _ in settings.LANGUAGES}


class LanguageMiddleware(LocaleMiddleware):
    """Django's own, and above it `?lang=en`, which a mail or a language switch may carry."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if (asked := request.GET.get("lang")) in LANGUAGES:
            translation.activate(asked)
            request.LANGUAGE_CODE = asked

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response = super().process_response(request, response)
        if (asked := request.GET.get("lang")) in LANGUAGES:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                asked,
                max_age=31_536_000,
                samesite="Lax",
                secure=settings.HTTPS,
                httponly=True,
            )
        return response


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the languages, each with the address of this page in it."""
    links = []
    for code, name in settings.LANGUAGES:
        query = request.GET.copy()
        query["lang"] = code
        # A path that begins with // would be the address of another site.
        url = escape_leading_slashes(f"{request.path}?{query.urlencode()}")
        links.append({"code": code, "name": name, "url": url})
    return {
        "LANGUAGE_CODE": translation.get_language(),
        "LANGUAGE_LINKS": links,
        "SHOW_SAMPLE_HINTS": settings.SHOW_SAMPLE_HINTS,
    }


def speak(request: HttpRequest, language: str) -> None:
    """The language in which a link was sent, unless the reader chose one on this site."""
    chosen = {request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)}
    if not chosen & LANGUAGES and language in LANGUAGES:
        translation.activate(language)
        request.LANGUAGE_CODE = language
