"""Sessions: read by everybody, planned by organizers, chosen by or for participants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from events.models import Meeting, Session
from registrations.api.meetings import IF_MATCH
from registrations.api.mine import MineView
from registrations.api.permissions import acting, own_meeting, own_meetings
from registrations.models import Registration
from registrations.session_serializers import (
    ChoiceSerializer,
    InsteadSerializer,
    SessionChangesSerializer,
    SessionSerializer,
)
from registrations.sessions import choosing, planning

RELEASES = OpenApiParameter(
    "releases", bool, description="Also a session that people have chosen; they are told."
)
READING = ("list", "retrieve")


class SessionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Session]
):
    """The sessions of a meeting, in the order of the programme."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = SessionSerializer
    pagination_class = None
    queryset = Session.objects.none()  # for the schema alone

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.action in READING else IsAuthenticated()]

    @cached_property
    def own(self) -> Meeting | None:
        """The meeting, where whoever asks organizes it."""
        return own_meetings(self.request).filter(slug=self.kwargs["meeting"]).first()

    def get_queryset(self) -> QuerySet[Session]:
        if self.action in READING and self.own is None:
            meeting = get_object_or_404(Meeting.objects.public(), slug=self.kwargs["meeting"])
        else:
            meeting = self.own or own_meeting(self.request, self.kwargs["meeting"])
        found = Session.objects.filter(meeting=meeting)
        return found.select_related("meeting", "places").in_order()

    def get_serializer_context(self) -> dict[str, Any]:
        schema = getattr(self, "swagger_fake_view", False)
        as_organizer = not schema and self.own is not None
        return {**super().get_serializer_context(), "as_organizer": as_organizer}

    @extend_schema(summary="List the sessions")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everybody may read those of a published meeting."""
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read a session")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    @extend_schema(
        request=SessionSerializer, responses={201: SessionSerializer}, summary="Add a session"
    )
    def create(self, request: Request, meeting: str) -> Response:
        target = own_meeting(request, meeting)
        body = SessionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = planning.add(
            meeting=target,
            wish=planning.Wish(**_said(body.validated_data)),
            at=timezone.now(),
            by=acting(request),
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=SessionChangesSerializer(partial=True),
        responses=SessionSerializer,
        summary="Change a session",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """Whoever has chosen it is told of another time or room."""
        session = self.get_object()
        body = SessionChangesSerializer(session, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        said = _said(body.validated_data)
        releases = said.pop("releases", False)
        known: dict[str, Any] = {field: getattr(session, field) for field in planning.FIELDS}
        known |= {
            "capacity": session.places.seat_limit,
            "shows_left": session.places.shows_left,
        }
        planning.change(
            session=session,
            wish=planning.Wish(**known | said),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
            releases=releases,
        )
        return self.current()

    @extend_schema(parameters=[RELEASES], responses={204: None}, summary="Delete a session")
    def destroy(self, request: Request, meeting: str, uid: str) -> Response:
        """One that people have chosen only with `releases=true`."""
        planning.remove(
            session=self.get_object(),
            at=timezone.now(),
            by=acting(request),
            releases=request.query_params.get("releases", "").lower() in ("1", "true", "yes"),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def current(self) -> Response:
        """The session as it is now, with its ETag."""
        return self.answer(self.get_object())

    def answer(self, session: Session, code: int = status.HTTP_200_OK) -> Response:
        shown = SessionSerializer(session, context=self.get_serializer_context())
        response = Response(shown.data, status=code)
        response["ETag"] = preconditions.etag(session.version)
        return response


class MySessionsView(MineView):
    @extend_schema(
        operation_id="my_sessions_list",
        responses=ChoiceSerializer(many=True),
        summary="List the sessions and my choice",
    )
    def get(self, request: Request) -> Response:
        return _choices(self.registration)


class MySessionView(MineView):
    @extend_schema(
        operation_id="my_sessions_choose",
        request=InsteadSerializer,
        responses=ChoiceSerializer(many=True),
        summary="Choose a session",
    )
    def put(self, request: Request, uid: UUID) -> Response:
        """
        Takes a place, giving back those of `instead_of`: all of it or nothing. Possible for the
        confirmed, until the lists are closed. Twice is harmless.
        """
        registration = self.registration
        choosing.book(
            **self.common,
            session=_session(registration.meeting_id, uid),
            instead_of=_instead_of(request, registration.meeting_id),
        )
        return _choices(registration)

    @extend_schema(
        operation_id="my_sessions_give_back",
        request=None,
        responses={204: None},
        summary="Give a session up",
    )
    def delete(self, request: Request, uid: UUID) -> Response:
        """Twice is harmless."""
        session = _session(self.registration.meeting_id, uid)
        choosing.give_back(**self.common, session=session)
        return Response(status=204)


class ParticipantSessionsView(APIView):
    """What somebody on the list has chosen."""

    @extend_schema(responses=ChoiceSerializer(many=True), summary="List a participant’s sessions")
    def get(self, request: Request, meeting: str, number: str) -> Response:
        return _choices(_participant(request, meeting, number), as_organizer=True)


class ParticipantSessionView(APIView):
    """A session chosen for somebody on the list, also after the lists were closed."""

    @extend_schema(
        request=InsteadSerializer,
        responses=ChoiceSerializer(many=True),
        summary="Choose a session for a participant",
    )
    def put(self, request: Request, meeting: str, number: str, uid: UUID) -> Response:
        """Within the session's limit. Twice is harmless."""
        registration = _participant(request, meeting, number)
        choosing.book(
            registration=registration,
            session=_session(registration.meeting_id, uid),
            instead_of=_instead_of(request, registration.meeting_id),
            at=timezone.now(),
            by=acting(request),
            as_organizer=True,
        )
        return _choices(registration, as_organizer=True)

    @extend_schema(request=None, responses={204: None}, summary="Give a participant’s session up")
    def delete(self, request: Request, meeting: str, number: str, uid: UUID) -> Response:
        """Twice is harmless."""
        registration = _participant(request, meeting, number)
        choosing.give_back(
            registration=registration,
            session=_session(registration.meeting_id, uid),
            at=timezone.now(),
            by=acting(request),
            as_organizer=True,
        )
        return Response(status=204)


def _choices(registration: Registration, *, as_organizer: bool = False) -> Response:
    options = choosing.options(registration)
    context = {"as_organizer": as_organizer}
    return Response(ChoiceSerializer(options, many=True, context=context).data)


def _participant(request: Request, meeting: str, number: str) -> Registration:
    target = own_meeting(request, meeting)
    people = Registration.objects.filter(meeting=target, erased_at=None)
    return get_object_or_404(people, number=number)


def _session(meeting_id: int, uid: UUID) -> Session:
    return get_object_or_404(Session, meeting=meeting_id, uid=uid)


def _instead_of(request: Request, meeting_id: int) -> list[Session]:
    body = InsteadSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = set(body.validated_data["instead_of"])
    found = list(Session.objects.filter(meeting=meeting_id, uid__in=asked)) if asked else []
    if len(found) < len(asked):
        raise serializers.ValidationError({"instead_of": _("There is no such session.")})
    return found


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as a wish has it."""
    said = dict(data)
    places = said.pop("places", {})
    if "seat_limit" in places:
        said["capacity"] = places["seat_limit"]
    if "shows_left" in places:
        said["shows_left"] = places["shows_left"]
    return said
