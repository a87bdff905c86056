"""Webhooks: other programs that are told what happens at a meeting. docs/webhooks.md."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from notifications.models import Delivery, Kind, Webhook
from notifications.webhooks import keeping, signing
from registrations.api.permissions import acting, own_meeting


class WebhookSerializer(serializers.Serializer[Any]):
    """An address that is told of some events, and how it is with it."""

    uid = serializers.UUIDField(read_only=True)
    url = serializers.CharField(max_length=keeping.LONGEST_URL, help_text="Begins with https://.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices), source="kinds", allow_empty=False
    )
    state = serializers.CharField(read_only=True, help_text="active, paused")
    pause = serializers.CharField(
        read_only=True, help_text="Why it is paused: by_hand, failing, gone; or empty."
    )
    failures = serializers.IntegerField(read_only=True, help_text="In a row.")
    rotated_at = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)


class WebhookSecretSerializer(WebhookSerializer):
    """The same with its secret, which is told this once."""

    secret = serializers.SerializerMethodField()

    def get_secret(self, hook: Webhook) -> str:
        return keeping.secret(hook)


class DeliveryAttemptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField()
    status_code = serializers.IntegerField(allow_null=True)
    trouble = serializers.CharField(help_text="Empty for an answer of 200 to 299.")
    reply = serializers.CharField(help_text="The beginning of the answer.")


class DeliverySerializer(serializers.Serializer[Any]):
    """One event that a webhook is told, and every attempt."""

    number = serializers.IntegerField(source="pk")
    id = serializers.SerializerMethodField(help_text="As in the header webhook-id.")
    type = serializers.CharField(source="kind")
    timestamp = serializers.DateTimeField(source="happened_at")
    data = serializers.JSONField()  # type: ignore[assignment]  # a field, taken out by its metaclass
    state = serializers.CharField(help_text="queued, leased, deferred, delivered, failed")
    trouble = serializers.CharField()
    not_before = serializers.DateTimeField(help_text="When the next try is due.")
    attempts = DeliveryAttemptSerializer(source="tries", many=True)

    def get_id(self, delivery: Delivery) -> str:
        return signing.identity(delivery)


class WebhookViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Webhook]
):
    """Addresses that are told what happens at a meeting."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = WebhookSerializer
    queryset = Webhook.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[Webhook]:
        return keeping.of(f"meeting:{own_meeting(self.request, self.kwargs['meeting']).pk}")

    @extend_schema(
        request=WebhookSerializer,
        responses={201: WebhookSecretSerializer},
        summary="Register a webhook",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """The answer holds the secret, which is told this once."""
        target = own_meeting(request, meeting)
        body = WebhookSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hook = keeping.register(
            subject=f"meeting:{target.pk}",
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        return Response(WebhookSecretSerializer(hook).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=WebhookSerializer(partial=True),
        responses=WebhookSerializer,
        summary="Change a webhook",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        body = WebhookSerializer(data=request.data, partial=True)
        hook = self.get_object()
        body.is_valid(raise_exception=True)
        said = body.validated_data
        changed = keeping.change(hook=hook, at=timezone.now(), by=acting(request), **said)
        return Response(WebhookSerializer(changed).data)

    @extend_schema(responses={204: None}, summary="Remove a webhook")
    def destroy(self, request: Request, meeting: str, uid: str) -> Response:
        keeping.remove(hook=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=None, responses=WebhookSecretSerializer, summary="Make a new secret for a webhook"
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, meeting: str, uid: str) -> Response:
        """For a day everything is signed with the old one as well."""
        hook = keeping.rotate(hook=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(WebhookSecretSerializer(hook).data)

    @extend_schema(request=None, responses=WebhookSerializer, summary="Pause a webhook")
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, meeting: str, uid: str) -> Response:
        """What happens meanwhile is kept for a month. Twice is harmless."""
        hook = keeping.pause(hook=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(WebhookSerializer(hook).data)

    @extend_schema(request=None, responses=WebhookSerializer, summary="Resume a webhook")
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, meeting: str, uid: str) -> Response:
        """Begins with what was kept. Twice is harmless."""
        hook = keeping.resume(hook=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(WebhookSerializer(hook).data)

    @extend_schema(request=None, responses={202: DeliverySerializer}, summary="Test a webhook")
    @action(detail=True, methods=["post"])
    def test(self, request: Request, meeting: str, uid: str) -> Response:
        """Sends an event of type webhook.test, once; its delivery says what came back."""
        made = keeping.try_out(hook=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)


class DeliveriesView(generics.ListAPIView[Delivery]):
    """What a webhook was told, the newest first, and every attempt. Kept for 30 days."""

    serializer_class = DeliverySerializer
    queryset = Delivery.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[Delivery]:
        return keeping.log(_own_hook(self.request, self.kwargs["meeting"], self.kwargs["uid"]))

    @extend_schema(summary="List what a webhook was told")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class DeliveryAgainView(APIView):
    @extend_schema(
        request=None, responses={202: DeliverySerializer}, summary="Send a delivery again"
    )
    def post(self, request: Request, meeting: str, uid: str, number: int) -> Response:
        """Under the same id: a receiver that has it knows it."""
        row = get_object_or_404(_own_hook(request, meeting, uid).deliveries, pk=number)
        again = keeping.send_again(delivery=row, at=timezone.now(), by=acting(request))
        return Response(DeliverySerializer(again).data, status=status.HTTP_202_ACCEPTED)


def _own_hook(request: Request, meeting: str, uid: str) -> Webhook:
    hooks = keeping.of(f"meeting:{own_meeting(request, meeting).pk}")
    return get_object_or_404(hooks, uid=uid)
