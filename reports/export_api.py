"""The list of participants as a file, for programs."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from registrations.api.filters import RegistrationFilter
from registrations.api.permissions import acting, own_meeting
from registrations.models import Registration
from reports import exports, tables


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
