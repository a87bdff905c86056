"""How a refusal becomes an answer of the API: RFC 9457 application/problem+json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg.errors import LockNotAvailable
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.refusals import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

CONTENT_TYPE = "application/problem+json"

# Every code that the API answers with, and its HTTP status. The type URI is made of the
# code: /problems/ + code with hyphens (docs/api.md lists them from this table).
STATUS_OF = {
    "authentication_failed": 401,
    "already_registered": 409,
    "already_used": 409,
    "bad_request": 400,
    "capacity_full": 409,
    "category_in_use": 409,
    "category_unknown": 422,
    "consent_required": 422,
    "device_revoked": 401,
    "edits_closed": 409,
    "forbidden": 403,
    "id_reused": 409,
    "invalid_transition": 409,
    "key_reused": 422,
    "last_organizer": 409,
    "link_invalid": 404,
    "link_expired": 410,
    "meeting_cancelled": 409,
    "meeting_full": 409,
    "meeting_incomplete": 409,
    "message_not_repeatable": 409,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "not_admitted": 403,
    "not_authenticated": 401,
    "not_found": 404,
    "nothing_to_freeze": 409,
    "nothing_to_merge": 409,
    "nothing_to_print": 409,
    "not_ready": 409,
    "organizer_unknown": 422,
    "parse_error": 400,
    "precondition_required": 428,
    "query_too_short": 422,
    "refused": 409,
    "reminder_rule_twice": 422,
    "server_error": 500,
    "registration_closed": 409,
    "still_running": 409,
    "stale_version": 412,
    "throttled": 429,
    "too_large": 413,
    "unsupported_media_type": 415,
    "validation": 422,
}


# What each problem is called, and what to do about it: /problems/<type> says both.
WORDS: dict[str, tuple[StrPromise, StrPromise]] = {
    "already_registered": (
        gettext_lazy("Already registered"),
        gettext_lazy(
            "Somebody of that name and address is on the list; the link was sent there by mail."
        ),
    ),
    "authentication_failed": (
        gettext_lazy("The sign-in was not accepted"),
        gettext_lazy(
            "Check the token in the Authorization header: it may be revoked or incomplete."
        ),
    ),
    "capacity_full": (
        gettext_lazy("More seats are taken"),
        gettext_lazy("The limit cannot be lower than the seats that are taken already (“taken”)."),
    ),
    "category_in_use": (
        gettext_lazy("Participants are registered in it"),
        gettext_lazy("Move them to another category first."),
    ),
    "consent_required": (
        gettext_lazy("A consent is missing"),
        gettext_lazy(
            "Send the kinds of all required documents in “consents”; “missing” names them."
        ),
    ),
    "bad_request": (
        gettext_lazy("This request cannot be read"),
        gettext_lazy("It breaks the rules of HTTP."),
    ),
    "device_revoked": (
        gettext_lazy("This device is no desk any more"),
        gettext_lazy("Open the desk link again and start anew."),
    ),
    "edits_closed": (
        gettext_lazy("The lists are closed"),
        gettext_lazy("Changes are up to the organizer now."),
    ),
    "forbidden": (
        gettext_lazy("Not allowed"),
        gettext_lazy("The token or the person may not do that."),
    ),
    "id_reused": (
        gettext_lazy("The id was used for something else"),
        gettext_lazy("A scan's id belongs to one scan. Make a new one."),
    ),
    "invalid_transition": (
        gettext_lazy("Not possible in this status"),
        gettext_lazy("Read the registration again: its status has another way on."),
    ),
    "key_reused": (
        gettext_lazy("The key was used for something else"),
        gettext_lazy(
            "An Idempotency-Key belongs to one body. Send the first body again, or a new key."
        ),
    ),
    "last_organizer": (
        gettext_lazy("A meeting needs an organizer"),
        gettext_lazy("Add another one before you leave."),
    ),
    "link_expired": (
        gettext_lazy("The link has run out"),
        gettext_lazy("Ask the organizer for a new one."),
    ),
    "link_invalid": (
        gettext_lazy("The link is not known"),
        gettext_lazy("Ask the organizer for a new one."),
    ),
    "meeting_cancelled": (
        gettext_lazy("The meeting is cancelled"),
        gettext_lazy("A meeting that was called off is not changed any more."),
    ),
    "meeting_full": (
        gettext_lazy("All seats are taken"),
        gettext_lazy("There is no waiting list. An organizer may go over capacity on purpose."),
    ),
    "meeting_incomplete": (
        gettext_lazy("Something is missing"),
        gettext_lazy("“missing” names what a meeting needs before it is published."),
    ),
    "message_not_repeatable": (
        gettext_lazy("Cannot be sent again now"),
        gettext_lazy("It is being sent at this moment, or its words were erased."),
    ),
    "method_not_allowed": (
        gettext_lazy("Not this method"),
        gettext_lazy("The Allow header says which methods this address has."),
    ),
    "not_acceptable": (
        gettext_lazy("Not in this format"),
        gettext_lazy("Ask for application/json."),
    ),
    "not_admitted": (
        gettext_lazy("This desk admits nobody by itself"),
        gettext_lazy("Send the person to a desk that may, or ask the organizer."),
    ),
    "not_authenticated": (
        gettext_lazy("Sign-in needed"),
        gettext_lazy("Send “Authorization: Bearer …” with a token of the organizer."),
    ),
    "not_found": (
        gettext_lazy("Nothing found"),
        gettext_lazy("It is not there, or it belongs to somebody else."),
    ),
    "not_ready": (
        gettext_lazy("Not ready yet"),
        gettext_lazy("The file is still being made; ask again in a few seconds."),
    ),
    "nothing_to_freeze": (
        gettext_lazy("Nothing to publish yet"),
        gettext_lazy("There is no figure on this basis."),
    ),
    "nothing_to_merge": (
        gettext_lazy("Nothing to merge"),
        gettext_lazy("Name at least two spellings of one organization."),
    ),
    "nothing_to_print": (
        gettext_lazy("Nothing to print"),
        gettext_lazy("Nobody on the list fits the choice."),
    ),
    "server_error": (
        gettext_lazy("The program failed"),
        gettext_lazy("It has been noted. Send the request again with the same Idempotency-Key."),
    ),
    "organizer_unknown": (
        gettext_lazy("No such organizer"),
        gettext_lazy("Only somebody with an account here can be added."),
    ),
    "parse_error": (
        gettext_lazy("The body cannot be read"),
        gettext_lazy("Send one valid JSON object."),
    ),
    "precondition_required": (
        gettext_lazy("Say which version you changed"),
        gettext_lazy("Send the ETag that you read as If-Match."),
    ),
    "query_too_short": (
        gettext_lazy("Too little to search for"),
        gettext_lazy("Send at least two characters."),
    ),
    "registration_closed": (
        gettext_lazy("Registration is closed"),
        gettext_lazy("The meeting takes no registrations at this moment; “detail” says why."),
    ),
    "reminder_rule_twice": (
        gettext_lazy("Two reminders are the same"),
        gettext_lazy("Leave one of them out."),
    ),
    "stale_version": (
        gettext_lazy("Somebody was quicker"),
        gettext_lazy("“current” is what is there now. Merge, and send the new ETag."),
    ),
    "still_running": (
        gettext_lazy("The same request is under way"),
        gettext_lazy("Wait as Retry-After says, then send it again with the same key."),
    ),
    "throttled": (gettext_lazy("Too many requests"), gettext_lazy("Wait as Retry-After says.")),
    "too_large": (
        gettext_lazy("Too much at once"),
        gettext_lazy("Send less, in several requests."),
    ),
    "unsupported_media_type": (
        gettext_lazy("Not in this format"),
        gettext_lazy("Send application/json in UTF-8."),
    ),
    "validation": (
        gettext_lazy("Some fields need attention"),
        gettext_lazy("“errors” points to each field (RFC 6901) and says what is wrong with it."),
    ),
}


def title_of(code: str) -> str:
    """What a problem is called, in the language of the request."""
    return str(WORDS[code][0]) if code in WORDS else code.replace("_", " ").capitalize()


def type_of(code: str) -> str:
    """The problem's type URI; it opens a page that explains it."""
    return f"/problems/{code.replace('_', '-')}"


