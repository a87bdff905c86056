"""What a person reads when a page cannot be shown: one template, plain words, a way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused
from config import language
from config.problems import CONTENT_TYPE, STATUS_OF, type_of

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


# What programs are told where Django itself answers and no view was reached.
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 413: "too_large"}


class Words(NamedTuple):
    """A heading and what to do now."""

    heading: StrPromise
    advice: StrPromise


WORDS = {
    400: Words(
        _("This request cannot be read"),
        _("Go back, reload the page and try again."),
    ),
    403: Words(
        _("This page is not open to you"),
        _("Perhaps you are signed in with another address, or the link belongs to somebody else."),
    ),
    404: Words(
        _("There is no such page"),
        _(
            "Check that the link is complete: in a letter it may have been broken into two lines. "
            "If it is, the page has been taken away."
        ),
    ),
    409: Words(
        _("That cannot be done now"),
        _("Something has changed since you opened the page. Go back and reload it."),
    ),
    410: Words(
        _("This page is gone"),
        _("The link was valid once. Ask the organizer for a new one."),
    ),
    413: Words(
        _("That is too much at once"),
        _("Go back and send less: a shorter text or a smaller file."),
    ),
    429: Words(
        _("Too many requests"),
        _("Nothing is lost. Wait a little and try again."),
    ),
    500: Words(
        _("The page could not be made"),
        _("This is our fault, and it has been noted. What was saved before is still there."),
    ),
    503: Words(
        _("The site is being serviced"),
        _("It will be back in a few minutes. Nothing is lost."),
    ),
}
FORM_EXPIRED = Words(
    _("The form was not sent"),
    _(
        "Its protection mark is missing or too old. Go back – what you typed should still be "
        "there –, reload the page and send it again. Cookies of this site must be allowed."
    ),
)


def page(
    request: HttpRequest,
    status: int,
    *,
    words: Words | None = None,
    detail: str = "",
    retry_after: int | None = None,
) -> HttpResponseBase:
    """
    An answer that says what happened and what to do, in the reader's language.

    `detail` is the reason in one sentence, where it is known; it comes before the advice.
    Under /api/ the same is said as problem+json. `retry_after` in seconds.
    """
    words = words or WORDS.get(status, WORDS[500])
    if request.path.startswith("/api/"):
        code = CODES.get(status, "server_error")
        body = {
            "type": type_of(code),
            "title": gettext(str(words.heading)),
            "status": status,
            "code": code,
            "detail": detail or str(words.advice),
        }
        response: HttpResponse = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    else:
        minutes = -(-retry_after // 60) if retry_after else None
        # Without the context processors: they may ask the database that has just failed.
        text = render_to_string(
            "errors/page.html",
            language.context(request)
            | {"words": words, "detail": detail, "status": status, "minutes": minutes},
        )
        response = HttpResponse(text, status=status)
    response["Cache-Control"] = "no-store"
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


class RefusalMiddleware:
    """A refusal that a page did not answer itself becomes a page of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if not isinstance(exception, Refused):
            return None
        status = STATUS_OF.get(exception.code, 409)
        # 412, 422 and 428 are words for programs; to a person they are "not now".
        return page(
            request,
            status if status in WORDS else 409,
            detail=str(exception),
            retry_after=exception.facts.get("retry_after"),
        )
