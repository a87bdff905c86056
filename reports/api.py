"""The figures' API: what the organizer's page shows, for programs. Routes are in config/api.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import journal
from accounts.models import User, Via
from events.models import Meeting
from reports import boards, freezing, headline, serializers, wording
from reports.models import Basis, FrozenFigure, Style


class FiguresView(APIView):
    """The headline of one meeting, its tables, and what was published. For its organizers."""

    @extend_schema(
        operation_id="figures_retrieve",
        parameters=[serializers.QuestionSerializer],
        responses=serializers.FiguresSerializer,
    )
    def get(self, request: Request, meeting: str) -> Response:
        """
        Count now. `basis` and `style` may be asked for; the answer says which it has.

        Who came is counted from the day of the meeting on, who is confirmed before.
        """
        own, at = _own(request, meeting), timezone.now()
        asked = serializers.QuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        basis = asked.validated_data.get("basis")
        if basis not in headline.bases(own, at=at):
            basis = headline.natural_basis(own, at=at)
        style = asked.validated_data["style"]
        return Response(_figures(own, basis=Basis(basis), style=style, at=at))

    @extend_schema(
        operation_id="figures_freeze",
        request=serializers.FreezeSerializer,
        responses={
            200: serializers.FrozenFigureSerializer,
            201: serializers.FrozenFigureSerializer,
        },
    )
    def post(self, request: Request, meeting: str) -> Response:
        """Keep the figure as published. The very same one is not kept twice (200)."""
        own = _own(request, meeting)
        asked = serializers.FreezeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        figure, is_new = freezing.freeze(
            meeting=own,
            at=timezone.now(),
            by=journal.organizer(cast(User, request.user), via=Via.API),
            **asked.validated_data,
        )
        return Response(
            serializers.FrozenFigureSerializer(figure).data,
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        )


def _own(request: Request, slug: str) -> Meeting:
    meetings = Meeting.objects.organized_by(request.user).select_related("region_set")
    return get_object_or_404(meetings, slug=slug)


def _figures(meeting: Meeting, *, basis: Basis, style: str, at: datetime) -> dict[str, Any]:
    lists = headline.lists(meeting)
    live = headline.count(lists=lists, basis=basis, at=at)
    style = style if style in wording.styles(live) else Style.EXACT
    return dict(
        serializers.FiguresSerializer(
            {
                "meeting": meeting.slug,
                "basis": basis,
                "style": style,
                "as_of": live.as_of,
                "time_zone": meeting.time_zone,
                "numbers": live.numbers(),
                "sentences": wording.sentences(live, meeting=meeting, style=style),
                "method": wording.method(live, lists=lists),
                "districts": boards.by_district(live, lists=lists),
                "categories": boards.by_category(live, lists=lists),
                "published": FrozenFigure.objects.of(meeting),
            }
        ).data
    )
