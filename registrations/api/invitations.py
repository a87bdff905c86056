"""Invitations, as organizers make them and write to the people invited."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preconditions
from events.models import Category, Meeting
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.forms import open_categories
from registrations.invitation_serializers import (
    InvitationSerializer,
    NewInvitationsSerializer,
    WrittenSerializer,
)
from registrations.invitations import sending
from registrations.invitations.sending import Wish
from registrations.models import Invitation


class InvitationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Invitation]
):
    """Who was asked to come, on what terms, and what was answered."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[Invitation]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        related = ("meeting", "region", "category", "registration")
        found = Invitation.objects.filter(meeting=meeting, erased_at=None)
        return found.select_related(*related).order_by("pk")

    @extend_schema(
        request=NewInvitationsSerializer,
        responses={201: InvitationSerializer(many=True)},
        summary="Invite people",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """
        All of them, or none: a refusal says which `row`, from 1. They are written to with
        `send`.
        """
        target = own_meeting(request, meeting)
        body = NewInvitationsSerializer(data=request.data, context=_context(target))
        body.is_valid(raise_exception=True)
        usual = open_categories(target)[0]
        made = sending.invite_many(
            meeting=target,
            wishes=[_wish(said, target, usual) for said in body.validated_data["invitations"]],
            at=timezone.now(),
            by=acting(request),
        )
        found = self.get_queryset().filter(pk__in=[one.pk for one in made])
        return Response(InvitationSerializer(found, many=True).data, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=InvitationSerializer(partial=True),
        responses=InvitationSerializer,
        summary="Change an invitation",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """Another `email` makes a new `url`, to be sent: whoever had the old one is out."""
        invitation = self.get_object()
        body = InvitationSerializer(
            invitation, data=request.data, partial=True, context=_context(invitation.meeting)
        )
        body.is_valid(raise_exception=True)
        known: dict[str, Any] = {field: getattr(invitation, field) for field in sending.FIELDS}
        sending.change(
            invitation=invitation,
            wish=Wish(**known | dict(body.validated_data)),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()

    @extend_schema(request=None, responses=InvitationSerializer, summary="Take an invitation back")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, meeting: str, uid: str) -> Response:
        """Its link says so. Not once it was accepted: cancel the registration then."""
        sending.withdraw(invitation=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    @extend_schema(request=None, responses=InvitationSerializer, summary="Make a new link")
    @action(detail=True, methods=["post"], url_path="renew-link")
    def renew_link(self, request: Request, meeting: str, uid: str) -> Response:
        """The old `url` stops working at once; the new one has to be sent."""
        sending.renew_link(invitation=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    @extend_schema(
        request=WrittenSerializer, responses=WrittenSerializer, summary="Send invitations"
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def send(self, request: Request, meeting: str) -> Response:
        """To whom it was not sent yet; those who answered are passed by."""
        return self._write(request, sending.send)

    @extend_schema(
        request=WrittenSerializer, responses=WrittenSerializer, summary="Remind of invitations"
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def remind(self, request: Request, meeting: str) -> Response:
        """Once each: those who were written to and have not answered."""
        return self._write(request, sending.remind)

    def _write(self, request: Request, act: Any) -> Response:
        body = WrittenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = self.get_queryset()
        if "invitations" in body.validated_data:
            chosen = chosen.filter(uid__in=body.validated_data["invitations"])
        written = act(
            meeting=own_meeting(request, self.kwargs["meeting"]),
            invitations=chosen,
            at=timezone.now(),
            by=acting(request),
        )
        return Response({"written": written})

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    def current(self) -> Response:
        """The invitation as it is now, with its ETag."""
        invitation = self.get_object()
        response = Response(InvitationSerializer(invitation).data)
        response["ETag"] = preconditions.etag(invitation.version)
        return response


def _context(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting, "as_organizer": True}


def _wish(said: dict[str, Any], meeting: Meeting, usual: Category) -> Wish:
    """What was sent, with the rest as usual."""
    known: dict[str, Any] = {"language": meeting.language[:2], "category": usual}
    return Wish(**known | dict(said))
