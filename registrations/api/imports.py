"""People from a table: a short list at once, a long one or a file by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from config import uploads
from config.parsing import JSONParser
from events.models import Meeting
from registrations import import_runs, importing
from registrations.api.permissions import acting, own_meeting
from registrations.forms import open_categories
from registrations.import_serializers import (
    FileSerializer,
    ImportRunSerializer,
    ImportSerializer,
    as_table,
)
from registrations.intake import Application
from registrations.models import ImportRun
from registrations.pasting import columns, files
from registrations.pasting.columns import OF_PEOPLE as COLUMNS
from registrations.serializers import RegistrationSerializer
from registrations.table_serializers import mapping_of

MOST_AT_ONCE = 200


class ImportViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ImportRun]
):
    """Tables of people on their way to the list."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = ImportRunSerializer
    queryset = ImportRun.objects.none()  # for the schema alone
    parser_classes = (JSONParser, MultiPartParser)

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """It may bring a file: said before the body is read."""
        if request.method == "POST" and "uid" not in kwargs:
            uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ImportRun]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        found = ImportRun.objects.filter(meeting=meeting).select_related("meeting").newest_first()
        return found.in_brief() if self.action == "list" else found

    @extend_schema(summary="List imports")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those of the last days; `errors` are told of one alone."""
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read an import")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How far it is, what was found, the first hundred errors."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        request={"application/json": ImportSerializer, "multipart/form-data": FileSerializer},
        responses={
            201: RegistrationSerializer(many=True),
            202: OpenApiResponse(ImportRunSerializer, description="A file, or more than 200."),
        },
        summary="Put people on the list",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """
        Up to 200 `people` at once: all of them, or none; a refusal says which `row`, from 1.

        More of them, up to 10,000, or a file (XLSX, CSV, up to 5 MB) are checked by a worker.
        Follow the import until it is `checked`, then start it. Of a file the columns are
        guessed, unless `columns` says what each is.
        """
        target = own_meeting(request, meeting)
        if (request.content_type or "").startswith("multipart/"):
            return self._take_file(request, target)
        body = ImportSerializer(data=request.data, context=_context(target))
        body.is_valid(raise_exception=True)
        said = body.validated_data
        usual: dict[str, Any] = {
            "category": open_categories(target)[0],
            "language": target.language[:2],
        }
        if len(said["people"]) > MOST_AT_ONCE:
            sent = import_runs.Sent(rows=as_table(said["people"]), has_headings=True)
            terms = {"category": usual["category"].code, "language": usual["language"]}
            return self._begin(request, target, sent, list(COLUMNS), terms | _options(said))
        rows = [Application(**usual | dict(one)) for one in said["people"]]
        brought = importing.bring(
            meeting=target, applications=rows, at=timezone.now(), by=acting(request),
            **_options(said),
        )  # fmt: skip
        return Response(RegistrationSerializer(brought, many=True).data, status.HTTP_201_CREATED)

    def _take_file(self, request: Request, target: Meeting) -> Response:
        body = FileSerializer(data=request.data, context=_context(target))
        body.is_valid(raise_exception=True)
        said, file = body.validated_data, body.validated_data["file"]
        sent = files.of(file)
        mapping = mapping_of(said["columns"], sent.rows)
        category = said.get("category") or open_categories(target)[0]
        terms = {
            "category": category.code,
            "language": said.get("language") or target.language[:2],
        }
        return self._begin(
            request, target, sent, mapping or columns.guess(sent.rows, COLUMNS),
            terms | _options(said),
        )  # fmt: skip

    def _begin(
        self,
        request: Request,
        target: Meeting,
        sent: import_runs.Sent,
        mapping: Sequence[str],
        terms: dict[str, Any],
    ) -> Response:
        run = import_runs.begin(
            meeting=target,
            sent=sent,
            mapping=mapping,
            terms=terms,
            language=get_language() or target.language,
            at=timezone.now(),
            by=acting(request),
            is_checked_at_once=True,
        )
        return self._accepted(run)

    @extend_schema(request=None, responses={202: ImportRunSerializer}, summary="Start an import")
    @action(detail=True, methods=["post"])
    def start(self, request: Request, meeting: str, uid: str) -> Response:
        """
        Put all rows on the list that can be, or none: whoever is there already and rows with
        errors are left out. Twice is harmless. Refused as a whole, it is `checked` again, and
        `refusal` says why.
        """
        return self._accepted(import_runs.start(run=self.get_object()))

    @extend_schema(request=None, responses=ImportRunSerializer, summary="Cancel an import")
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, meeting: str, uid: str) -> Response:
        """Until a worker puts it on the list. Its table is erased at once."""
        run = import_runs.cancel(run=self.get_object(), at=timezone.now())
        return Response(self.get_serializer(run).data)

    def _accepted(self, run: ImportRun) -> Response:
        return Response(self.get_serializer(run).data, status.HTTP_202_ACCEPTED)


def _context(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting, "as_organizer": True}


def _options(said: dict[str, Any]) -> dict[str, bool]:
    return {"skips_review": said["skips_review"], "is_told": said["is_told"]}
