"""JSON bodies of the API: bounded in size and depth, refused in words."""

from __future__ import annotations

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
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
