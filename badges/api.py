"""Badges for programs: order a batch, follow it, take the file. Routes: config/api.py."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refused
from badges import batches, preflight, views
from badges.models import Batch
from badges.serializers import BatchOrderSerializer, BatchSerializer, PreflightSerializer
from registrations.api.permissions import acting, own_meeting

PDF = {(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="A document.")}


class AnyAccept(DefaultContentNegotiation):
    """A document comes as PDF and its refusal as JSON, whatever the program says it accepts."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class NotReady(Refused):
    code = "not_ready"


def own_batches(request: Request, slug: str) -> QuerySet[Batch]:
    """The batches of the organizer's own meeting."""
    return Batch.objects.filter(meeting=own_meeting(request, slug)).in_brief()


class BatchViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Batch]
):
    """Files of badges and sign-in sheets, made by a worker."""

    queryset = Batch.objects.none()
    serializer_class = BatchSerializer

    def get_queryset(self) -> QuerySet[Batch]:
        return own_batches(self.request, self.kwargs["meeting"])

    @extend_schema(summary="List batches")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read a batch")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        request=BatchOrderSerializer, responses={202: BatchSerializer}, summary="Order a batch"
    )
    def create(self, request: Request, meeting: str) -> Response:
        """Have badges or sign-in sheets made. Follow the batch until its state is `done`."""
        asked = BatchOrderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        options = dict(asked.validated_data)
        batch = batches.order(
            meeting=own_meeting(request, meeting),
            kind=options.pop("kind"),
            options=options,
            at=timezone.now(),
            by=acting(request),
        )
        return Response(self.get_serializer(batch).data, status=status.HTTP_202_ACCEPTED)


class BatchFileView(APIView):
    """The document of a batch."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses=PDF, operation_id="badges_batches_file", summary="Take the file")
    def get(self, request: Request, meeting: str, pk: int) -> FileResponse:
        """409 `not_ready` until it is made; gone after `expires_at`."""
        batch = get_object_or_404(own_batches(request, meeting), pk=pk)
        if not batch.is_ready:
            raise NotReady(_("The file is not ready yet."), state=batch.state)
        return views.served(batch)


class PreflightView(APIView):
    """What to look at before badges are printed."""

    @extend_schema(
        responses=PreflightSerializer,
        operation_id="badges_preflight",
        summary="Check before printing",
    )
    def get(self, request: Request, meeting: str) -> Response:
        """Names that do not fit, letters no font has, names to be checked."""
        own = own_meeting(request, meeting)
        people = batches.in_full(batches.printable(own)).by_name()
        return Response(PreflightSerializer(preflight.check(own, people)).data)


class BadgeView(APIView):
    """One badge."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses=PDF, operation_id="badges_badge", summary="One badge")
    def get(self, request: Request, meeting: str, number: str) -> HttpResponse:
        """The badge of a confirmed participant as PDF, 90 × 55 mm."""
        people = batches.in_full(batches.printable(own_meeting(request, meeting)))
        return views.single(get_object_or_404(people.select_related("meeting"), number=number))