def problem(code: str, detail: str, *, status_code: int | None = None, **members: Any) -> Response:
    """One problem document. `detail` is for people, in the language of the request."""
    status_code = status_code or STATUS_OF.get(code, 409)
    body = {
        "type": type_of(code),
        "title": title_of(code),
        "status": status_code,
        "code": code,
        "detail": detail,
        **members,
    }
    return Response(body, status=status_code, content_type=CONTENT_TYPE)


def explain(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the one place where a refusal is turned into HTTP."""
    if isinstance(exc, Refused):
        set_rollback()
        return _refusal(exc, context.get("view"))
    if isinstance(exc, RequestDataTooBig):
        return problem("too_large", _("The body is too large."))
    if isinstance(exc, exceptions.ValidationError):
        set_rollback()
        return problem(
            "validation", _("Some fields need your attention."), errors=list(_errors(exc.detail))
        )
    if isinstance(exc, OperationalError) and isinstance(exc.__cause__, LockNotAvailable):
        set_rollback()
        return _refusal(_Busy(_("Too much is going on here at once. Try again in a moment.")))
    plain = exception_handler(exc, context)
    if plain is None:
        return None
    detail = str(plain.data.get("detail", "")) if isinstance(plain.data, dict) else ""
    if isinstance(exc, Http404 | exceptions.NotFound):
        code, detail = "not_found", _("There is nothing here for you.")
    elif isinstance(exc, PermissionDenied | exceptions.PermissionDenied):
        default = exceptions.PermissionDenied.default_detail
        code, detail = "forbidden", detail if detail != default else _("You may not do that.")
    else:
        code = str(getattr(exc, "default_code", "error"))
    answer = problem(code, detail, status_code=plain.status_code)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in plain:
            answer[name] = plain[name]
    return answer


class _Busy(Refused):
    code = "still_running"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=5)


def _refusal(refused: Refused, view: Any = None) -> Response:
    facts = dict(refused.facts)
    current = (
        view.current() if refused.code == "stale_version" and hasattr(view, "current") else None
    )
    if current is not None:
        facts["current"] = current.data
    answer = problem(refused.code, str(refused), **facts)
    if current is not None:
        answer["ETag"] = current["ETag"]
    if "retry_after" in facts:
        answer["Retry-After"] = str(facts["retry_after"])
    return answer


def _errors(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error tree as a flat list with JSON pointers (RFC 6901)."""
    if isinstance(detail, dict):
        for field, inner in detail.items():
            step = "" if field == "non_field_errors" else f"/{field}"
            yield from _errors(inner, pointer + step)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _errors(inner, f"{pointer}/{position}" if nested else pointer)
    else:
        yield {
            "pointer": pointer,
            "code": getattr(detail, "code", "invalid"),
            "detail": str(detail),
        }
