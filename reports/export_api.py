"""The list of participants as a file, for programs."""

from __future__ import annotations

import uuid

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from registrations.api.filters import RegistrationFilter
from registrations.api.permissions import acting, own_meeting
from registrations.models import ImportRun, Registration
from reports import exports, import_results, tables


class AnyRenderer(JSONRenderer):
    """Lets every Accept header through: the view answers with the file itself."""

    media_type = "*/*"


class ExportView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer, AnyRenderer]
    form: str = "csv"

    @extend_schema(
        request=None,
        parameters=[
            OpenApiParameter("q", str, description="As in the list of registrations."),
            OpenApiParameter("status", str, many=True, description="As in the list."),
            OpenApiParameter("category", str, description="As in the list."),
            OpenApiParameter("region", str, description="As in the list."),
            OpenApiParameter("session", str, description="As in the list."),
        ],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, tables.CONTENT_TYPES["xlsx"]): OpenApiTypes.BINARY,
            401: OpenApiResponse(description="A problem."),
        },
        summary="Export the registrations",
    )
    def post(self, request: Request, meeting: str) -> HttpResponseBase:
        """
        By POST, since taking personal data out of the house stands in the journal. The
        filters of the list hold here too. No spreadsheet runs a cell of it.
        """
        target = own_meeting(request, meeting)
        asked = RegistrationFilter(
            request.query_params, Registration.objects.filter(meeting=target, erased_at=None)
        )
        if not asked.is_valid():
            raise ValidationError(asked.errors)
        people = asked.qs.by_name()
        exports.note(
            meeting=target,
            form=self.form,
            query=request.query_params.urlencode()[:500],
            rows=people.count(),
            at=timezone.now(),
            by=acting(request),
        )
        return tables.download(
            self.form,
            name=target.slug,
            csv=exports.csv(people, meeting=target),
            xlsx=lambda file: exports.xlsx(people, file, meeting=target),
        )


class ImportResultView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer, AnyRenderer]
    form: str = "csv"

    @extend_schema(
        request=None,
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, tables.CONTENT_TYPES["xlsx"]): OpenApiTypes.BINARY,
            401: OpenApiResponse(description="A problem."),
        },
        summary="Take the result of an import",
    )
    def post(self, request: Request, meeting: str, uid: uuid.UUID) -> HttpResponseBase:
        """
        The rows as they were sent, with what became of each and the number of who was added.
        409 `not_ready` until it is checked. By POST, since it stands in the journal.
        """
        runs = ImportRun.objects.filter(meeting=own_meeting(request, meeting))
        return import_results.whole(
            get_object_or_404(runs.select_related("meeting"), uid=uid),
            form=self.form,
            at=timezone.now(),
            by=acting(request),
        )
