"""Who gets how many seats: the meeting's own limit, and narrower ones."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registrations import convening, limits, waitlist
from registrations.api.permissions import acting, own_meeting
from registrations.limit_serializers import (
    AllLimitsSerializer,
    LimitSerializer,
    NarrowLimitSerializer,
    NextSerializer,
    SeatsMoreSerializer,
    SeatsSerializer,
)
from registrations.models import APART, Scope, SeatLimit, SeatLimitQuerySet

SCOPES = [scope.name.lower() for scope in Scope if scope not in (Scope.MEETING, *APART)]
SCOPE = OpenApiParameter("scope", str, OpenApiParameter.PATH, enum=SCOPES)
CODE = OpenApiParameter(
    "code", str, OpenApiParameter.PATH, description="Of the category, region, district; an id."
)


class SeatLimitsView(APIView):
    """The meeting's own limit, with all counters."""

    @extend_schema(responses=AllLimitsSerializer, summary="Read the seat counters")
    def get(self, request: Request, meeting: str) -> Response:
        """`limits` are the narrower ones: a participant needs a seat in all that apply."""
        target = own_meeting(request, meeting)
        shown = AllLimitsSerializer(target.seats, context={"limits": _narrow(target.pk)})
        return Response(shown.data)

    @extend_schema(request=SeatsSerializer, responses=AllLimitsSerializer, summary="Set the limit")
    def patch(self, request: Request, meeting: str) -> Response:
        """New seats go to those who wait, in order; they are told."""
        target = own_meeting(request, meeting)
        body = SeatsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        convening.set_seat_limit(
            meeting=target,
            seat_limit=body.validated_data["seat_limit"],
            at=timezone.now(),
            by=acting(request),
        )
        return self.get(request, meeting)


class WaitingListView(APIView):
    """
    Who would be confirmed, or offered a seat, were there seats more: a rehearsal that changes
    nothing.
    """

    @extend_schema(
        parameters=[OpenApiParameter("seats", int, description="How many more; default 5.")],
        responses=NextSerializer(many=True),
        summary="Rehearse the waiting list",
    )
    def get(self, request: Request, meeting: str) -> Response:
        """
        In order, by the meeting's rule (`waiting_policy`) and all limits. Nobody once the lists
        are closed: then the organizer moves people up.
        """
        target = own_meeting(request, meeting)
        asked = SeatsMoreSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = waitlist.rehearse(
            meeting=target, seats_more=asked.validated_data["seats"], at=timezone.now()
        )
        return Response(NextSerializer(found, many=True).data)


class SeatLimitView(APIView):
    """One narrow limit: of a category, a region, a district, an organization."""

    @extend_schema(
        parameters=[SCOPE, CODE],
        request=LimitSerializer,
        responses=NarrowLimitSerializer,
        summary="Set a narrow limit",
    )
    def put(self, request: Request, meeting: str, scope: str, code: str) -> Response:
        """Whoever is confirmed already takes a seat of it; more seats go to those who wait."""
        target = own_meeting(request, meeting)
        body = LimitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = limits.change(
            meeting=target,
            target=limits.find(target, scope=scope, code=code),
            wish=limits.Wish(**body.validated_data),
            at=timezone.now(),
            by=acting(request),
        )
        return Response(NarrowLimitSerializer(_narrow(target.pk).get(pk=changed.pk)).data)

    @extend_schema(parameters=[SCOPE, CODE], responses={204: None}, summary="Remove a narrow limit")
    def delete(self, request: Request, meeting: str, scope: str, code: str) -> Response:
        """Twice is harmless."""
        target = own_meeting(request, meeting)
        limits.remove(
            meeting=target,
            target=limits.find(target, scope=scope, code=code),
            at=timezone.now(),
            by=acting(request),
        )
        return Response(status=204)


def _narrow(meeting_id: int) -> SeatLimitQuerySet:
    rows = SeatLimit.objects.filter(meeting=meeting_id).narrow()
    return rows.select_related("category", "region", "group", "organization").in_order()
