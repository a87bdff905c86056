"""What was written to the participants of a meeting, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import health, outbox
from registrations.api.permissions import acting, own_meeting
from registrations.models import Registration

REGISTRATION = OpenApiParameter(
    "registration", str, description="Number: only what concerns this registration."
)


class MessageSerializer(serializers.Serializer[Any]):
    """One mail. The words are not told: they are made when it is sent."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    explanation = serializers.CharField(help_text="Why it is in its state, for people.")
    recipient = serializers.CharField()
    recipient_name = serializers.CharField()
    language = serializers.CharField()
    subject_line = serializers.CharField()
    created_at = serializers.DateTimeField()
    not_before = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    attempts = serializers.IntegerField()
    possible_duplicate = serializers.BooleanField()
    fate = serializers.CharField(
        help_text="What was reported after it was sent: delivered, bounced, complained; or empty."
    )


class DelaySerializer(serializers.Serializer[Any]):
    """Letters that should have left; none where mail leaves in time."""

    waiting = serializers.IntegerField(help_text="How many; 0 while mail leaves in time.")
    since = serializers.DateTimeField(allow_null=True)
    needs_admin = serializers.BooleanField(
        help_text="Waiting alone will not help: the settings of the mail are wrong."
    )


class ResendSerializer(serializers.Serializer[Any]):
    to = serializers.EmailField(
        max_length=254, required=False, help_text="A corrected address; default: the same."
    )


class MessageViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Mails about a meeting, the newest first."""

    serializer_class = MessageSerializer
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Any]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        messages: QuerySet[Any] = outbox.about(f"meeting:{meeting.pk}")
        number = self.request.query_params.get("registration", "")
        if self.action == "list" and number:
            known = Registration.objects.filter(meeting=meeting)
            found = get_object_or_404(known, number="".join(filter(str.isdigit, number))[:7])
            messages = outbox.about(f"registration:{found.pk}")
        return messages

    @extend_schema(parameters=[REGISTRATION], summary="List messages")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request=ResendSerializer, responses=MessageSerializer, summary="Send a message again"
    )
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, meeting: str, pk: int) -> Response:
        """The repetition is a message of its own. Pressing twice is harmless."""
        body = ResendSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        repeated = outbox.resend(
            message=get_object_or_404(self.get_queryset(), pk=pk),
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        return Response(MessageSerializer(repeated).data)

    @extend_schema(responses=DelaySerializer, summary="See whether mail is delayed")
    @action(detail=False, methods=["get"], pagination_class=None)
    def delay(self, request: Request, meeting: str) -> Response:
        """While the mail server takes no mail, or a letter has waited for two minutes."""
        found = health.delay(f"meeting:{own_meeting(request, meeting).pk}")
        nothing = {"waiting": 0, "since": None, "needs_admin": False}
        return Response(DelaySerializer(found or nothing).data)
