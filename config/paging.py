"""Lists of the API: cursor pages, with the next one in a Link header (RFC 8288) as well."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class Cursor(CursorPagination):
    """By id: stable while rows are added. `page_size` may be asked for, up to 200."""

    ordering = "id"
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        links = [(self.get_next_link(), "next"), (self.get_previous_link(), "prev")]
        if header := ", ".join(f'<{url}>; rel="{name}"' for url, name in links if url):
            response["Link"] = header
        return response
