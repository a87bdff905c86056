"""
In which code a request announces its text: anything but UTF-8 is set aside, to be refused.

Before Django: it decodes the address while it makes the request, in whatever codec the
Content-Type names – also in those that decode no text –, and no middleware could answer.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

# In `request.META` of what came in another code.
FOREIGN = "yavka.foreign_charset"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def only_utf8(application: Application) -> Application:
    """The WSGI application, which sees no foreign charset but the mark FOREIGN instead."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _is_utf8(environ.get("CONTENT_TYPE", "")):
            environ |= {"CONTENT_TYPE": "application/octet-stream", FOREIGN: True}
        return application(environ, start_response)

    return guarded


def _is_utf8(content_type: str) -> bool:
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "utf-8")
        # ASCII is UTF-8 too.
        return codecs.lookup(charset).name in ("utf-8", "ascii")
    except LookupError:
        return True  # nobody knows it, and Django takes it for none
    except ValueError:
        return False
