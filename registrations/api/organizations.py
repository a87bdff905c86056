"""The organizations behind a meeting: as typed, as merged, and which may be the same."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.models import Meeting
from registrations import organizations, spellings
from registrations.api.permissions import acting, own_meeting
from registrations.organization_serializers import (
    DirectorySerializer,
    JoinSerializer,
    MergeSpellingsSerializer,
    OrganizationSerializer,
    SeparateSerializer,
)

ID = OpenApiParameter("id", int, OpenApiParameter.PATH)


class OrganizationsView(APIView):
    """All of them, and merging."""

    @extend_schema(responses=DirectorySerializer, summary="Read the organizations")
    def get(self, request: Request, meeting: str) -> Response:
        """`alike` are spellings that may be one: look at them before you merge."""
        merged, single = spellings.listed(own_meeting(request, meeting))
        found = {
            "organizations": merged,
            "spellings": single,
            "alike": spellings.alike(merged, single),
        }
        return Response(DirectorySerializer(found).data)

    @extend_schema(
        request=MergeSpellingsSerializer,
        responses={201: OrganizationSerializer},
        summary="Merge spellings into one organization",
    )
    def post(self, request: Request, meeting: str) -> Response:
        """
        They count as one from now on, also for whoever types one of them later. What people
        typed stays with their registrations.
        """
        target = own_meeting(request, meeting)
        body = MergeSpellingsSerializer(data=request.data, context={"meeting": target})
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        made = organizations.merge(
            meeting=target,
            keys=said.pop("spellings"),
            at=timezone.now(),
            by=acting(request),
            **said,
        )
        return Response(_shown(target, made.pk), status.HTTP_201_CREATED)


class OrganizationView(APIView):
    @extend_schema(
        operation_id="meetings_organizations_partial_update",
        parameters=[ID],
        request=JoinSerializer,
        responses=OrganizationSerializer,
        summary="Rename an organization, or let spellings join it",
    )
    def patch(self, request: Request, meeting: str, id: int) -> Response:
        """Its limit of seats is followed at once."""
        target = own_meeting(request, meeting)
        found = get_object_or_404(target.organizations, pk=id)
        body = JoinSerializer(data=request.data, context={"meeting": target})
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        organizations.merge(
            meeting=target,
            organization=found,
            keys=said["spellings"],
            name=said.get("name", found.name),
            short_name=said.get("short_name", found.short_name),
            region=said.get("region", found.region),
            is_member=said.get("is_member"),
            at=timezone.now(),
            by=acting(request),
        )
        return Response(_shown(target, found.pk))


class SeparateView(APIView):
    @extend_schema(
        operation_id="meetings_organizations_separate",
        request=SeparateSerializer,
        responses={204: None},
        summary="Let a spelling stand for itself again",
    )
    def post(self, request: Request, meeting: str) -> Response:
        """Twice is harmless. An organization without spellings is gone, with its limit."""
        target = own_meeting(request, meeting)
        body = SeparateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        key = body.validated_data["spelling"]
        organizations.separate(meeting=target, key=key, at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(meeting: Meeting, pk: int) -> dict[str, Any]:
    merged, _single = spellings.listed(meeting)
    [one] = [one for one in merged if one.organization.pk == pk]
    answer: dict[str, Any] = OrganizationSerializer(one).data
    return answer
