"""The lists for the pass desk, for programs. Routes are in config/api.py."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.models import Meeting
from registrations import closing, pass_lists
from registrations.api.permissions import acting, own_meeting
from registrations.models import PassList, lists_close
from reports import list_files, tables
from reports import pass_list_serializers as serializers
from reports.export_api import AnyRenderer
from reports.pass_list_serializers import PassListSerializer

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Of the list.")
UNTIL = OpenApiParameter("until", int, description="A later list; without it: now.")
FILE = {
    (200, "text/csv"): OpenApiTypes.BINARY,
    (200, tables.CONTENT_TYPES["xlsx"]): OpenApiTypes.BINARY,
    401: OpenApiResponse(description="A problem."),
}


class PassListViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PassList]):
    """Who was confirmed when the lists closed, and every list taken afterwards."""

    lookup_field = "number"
    lookup_value_converter = "int"
    serializer_class = PassListSerializer
    queryset = PassList.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[PassList]:
        return PassList.objects.of(own_meeting(self.request, self.kwargs["meeting"]))

    @extend_schema(
        request=serializers.NoteSerializer,
        responses={201: PassListSerializer},
        summary="Take what has changed as the next list",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """The lists have to be closed (`close`)."""
        body = serializers.NoteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = closing.take(
            meeting=own_meeting(request, meeting),
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        return Response(PassListSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.CloseSerializer,
        responses={200: PassListSerializer, 201: PassListSerializer},
        summary="Close the lists",
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def close(self, request: Request, meeting: str) -> Response:
        """
        Participants and heads change nothing any more, nobody moves up from the waiting list
        by the program, and who is confirmed is kept as a list. Closed already: 200 with the
        last list.
        """
        body = serializers.CloseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made, is_new = closing.close(
            meeting=own_meeting(request, meeting),
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        answer = PassListSerializer(made).data
        return Response(answer, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    @extend_schema(
        request=serializers.ReopenSerializer,
        responses=serializers.ListsSerializer,
        summary="Open the lists again",
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def reopen(self, request: Request, meeting: str) -> Response:
        """Free seats go to whoever waits. The lists made so far stay."""
        body = serializers.ReopenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = timezone.now()
        opened = closing.reopen(
            meeting=own_meeting(request, meeting),
            at=at,
            by=acting(request),
            until=body.validated_data["until"],
        )
        closed = closing.is_closed(opened, at=at)
        return Response({"is_closed": closed, "closes_at": lists_close(opened)})

    @extend_schema(responses=serializers.FullPassListSerializer, summary="Read a list")
    def retrieve(self, request: Request, meeting: str, number: int) -> Response:
        """Everybody on it, by name, as printed then."""
        target, kept = self._two(meeting, number)
        found = pass_lists.before(kept)
        changes = {one.line.registration_id: one for one in (found.changes if found else [])}
        lines = [
            serializers.listed(line, changes.get(line.registration_id), target)
            for line in pass_lists.lines(kept)
        ]
        return Response(PassListSerializer(kept).data | {"lines": lines})

    @extend_schema(
        parameters=[UNTIL],
        responses=serializers.DifferenceSerializer,
        summary="Read what has changed since a list",
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def difference(self, request: Request, meeting: str, number: int) -> Response:
        """Until now, or until a later list; who comes instead of whom is named."""
        target, since = self._two(meeting, number)
        until = list_files.later(since, request.query_params.get("until", ""))
        found = pass_lists.difference(since, until=until)
        said = serializers.difference(found, meeting=target, since=since, until=until)
        return Response(said)

    def _two(self, slug: str, number: int) -> tuple[Meeting, PassList]:
        target = own_meeting(self.request, slug)
        return target, get_object_or_404(PassList.objects.of(target), number=number)


class FileView(APIView):
    """By POST, since taking personal data out of the house stands in the journal."""

    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer, AnyRenderer]
    form: str = "csv"


class PassListFileView(FileView):
    @extend_schema(
        request=None, parameters=[NUMBER], responses=FILE, summary="Take a list as a file"
    )
    def post(self, request: Request, meeting: str, number: int) -> HttpResponseBase:
        """Stands in the journal. No spreadsheet runs a cell of it."""
        target = own_meeting(request, meeting)
        return list_files.whole(
            get_object_or_404(PassList.objects.of(target), number=number),
            form=self.form,
            meeting=target,
            at=timezone.now(),
            by=acting(request),
        )


class DifferenceFileView(FileView):
    @extend_schema(
        request=None,
        parameters=[NUMBER, UNTIL],
        responses=FILE,
        summary="Take what has changed since a list as a file",
    )
    def post(self, request: Request, meeting: str, number: int) -> HttpResponseBase:
        """Stands in the journal. The columns are those of the lists."""
        target = own_meeting(request, meeting)
        since = get_object_or_404(PassList.objects.of(target), number=number)
        return list_files.amendment(
            since,
            until=list_files.later(since, request.query_params.get("until", "")),
            form=self.form,
            meeting=target,
            at=timezone.now(),
            by=acting(request),
        )
