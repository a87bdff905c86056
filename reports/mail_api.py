"""What the meeting's post will do by itself, for programs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registrations.api.permissions import own_meeting
from reports import coming


class ComingSerializer(serializers.Serializer[Any]):
    """One thing that happens at a moment."""

    at = serializers.DateTimeField()
    what = serializers.ChoiceField(
        source="code", choices=["announcement", "reminder", "delegations", "invitations", "offers"]
    )
    words = serializers.CharField()
    people = serializers.IntegerField(help_text="To how many it is, as things stand.")
    note = serializers.CharField()


class ComingView(APIView):
    """The timeline of the page of messages."""

    @extend_schema(
        operation_id="messages_coming",
        responses=ComingSerializer(many=True),
        summary="What will be sent, and when",
    )
    def get(self, request: Request, meeting: str) -> Response:
        """Reminders, delegations whose list closes, invitations and offers, in order of time."""
        lines = coming.lines(own_meeting(request, meeting), at=timezone.now())
        return Response(ComingSerializer(lines, many=True).data)
