"""People from a table: all of them on the list, or none."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registrations import importing
from registrations.api.permissions import acting, own_meeting
from registrations.forms import open_categories
from registrations.intake import Application
from registrations.serializers import DetailsSerializer, LineField, RegistrationSerializer

MOST_AT_ONCE = 200


class BroughtSerializer(DetailsSerializer):
    """A row: only a name is needed; what is left out is empty, the category as usual."""

    email = serializers.EmailField(max_length=254, required=False)
    organization = LineField(max_length=300, required=False, allow_blank=True)


class ImportSerializer(serializers.Serializer[Any]):
    """People, in the order in which they take seats."""

    people = BroughtSerializer(  # type: ignore[call-arg]  # the list takes max_length
        many=True, allow_empty=False, max_length=MOST_AT_ONCE
    )
    skips_review = serializers.BooleanField(
        default=True, help_text="They are approved already, where the organizer approves."
    )
    is_told = serializers.BooleanField(default=True, help_text="Each gets the usual letter.")


class ImportsView(APIView):
    @extend_schema(
        request=ImportSerializer,
        responses={201: RegistrationSerializer(many=True)},
        summary="Put people on the list",
    )
    def post(self, request: Request, meeting: str) -> Response:
        """All of them, or none: a refusal says which `row`, from 1."""
        target = own_meeting(request, meeting)
        context = {"meeting": target, "as_organizer": True}
        body = ImportSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        usual: dict[str, Any] = {
            "category": open_categories(target)[0],
            "language": target.language[:2],
        }
        rows = [Application(**usual | dict(one)) for one in body.validated_data["people"]]
        brought = importing.bring(
            meeting=target,
            applications=rows,
            skips_review=body.validated_data["skips_review"],
            is_told=body.validated_data["is_told"],
            at=timezone.now(),
            by=acting(request),
        )
        return Response(RegistrationSerializer(brought, many=True).data, status.HTTP_201_CREATED)
