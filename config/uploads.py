"""No form of this site takes a file, so none is stored: whoever sends one fills no disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class NoFiles(FileUploadHandler):
    """Reads over files, which are parsed before anybody asks whether the form may be sent."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803  # Django passes it under this name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """
        See that what would be read over is no longer than a form may be.

        :raises RequestDataTooBig: it is
        """
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The form is longer than DATA_UPLOAD_MAX_MEMORY_SIZE.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: no file is begun."""

    def file_complete(self, file_size: int) -> None:
        """Never called, for the same reason."""
