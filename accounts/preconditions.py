"""A change must say which version it was made from: ETag and If-Match (RFC 9110, RFC 6585)."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.refusals import Refused

# A version that no row has: what If-Match names was never ours, or is only weakly the same.
NEVER = -1


class PreconditionRequired(Refused):
    code = "precondition_required"


def etag(version: int) -> str:
    """The strong ETag of a row's version."""
    return f'"{version}"'


def version_of(request: Request) -> int | None:
    """
    The version that If-Match names. None for `*`: whatever is there.

    :raises PreconditionRequired: there is no If-Match
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired(
            _("Send the ETag that you read as If-Match, so that nobody's change is lost.")
        )
    if header == "*":
        return None
    ours = re.fullmatch(r'"(\d{1,9})"', header)
    return int(ours[1]) if ours else NEVER
