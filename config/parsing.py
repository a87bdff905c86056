"""JSON bodies of the API: bounded in size and depth, refused in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import APIException, ParseError


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class JSONParser(parsers.JSONParser):
    """DRF's parser reads as much as comes; this one reads as much as a form may have."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {})["request"]
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not length.isdigit() or int(length) > most:
            raise TooLarge(_("The body is too large: at most %(most)d bytes.") % {"most": most})
        try:
            body = super().parse(stream, media_type, parser_context)
            return self._encodable(body, json.dumps(body, ensure_ascii=False))
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error

    def _encodable(self, body: Any, text: str) -> Any:
        # JSON can name one half of a sign of two, which no text in UTF-8 can hold: neither
        # the database nor an answer.
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ParseError(_("The body names half a sign (a lone surrogate).")) from error
        return body


class MendingJSONParser(JSONParser):
    """Puts “�” for half a sign: where one bad value must not lose the others of its batch."""

    def _encodable(self, body: Any, text: str) -> Any:
        mended = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return body if mended == text else json.loads(mended)
