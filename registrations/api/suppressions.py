"""Addresses that a meeting does not write to, since mail to them came back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import suppressing
from notifications.models import Suppression
from registrations.api.permissions import acting, own_meeting


class SuppressionSerializer(serializers.Serializer[Any]):
    """One address, since when, and what the other side said."""

    id = serializers.IntegerField()
    address = serializers.CharField()
    cause = serializers.CharField(help_text="bounced, complained, by_hand")
    since = serializers.DateTimeField()
    reply = serializers.CharField(help_text="The other server’s words.")


class SuppressionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Suppression]):
    """Addresses that nothing of the meeting is sent to, the newest first."""

    serializer_class = SuppressionSerializer
    lookup_value_converter = "int"
    queryset = Suppression.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[Suppression]:
        return suppressing.of(f"meeting:{own_meeting(self.request, self.kwargs['meeting']).pk}")

    @extend_schema(responses={204: None}, summary="Allow an address again")
    def destroy(self, request: Request, meeting: str, pk: int) -> Response:
        """What was left out meanwhile is not sent by itself: send the messages again."""
        stopped = self.get_object()
        suppressing.lift(
            scope=stopped.scope,
            address=stopped.address,
            subjects=[stopped.scope],
            at=timezone.now(),
            by=acting(request),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
