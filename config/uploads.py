"""
Files that are sent. No form takes one, so none is stored: whoever sends one fills no disk.

Few doors say otherwise for themselves, before their bodies are read (`accept_one_file`): lists
of people, of delegations, of invitations, and what goes with a message to many. They keep a
small file in memory, and read over a larger one to be able to say so.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


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


class OneFile(FileUploadHandler):
    """
    Keeps the first file of the field that was asked for, up to `most` bytes; all others are
    read over. One that is longer arrives empty, with its true size: the form says so in words.
    """

    # Beyond that a sentence is not worth the reading.
    MOST_READ_OVER = 5

    def __init__(self, request: HttpRequest, *, field: str, most: int) -> None:
        super().__init__(request)
        self.wanted, self.most = field, most
        self.taken = False
        self.content = bytearray()
        self.size = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803  # Django passes it under this name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """:raises RequestDataTooBig: so long that nobody believes it is a list of people"""
        if content_length > self.MOST_READ_OVER * self.most:
            raise RequestDataTooBig("The file is longer than anybody wants to read.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """:raises SkipFile: nobody asked for this one"""
        super().new_file(*args, **kwargs)
        if self.taken or self.field_name != self.wanted:
            raise SkipFile
        self.taken = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.size > self.most:
            self.content.clear()
        else:
            self.content += raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        assert self.file_name is not None
        kept = SimpleUploadedFile(self.file_name, bytes(self.content), self.content_type or "")
        kept.size = file_size
        return kept


def accept_one_file(request: HttpRequest, *, field: str, most: int) -> None:
    """Let this request bring a file. Before anything of its body was read."""
    request.upload_handlers = [OneFile(request, field=field, most=most)]
