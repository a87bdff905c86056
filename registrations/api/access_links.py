"""Links for helpers, issued, renewed and revoked by the organizers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from events import access
from events.models import AccessLink, Meeting, Purpose
from events.serializers import AccessLinkSerializer, NewAccessLinkSerializer
from registrations.api.permissions import acting, own_meeting

DESK_LINK_LASTS = timedelta(days=2)
PRESS_LINK_LASTS = timedelta(days=90)


class AccessLinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AccessLink]):
    """Links for helpers: a desk's, the press officer's."""

    serializer_class = AccessLinkSerializer
    lookup_value_converter = "int"
    queryset = AccessLink.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[AccessLink]:
        return AccessLink.objects.filter(meeting=own_meeting(self.request, self.kwargs["meeting"]))

    @extend_schema(
        request=NewAccessLinkSerializer,
        responses={201: AccessLinkSerializer},
        summary="Issue a link",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """A desk gets the next free number."""
        target = own_meeting(request, meeting)
        body = NewAccessLinkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = {"expires_at": _expiry(target, body.validated_data["purpose"])} | body.validated_data
        link = access.issue(meeting=target, at=timezone.now(), by=acting(request), **said)
        return Response(AccessLinkSerializer(link).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=AccessLinkSerializer, summary="Renew a link")
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, meeting: str, pk: int) -> Response:
        """Another address for the same purpose; the old one stops working at once."""
        link = self.get_object()
        expires_at = max(link.expires_at, _expiry(link.meeting, link.purpose))
        renewed = access.renew(
            link=link, expires_at=expires_at, at=timezone.now(), by=acting(request)
        )
        return Response(AccessLinkSerializer(renewed).data)

    @extend_schema(request=None, responses=AccessLinkSerializer, summary="Revoke a link")
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, meeting: str, pk: int) -> Response:
        """It stops working at once. Twice is harmless."""
        revoked = access.revoke(link=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(AccessLinkSerializer(revoked).data)


def _expiry(meeting: Meeting, purpose: str) -> datetime:
    return meeting.ends_at + (DESK_LINK_LASTS if purpose == Purpose.DESK else PRESS_LINK_LASTS)
