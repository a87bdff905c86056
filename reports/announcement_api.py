"""Messages to many, for programs. Routes are in config/api.py."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preconditions
from accounts.models import User
from config import uploads
from config.parsing import JSONParser
from registrations import announcement_files, announcement_reach, announcing, mail_preview
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.api.registrations import KEY, claim_of
from registrations.models import Announcement, AnnouncementFile
from registrations.models.announcements import MOST_BYTES
from reports import announcement_serializers as serializers
from reports import deliveries, recipients
from reports.announcement_serializers import AnnouncementSerializer, WatchedSerializer

FILE = OpenApiParameter("file", str, OpenApiParameter.PATH, description="Its uid.")


class AnnouncementViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]
):
    """Messages to many participants: draft, send, take back, follow."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()  # for the schema alone
    parser_classes = (JSONParser, MultiPartParser)

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Of all doors here only `files` takes one: said before the body is read."""
        if request.method == "POST" and self.action_map.get("post") == "files":
            uploads.accept_one_file(request, field="file", most=MOST_BYTES)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Announcement]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        files = AnnouncementFile.objects.defer("content")
        found = Announcement.objects.filter(meeting=meeting).select_related("meeting")
        return found.prefetch_related(Prefetch("files", files)).newest_first()

    @extend_schema(summary="List messages to many")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=WatchedSerializer, summary="Read a message to many")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With what became of its letters."""
        return self.current()

    @extend_schema(
        parameters=[KEY],
        request=AnnouncementSerializer,
        responses={201: AnnouncementSerializer},
        summary="Draft a message to many",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """It is not sent yet."""
        target = own_meeting(request, meeting)
        body = AnnouncementSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        recipients.asked(target, body.wish.criteria)
        made = announcing.draft(
            meeting=target,
            wish=body.wish,
            at=timezone.now(),
            by=acting(request),
            claim=claim_of(request, f"api:announcement:{target.pk}"),
        )
        return Response(AnnouncementSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=AnnouncementSerializer(partial=True),
        responses=WatchedSerializer,
        summary="Change a draft",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """What is left out stays as it is; `words` and `criteria` are replaced as a whole."""
        found = self.get_object()
        version = preconditions.version_of(request)
        body = AnnouncementSerializer(found, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        recipients.asked(found.meeting, body.wish.criteria)
        announcing.change(
            announcement=found, wish=body.wish, version=version, at=timezone.now(),
            by=acting(request),
        )  # fmt: skip
        return self.current()

    @extend_schema(responses={204: None}, summary="Throw a draft away")
    def destroy(self, request: Request, meeting: str, uid: str) -> Response:
        announcing.discard(announcement=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=serializers.ReachSerializer, summary="See whom a draft would reach")
    @action(detail=True, methods=["get"], pagination_class=None)
    def reach(self, request: Request, meeting: str, uid: str) -> Response:
        """If it was sent now; nothing is."""
        found = self.get_object()
        people = recipients.people(found.meeting, found.criteria)
        counted = announcement_reach.reach(found, people, at=timezone.now())
        return Response(serializers.ReachSerializer(counted).data)

    @extend_schema(
        parameters=[IF_MATCH],
        request=None,
        responses={202: WatchedSerializer},
        summary="Send a message to many",
    )
    @action(detail=True, methods=["post"])
    def send(self, request: Request, meeting: str, uid: str) -> Response:
        """
        To whom its criteria mean now. Nothing leaves for a minute (`leaves_at`); a worker
        writes the letters. Sent already: the same answer, and nobody is written to twice.
        """
        found = self.get_object()
        announcing.send(
            announcement=found,
            people=recipients.people(found.meeting, found.criteria),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        answer = self.current()
        answer.status_code = status.HTTP_202_ACCEPTED
        return answer

    @extend_schema(
        request=serializers.TrialSerializer, responses={204: None},
        summary="Send oneself a message to many on trial",
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def trial(self, request: Request, meeting: str, uid: str) -> Response:
        """
        The message as it is kept, with its files, to the address of whoever asks, made out to
        somebody invented.
        """
        body = serializers.TrialSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = self.get_object()
        mail_preview.send_announcement_trial(
            found,
            language=body.validated_data.get("language") or found.meeting.language[:2],
            to=cast(User, request.user),
            at=timezone.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=WatchedSerializer, summary="Take a message back")
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, meeting: str, uid: str) -> Response:
        """Stops every letter that has not left yet. Twice is harmless."""
        announcing.take_back(announcement=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    @extend_schema(
        responses=serializers.RecipientSerializer(many=True),
        summary="List what became of a message for each",
    )
    @action(detail=True, methods=["get"])
    def recipients(self, request: Request, meeting: str, uid: str) -> Response:
        """Everybody it was meant for when it was sent."""
        found = self.get_object()
        rows = found.recipients.select_related("registration")
        assert self.paginator is not None, "every list of the API comes in pages"
        page = self.paginator.paginate_queryset(rows, request, view=self)
        told = deliveries.lines(found, list(page or []))
        return self.get_paginated_response(serializers.RecipientSerializer(told, many=True).data)

    @extend_schema(
        request={"multipart/form-data": serializers.AttachSerializer},
        responses={201: serializers.EnclosedFileSerializer},
        summary="Attach a file to a draft",
    )
    @action(detail=True, methods=["post"])
    def files(self, request: Request, meeting: str, uid: str) -> Response:
        """One file; one of the same name is replaced."""
        found = self.get_object()
        body = serializers.AttachSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        if file.size > MOST_BYTES:
            raise announcement_files.too_large()
        kept = announcing.attach(
            announcement=found, name=str(file.name), content=file.read(), at=timezone.now(),
            by=acting(request),
        )  # fmt: skip
        return Response(serializers.EnclosedFileSerializer(kept).data, status.HTTP_201_CREATED)

    @extend_schema(parameters=[FILE], responses={204: None}, summary="Remove a file from a draft")
    @action(detail=True, methods=["delete"], url_path="files/<uuid:file>")
    def remove_file(self, request: Request, meeting: str, uid: str, file: str) -> Response:
        """Twice is harmless."""
        announcing.detach(
            announcement=self.get_object(), file=file, at=timezone.now(), by=acting(request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def current(self) -> Response:
        """The message as it is now, with its ETag."""
        found = self.get_object()
        response = Response(WatchedSerializer(found).data)
        response["ETag"] = preconditions.etag(found.version)
        return response
