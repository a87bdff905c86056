"""Two registrations of one person become one, through the API of organizers."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from attendance import merging as use_case
from registrations import merging
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.api.registrations import NUMBER
from registrations.models import Registration
from registrations.serializers import RegistrationSerializer


class MergeSerializer(serializers.Serializer[Any]):
    """Which registration is merged into this one, and what of it is right."""

    other = serializers.CharField(max_length=7, help_text="Number: seven digits.")
    take = serializers.MultipleChoiceField(
        choices=list(merging.PARTS), default=set(), help_text="What the other one says better."
    )
    other_version = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="The other one as you read it; refused when it was changed since.",
    )


class MergeView(APIView):
    """Registered twice: one of two registrations stays."""

    @extend_schema(
        operation_id="registrations_merge",
        parameters=[NUMBER, IF_MATCH],
        request=MergeSerializer,
        responses=RegistrationSerializer,
        summary="Merge another registration of the same person into this one",
    )
    def post(self, request: Request, meeting: str, number: str) -> Response:
        """
        The other one is cancelled; its link, number and ticket code mean this one from then on.
        This one has the better of both places; a seat too many goes to whoever is next. The
        person is told only if the status changes. It cannot be undone.
        """
        people = Registration.objects.filter(meeting=own_meeting(request, meeting))
        kept = get_object_or_404(people, number=number)
        body = MergeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        kept = use_case.merge(
            kept=kept,
            other=get_object_or_404(people, number=said["other"]),
            taken=said["take"],
            version=preconditions.version_of(request),
            other_version=said.get("other_version"),
            at=timezone.now(),
            by=acting(request),
        )
        shown = people.select_related("category", "region", "delegation", "replaces")
        response = Response(RegistrationSerializer(shown.get(pk=kept.pk)).data)
        response["ETag"] = preconditions.etag(kept.version)
        return response
