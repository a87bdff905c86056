"""The head's own delegation, opened by the token of the head's link."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import visitor
from registrations import amending, substituting
from registrations.delegation_serializers import (
    MemberSerializer,
    MyDelegationSerializer,
    MySubstituteSerializer,
    NewMembersSerializer,
    RoleSerializer,
    WishAnswerSerializer,
)
from registrations.delegations import keys, naming, roll, wishes
from registrations.intake import Application, Evidence
from registrations.models import ConsentDocument, Delegation, Registration
from registrations.serializers import AddressSerializer

NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH, description="Seven digits.")


class DelegationLinkAuthentication(BaseAuthentication):
    """`Authorization: Delegation <token>`: the last part of the head's link."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Delegation] | None:
        header = get_authorization_header(request).decode("latin-1")
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "delegation":
            return None
        try:
            return AnonymousUser(), keys.find(token.strip())
        except keys.LinkUnknown as unknown:
            raise AuthenticationFailed(str(unknown)) from None

    def authenticate_header(self, request: Request) -> str:
        return 'Delegation realm="my-delegation"'


class WithLink(BasePermission):
    """Whoever holds the head's link, and nobody else."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Delegation)


class HeadView(APIView):
    authentication_classes = [DelegationLinkAuthentication]
    permission_classes = [WithLink]

    @property
    def delegation(self) -> Delegation:
        return cast(Delegation, self.request.auth)

    @property
    def common(self) -> dict[str, Any]:
        return {"at": timezone.now(), "by": keys.head(self.delegation)}

    def member(self, number: str) -> Registration:
        """One of the delegation's own people; Http404 otherwise."""
        return get_object_or_404(self.delegation.people, number=number)

    def shown(self, registration: Registration) -> dict[str, Any]:
        """One of the people as the list has them."""
        [member] = roll.with_mails([registration])
        answer: dict[str, Any] = MemberSerializer(member).data
        return answer

    def application(self, said: dict[str, Any]) -> Application:
        """What was sent of a person; the rest is the delegation's."""
        delegation = self.delegation
        return Application(
            **said,
            region=delegation.region,
            category=delegation.category,
            language=delegation.language,
            submitted_by_name=delegation.head_name,
            delegation=delegation,
        )

    def agreed(self, *, agreed: bool) -> list[ConsentDocument]:
        documents = self.delegation.meeting.consent_documents.current()
        return list(documents) if agreed else []


class MyDelegationView(HeadView):
    @extend_schema(
        operation_id="my_delegation_retrieve",
        responses=MyDelegationSerializer,
        summary="Read my delegation",
    )
    def get(self, request: Request) -> Response:
        delegation = self.delegation
        shown = {
            field: getattr(delegation, field)
            for field in ("name", "meeting", "places", "deadline", "refused_at")
        }
        shown |= {
            "is_open": delegation.is_open(timezone.now()),
            "people": roll.members(delegation),
            "former": roll.former(delegation),
            "wishes": wishes.waiting(delegation),
        }
        return Response(MyDelegationSerializer(shown).data)


class MyPeopleView(HeadView):
    @extend_schema(
        operation_id="my_delegation_name",
        request=NewMembersSerializer,
        responses={201: MemberSerializer(many=True)},
        summary="Name people",
    )
    def post(self, request: Request) -> Response:
        """All of them are put on the list, or none: a refusal says which `row`, from 1."""
        body = NewMembersSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = visitor.address(request)
        named = naming.name_people(
            delegation=self.delegation,
            applications=[self.application(dict(one)) for one in body.validated_data["people"]],
            consents=self.agreed(agreed=body.validated_data["agreed"]),
            evidence=Evidence(ip_address=address or None, user_agent=visitor.user_agent(request)),
            **self.common,
        )
        return Response(
            MemberSerializer(roll.with_mails(named), many=True).data, status.HTTP_201_CREATED
        )


class MyMemberView(HeadView):
    @extend_schema(
        operation_id="my_delegation_mark",
        parameters=[NUMBER],
        request=RoleSerializer,
        responses=MemberSerializer,
        summary="Say what somebody is in the delegation",
    )
    def patch(self, request: Request, number: str) -> Response:
        member = self.member(number)
        body = RoleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        marked = naming.mark(
            delegation=self.delegation,
            registration=member,
            role=body.validated_data["delegation_role"],
            **self.common,
        )
        return Response(self.shown(marked))

    @extend_schema(
        operation_id="my_delegation_remove",
        parameters=[NUMBER],
        responses={204: None},
        summary="Take somebody off the list",
    )
    def delete(self, request: Request, number: str) -> Response:
        """The seat goes to whoever waits; the person is told. Twice is harmless."""
        naming.remove(delegation=self.delegation, registration=self.member(number), **self.common)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MySubstituteView(HeadView):
    @extend_schema(
        operation_id="my_delegation_substitute",
        parameters=[NUMBER],
        request=MySubstituteSerializer,
        responses={201: MemberSerializer},
        summary="Replace somebody",
    )
    def post(self, request: Request, number: str) -> Response:
        """
        The seat goes over at once; both are told, and the head gets a copy. Organization,
        position and role stay as they are when they are left out.
        """
        leaver = self.member(number)
        body = MySubstituteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        delegation = self.delegation
        kept = ("organization", "position", "delegation_role")
        said = {field: getattr(leaver, field) for field in kept} | dict(body.validated_data)
        agreed = self.agreed(agreed=said.pop("agreed"))
        copy_to = (delegation.head_email, keys.head_named(delegation))
        newcomer = substituting.substitute(
            registration=leaver,
            application=self.application(said),
            consents=agreed,
            head=keys.head_named(delegation),
            copy_to=copy_to if delegation.head_email else None,
            **self.common,
        )
        return Response(self.shown(newcomer), status.HTTP_201_CREATED)


class MyAddressView(HeadView):
    @extend_schema(
        operation_id="my_delegation_address",
        parameters=[NUMBER],
        request=AddressSerializer,
        responses=MemberSerializer,
        summary="Correct somebody's e-mail",
    )
    def post(self, request: Request, number: str) -> Response:
        """The answer goes out again; the link in the old mails stops working."""
        member = self.member(number)
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        naming.refuse_unless_open(self.delegation, at=self.common["at"])
        corrected = amending.correct_address(
            registration=member, email=body.validated_data["email"], **self.common
        )
        return Response(self.shown(corrected))


class MyWishView(HeadView):
    @extend_schema(
        operation_id="my_delegation_answer",
        parameters=[NUMBER],
        request=WishAnswerSerializer,
        responses={204: None},
        summary="Say whether somebody comes with the delegation",
    )
    def post(self, request: Request, number: str) -> Response:
        """
        approve: on the list, within the quota, and on to the organizer. reject: declined, and
        told so. The organizer may decide otherwise at any time.
        """
        body = WishAnswerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        asked = Registration.objects.filter(meeting=self.delegation.meeting_id)
        common = self.common | {
            "delegation": self.delegation,
            "registration": get_object_or_404(asked, number=number),
        }
        if said.pop("answer") == "approve":
            wishes.approve(**common)
        else:
            wishes.reject(**common, **said)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyRefusalView(HeadView):
    @extend_schema(
        operation_id="my_delegation_refuse",
        request=None,
        responses={204: None},
        summary="Say that nobody comes",
    )
    def post(self, request: Request) -> Response:
        """Naming somebody takes it back."""
        naming.refuse(delegation=self.delegation, **self.common)
        return Response(status=status.HTTP_204_NO_CONTENT)
