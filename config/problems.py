"""How a refusal becomes an answer of the API: RFC 9457 application/problem+json."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.refusals import Refused

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"

# Every code that the API answers with, and its HTTP status. The type URI is made of the
# code: /problems/ + code with hyphens (docs/api.md lists them from this table).
STATUS_OF = {
    "already_registered": 409,
    "already_used": 409,
    "capacity_full": 409,
    "category_unknown": 422,
    "consent_required": 422,
    "edits_closed": 409,
    "id_reused": 409,
    "invalid_transition": 409,
    "key_reused": 422,
    "link_invalid": 404,
    "link_expired": 410,
    "meeting_cancelled": 409,
    "meeting_full": 409,
    "meeting_incomplete": 409,
    "not_admitted": 403,
    "not_found": 404,
    "not_ready": 409,
    "precondition_required": 428,
    "query_too_short": 422,
    "refused": 409,
    "registration_closed": 409,
    "still_running": 409,
    "stale_version": 412,
    "throttled": 429,
    "too_large": 413,
    "validation": 422,
}


def problem(code: str, detail: str, *, status_code: int | None = None, **members: Any) -> Response:
    """One problem document. `detail` is for people, in the language of the request."""
    status_code = status_code or STATUS_OF[code]
    body = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": TITLES.get(code, code.replace("_", " ").capitalize()),
        "status": status_code,
        "code": code,
        "detail": detail,
        **members,
    }
    return Response(body, status=status_code, content_type=CONTENT_TYPE)


TITLES: dict[str, str] = {}


def explain(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the one place where a refusal is turned into HTTP."""
    if isinstance(exc, Refused):
        set_rollback()
        answer = problem(exc.code, str(exc), **exc.facts)
        if "retry_after" in exc.facts:
            answer["Retry-After"] = str(exc.facts["retry_after"])
        return answer
    if isinstance(exc, exceptions.ValidationError):
        set_rollback()
        return problem(
            "validation", _("Some fields need your attention."), errors=list(_errors(exc.detail))
        )
    plain = exception_handler(exc, context)
    if plain is None:
        return None
    if isinstance(exc, Http404):
        code, detail = "not_found", _("There is nothing here for you.")
    elif isinstance(exc, PermissionDenied):
        code, detail = "forbidden", _("You may not do that.")
    else:
        code = str(getattr(exc, "default_code", "error"))
        detail = str(plain.data.get("detail", "")) if isinstance(plain.data, dict) else ""
    answer = problem(code, detail, status_code=plain.status_code)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in plain:
            answer[name] = plain[name]
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


class PreconditionRequired(exceptions.APIException):
    """RFC 6585: a change must say which version it was made from (If-Match)."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"
