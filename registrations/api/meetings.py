"""Meetings: read by everybody once published, called and changed by their organizers."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts import preconditions
from accounts.models import User
from events.models import Meeting
from registrations import calling_off, convening
from registrations.api.permissions import acting, own_meetings
from registrations.meeting_serializers import (
    CallOffSerializer,
    MeetingChangesSerializer,
    MeetingLineSerializer,
    MeetingSerializer,
    NewMeetingSerializer,
    OwnMeetingSerializer,
)

OWN = OpenApiParameter("own", bool, description="Only the meetings of whoever asks.")
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag that was read."
)


class MeetingViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Meeting]):
    """What there is to attend. Drafts are seen by their organizers only."""

    lookup_field = "slug"
    lookup_value_converter = "slug"

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.action in ("list", "retrieve") else IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Meeting]:
        own = own_meetings(self.request)
        if self.action not in ("list", "retrieve") or _asks_for_own(self.request):
            return own.prefetch_related("hosts")
        public = Meeting.objects.public().select_related("region_set", "seats")
        return (
            (public | own if self.request.user.is_authenticated else public)
            .distinct()
            .prefetch_related("hosts")
        )

    def get_serializer_class(self) -> type[BaseSerializer[Meeting]]:
        return MeetingLineSerializer

    @extend_schema(parameters=[OWN], summary="List meetings")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=OwnMeetingSerializer, summary="Read a meeting")
    def retrieve(self, request: Request, slug: str) -> Response:
        """Organizers get more fields than others: seats, version, the link for online guests."""
        return self.answer(self.get_object())

    @extend_schema(
        request=NewMeetingSerializer,
        responses={201: OwnMeetingSerializer},
        summary="Draft a meeting",
    )
    def create(self, request: Request) -> Response:
        meeting = convening.draft(
            owner=cast(User, request.user),
            at=timezone.now(),
            by=acting(request),
            **self.read(NewMeetingSerializer),
        )
        return self.answer(meeting, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=MeetingChangesSerializer(partial=True),
        responses=OwnMeetingSerializer,
        summary="Change a meeting",
    )
    def partial_update(self, request: Request, slug: str) -> Response:
        """When time or place change after publishing, everybody on the list is told."""
        meeting = self.get_object()
        changes = self.read(MeetingChangesSerializer, meeting)
        beside = {name: changes.pop(name) for name in ("seat_limit", "hosts") if name in changes}
        changed = convening.change(
            meeting=meeting,
            changes=changes,
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
            **beside,
        )
        return self.answer(changed)

    @extend_schema(request=None, responses=OwnMeetingSerializer, summary="Publish a meeting")
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, slug: str) -> Response:
        """Opens its page to everybody. Twice is harmless; nobody is written to."""
        meeting = self.get_object()
        return self.answer(
            convening.publish(meeting=meeting, at=timezone.now(), by=acting(request))
        )

    @extend_schema(
        request=CallOffSerializer, responses=OwnMeetingSerializer, summary="Call a meeting off"
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, slug: str) -> Response:
        """Everybody on the list is told. Twice is harmless."""
        meeting = self.get_object()
        cancelled = calling_off.call_off(
            meeting=meeting, at=timezone.now(), by=acting(request), **self.read(CallOffSerializer)
        )
        return self.answer(cancelled)

    def read(self, shape: type[BaseSerializer[Any]], instance: Any = None) -> dict[str, Any]:
        """The checked body. With an instance, only what is said about it."""
        body = shape(
            instance,
            data=self.request.data,
            partial=instance is not None,
            context=self.get_serializer_context(),
        )
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        if "hosts" in said:
            said["hosts"] = [(host["name"], host.get("name_alt", "")) for host in said["hosts"]]
        return said

    def answer(self, meeting: Meeting, code: int = status.HTTP_200_OK) -> Response:
        """The meeting as whoever asks may see it, with its ETag."""
        meeting = Meeting.objects.select_related("region_set", "seats").get(pk=meeting.pk)
        is_own = own_meetings(self.request).filter(pk=meeting.pk).exists()
        context = {"page_url": settings.PUBLIC_URL + reverse("meeting", args=[meeting.slug])}
        shape = OwnMeetingSerializer if is_own else MeetingSerializer
        response = Response(shape(meeting, context=context).data, status=code)
        response["ETag"] = preconditions.etag(meeting.version)
        if code == status.HTTP_201_CREATED:
            response["Location"] = reverse("api-meeting-detail", args=[meeting.slug])
        return response

    def current(self) -> Response:
        """What is there now: goes with a 412, so that a client can merge."""
        return self.answer(self.get_object())


def _asks_for_own(request: Request) -> bool:
    return request.query_params.get("own", "").lower() in ("1", "true", "yes")
