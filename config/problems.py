"""How a refusal becomes an answer of the API: RFC 9457 application/problem+json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.refusals import Refused
from config.problem_words import WORDS

CONTENT_TYPE = "application/problem+json"

# Every code that the API answers with, and its HTTP status. The type URI is made of the
# code: /problems/ + code with hyphens (docs/api.md lists them from this table).
STATUS_OF = {
    "access_code_exists": 409,
    "access_code_in_use": 409,
    "access_code_unknown": 422,
    "authentication_failed": 401,
    "address_suppressed": 409,
    "already_invited": 409,
    "already_registered": 409,
    "already_used": 409,
    "bad_request": 400,
    "capacity_full": 409,
    "category_in_use": 409,
    "category_unknown": 422,
    "code_used_up": 409,
    "consent_required": 422,
    "delegation_exists": 409,
    "delegation_full": 409,
    "delegation_in_use": 409,
    "delivery_not_repeatable": 409,
    "device_revoked": 401,
    "edits_closed": 409,
    "file_not_read": 422,
    "forbidden": 403,
    "id_reused": 409,
    "import_moved_on": 409,
    "invalid_transition": 409,
    "invitation_answered": 409,
    "invitation_closed": 409,
    "invitation_not_transferable": 409,
    "key_reused": 422,
    "last_organizer": 409,
    "link_invalid": 404,
    "link_expired": 410,
    "lists_open": 409,
    "meeting_cancelled": 409,
    "meeting_full": 409,
    "meeting_incomplete": 409,
    "message_not_repeatable": 409,
    "method_not_allowed": 405,
    "no_session_seats": 409,
    "nobody_to_ask": 409,
    "not_acceptable": 406,
    "not_admitted": 403,
    "not_authenticated": 401,
    "not_found": 404,
    "nothing_changed": 409,
    "nothing_to_close": 409,
    "nothing_to_freeze": 409,
    "nothing_to_import": 409,
    "nothing_to_keep": 409,
    "nothing_to_merge": 409,
    "nothing_to_print": 409,
    "nothing_to_reopen": 409,
    "not_ready": 409,
    "offer_over": 409,
    "offers_closed": 409,
    "organizer_unknown": 422,
    "parse_error": 400,
    "precondition_required": 428,
    "query_too_short": 422,
    "refused": 409,
    "reminder_rule_twice": 422,
    "rows_not_accepted": 422,
    "server_error": 500,
    "registration_closed": 409,
    "still_running": 409,
    "session_full": 409,
    "session_in_use": 409,
    "session_not_bookable": 409,
    "session_outside_meeting": 422,
    "sessions_overlap": 409,
    "stale_version": 412,
    "announcement_moved_on": 409,
    "announcement_not_ready": 409,
    "file_not_accepted": 422,
    "filter_unknown": 422,
    "nobody_to_write": 409,
    "text_not_accepted": 422,
    "throttled": 429,
    "too_large": 413,
    "too_many_imports": 409,
    "too_many_webhooks": 409,
    "unsupported_media_type": 415,
    "validation": 422,
    "webhook_address_refused": 422,
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
