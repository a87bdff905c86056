"""The invited person's own invitation, opened by the token of its link."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import visitor
from registrations import full_names, waitlist
from registrations.api.registrations import KEY, booked, claim_of
from registrations.intake import Application, Evidence
from registrations.invitation_serializers import (
    AcceptSerializer,
    DeclineSerializer,
    MyInvitationSerializer,
    PassOnSerializer,
)
from registrations.invitations import answering, keys
from registrations.models import Invitation
from registrations.serializers import BookedSerializer


class InvitationLinkAuthentication(BaseAuthentication):
    """`Authorization: Invitation <token>`: the part of the link behind /i/."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Invitation] | None:
        header = get_authorization_header(request).decode("latin-1")
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "invitation":
            return None
        try:
            return AnonymousUser(), keys.find(token.strip())
        except keys.LinkUnknown as unknown:
            raise AuthenticationFailed(str(unknown)) from None

    def authenticate_header(self, request: Request) -> str:
        return 'Invitation realm="my-invitation"'


class WithLink(BasePermission):
    """Whoever holds the invitation's link, and nobody else."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Invitation)


class InvitedView(APIView):
    authentication_classes = [InvitationLinkAuthentication]
    permission_classes = [WithLink]

    @property
    def invitation(self) -> Invitation:
        return cast(Invitation, self.request.auth)

    @property
    def common(self) -> dict[str, Any]:
        return {
            "invitation": self.invitation,
            "at": timezone.now(),
            "by": keys.invited(self.invitation),
        }


class MyInvitationView(InvitedView):
    @extend_schema(
        operation_id="my_invitation_retrieve",
        responses=MyInvitationSerializer,
        summary="Read my invitation",
    )
    def get(self, request: Request) -> Response:
        return Response(MyInvitationSerializer(self.invitation).data)


class MyAcceptView(InvitedView):
    @extend_schema(
        operation_id="my_invitation_accept",
        parameters=[KEY],
        request=AcceptSerializer,
        responses={201: BookedSerializer},
        summary="Accept my invitation",
    )
    def post(self, request: Request) -> Response:
        """
        Registers the invited person, once, also while registration is not open to everybody.
        """
        invitation = self.invitation
        body = AcceptSerializer(data=request.data, context={"meeting": invitation.meeting})
        body.is_valid(raise_exception=True)
        said: dict[str, Any] = {"email": invitation.email} | dict(body.validated_data)
        address = visitor.address(request)
        accepted = answering.accept(
            consents=said.pop("consents"),
            application=Application(**said | {"category": invitation.category}),
            evidence=Evidence(ip_address=address or None, user_agent=visitor.user_agent(request)),
            claim=claim_of(request, f"api:invitation:{invitation.pk}"),
            **self.common,
        )
        place = waitlist.place(accepted.registration)
        return booked(accepted.registration, waiting_position=place.position if place else None)


class MyDeclineView(InvitedView):
    @extend_schema(
        operation_id="my_invitation_decline",
        request=DeclineSerializer,
        responses={204: None},
        summary="Decline my invitation",
    )
    def post(self, request: Request) -> Response:
        """Accepting takes it back, as long as the invitation is open."""
        body = DeclineSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        answering.decline(why=body.validated_data["note"], **self.common)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyColleagueView(InvitedView):
    @extend_schema(
        operation_id="my_invitation_pass_on",
        request=PassOnSerializer,
        responses={204: None},
        summary="Send a colleague instead",
    )
    def post(self, request: Request) -> Response:
        """The colleague is written to; the token that was used opens nothing any more."""
        body = PassOnSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        name = full_names.join(said["family_name"], said["given_name"], said["patronymic"])
        answering.pass_on(name=name[:250], email=said["email"], **self.common)
        return Response(status=status.HTTP_204_NO_CONTENT)
