"""
Lists of the API: cursor pages, with the next one in a Link header (RFC 8288) as well.

A page carries a weak ETag (RFC 9110, 8.8): a program that asks again with If-None-Match
gets 304 and no body while nothing has changed.
"""

from hashlib import blake2b
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response


class Cursor(CursorPagination):
    """By id: stable while rows are added. `page_size` may be asked for, up to 200."""

    ordering = "id"
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self._asked = request._request
        self._rows = queryset.model._meta
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        """
        The place that the cursor names.

        :raises NotFound: it cannot be read, or what it names is no value of the ordering
        """
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            ordered_by = self._rows.get_field(self.ordering[0].lstrip("-"))
            try:
                ordered_by.to_python(cursor.position)
            except (ValueError, ValidationError):
                raise NotFound(self.invalid_cursor_message) from None
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        links = [(self.get_next_link(), "next"), (self.get_previous_link(), "prev")]
        if header := ", ".join(f'<{url}>; rel="{name}"' for url, name in links if url):
            response["Link"] = header
        response.add_post_render_callback(lambda rendered: _marked(self._asked, rendered))
        return response


def _marked(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    etag = f'W/"{blake2b(response.content, digest_size=16).hexdigest()}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response)  # type: ignore[return-value]  # given one, it answers with one
