"""Lists of regions that an organizer may choose from, and making one of one's own."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from events import regions
from events.models import RegionSet
from events.serializers import (
    FullRegionSetSerializer,
    PastedRegionsSerializer,
    RegionSetSerializer,
)
from registrations.api.permissions import acting


class RegionSetViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RegionSet]
):
    """Lists of regions to choose from: the shipped ones and one's own."""

    lookup_value_converter = "int"
    queryset = RegionSet.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[RegionSet]:
        return RegionSet.objects.offered_to(cast(User, self.request.user))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[RegionSet]]:
        return FullRegionSetSerializer if self.action == "retrieve" else RegionSetSerializer

    @extend_schema(
        request=PastedRegionsSerializer,
        responses={201: FullRegionSetSerializer},
        summary="Make a list of your own",
    )
    def create(self, request: Request) -> Response:
        """Names, one a line; codes are made for them."""
        body = PastedRegionsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = regions.paste(
            owner=cast(User, request.user),
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        return Response(FullRegionSetSerializer(made).data, status=status.HTTP_201_CREATED)
