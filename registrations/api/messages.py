"""What was written to the participants of a meeting, what became of it, what is done about it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.paging import Cursor
from events.models import Meeting
from notifications import health, mending, outbox, remedies, searching, suppressing
from notifications.explanations import EXPLANATIONS
from notifications.mending import Act, Outcome
from notifications.models import Attempt, Message, MessageQuerySet, State
from registrations.api.permissions import acting, own_meeting
from registrations.models import Registration
from registrations.strictness import Strict

REGISTRATION = OpenApiParameter(
    "registration", str, description="Number: only what concerns this registration."
)


class NewestFirst(Cursor):
    ordering = "-id"


class MessageSerializer(serializers.Serializer[Any]):
    """One mail. The words are not told: they are made when it is sent."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField(help_text="Why it is in its state, for programs.")
    explanation = serializers.CharField(help_text="Why it is in its state, for people.")
    recipient = serializers.CharField()
    recipient_name = serializers.CharField()
    language = serializers.CharField()
    subject_line = serializers.CharField()
    created_at = serializers.DateTimeField()
    not_before = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
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
        help_text="Waiting alone will not help: an administrator has to do something."
    )


class AttemptSerializer(serializers.Serializer[Any]):
    """One try at delivering it."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    code = serializers.IntegerField(allow_null=True)
    reply = serializers.CharField(help_text="What the mail server said, as it said it.")


class WholeMessageSerializer(MessageSerializer):
    """One mail with every attempt at delivering it."""

    tries = AttemptSerializer(many=True)
    sent_again_as = serializers.SerializerMethodField()

    def get_sent_again_as(self, message: Message) -> int | None:
        """The message that repeats this one."""
        return searching.repetitions([message]).get(message.pk)


class ResendSerializer(serializers.Serializer[Any]):
    to = serializers.EmailField(
        max_length=254, required=False, help_text="A corrected address; default: the same."
    )


class SettledSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    message = MessageSerializer()


class SearchSerializer(serializers.Serializer[Any]):
    """Which messages are meant; what is left out does not matter."""

    state = serializers.ChoiceField(
        choices=[searching.TROUBLED, searching.WAITING, *State.values],
        required=False,
        help_text="A state, or `troubled` (failed, ambiguous), or `waiting` (not sent yet).",
    )
    kind = serializers.CharField(required=False, max_length=40)
    domain = serializers.CharField(
        required=False, max_length=253, help_text="Of the address: what stands behind the @."
    )
    reason = serializers.ChoiceField(
        choices=sorted(EXPLANATIONS), required=False, help_text="Why it is in its state."
    )
    code = serializers.IntegerField(
        required=False, min_value=200, max_value=599, help_text="Of the mail server, at any try."
    )
    q = serializers.CharField(
        required=False, max_length=100, help_text="Words in the name or in the address."
    )

    def search(self) -> searching.Search:
        asked = dict(self.validated_data)
        names = ("state", "kind", "domain", "reason", "code")
        known = {name: asked[name] for name in names if name in asked}
        return searching.Search(text=asked.get("q", ""), **known)


class BulkSerializer(Strict, SearchSerializer):
    """Which messages are meant, and what to do; a condition that is not known is refused."""

    action = serializers.ChoiceField(choices=Act.choices)
    dry_run = serializers.BooleanField(
        default=True, help_text="Only say how many it would be; so unless you say false."
    )


class BulkRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="message.pk")
    recipient = serializers.CharField(source="message.recipient")
    outcome = serializers.ChoiceField(choices=Outcome.choices)


class BulkResultSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    count = serializers.IntegerField(help_text="To how many of the messages it applies.")
    done = serializers.IntegerField()
    left = serializers.IntegerField(
        help_text=f"For the next request: at most {mending.AT_ONCE} at once."
    )
    results = BulkRowSerializer(many=True)


class MessageViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """Mails about a meeting, the newest first."""

    serializer_class = MessageSerializer
    pagination_class = NewestFirst
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Message]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        if self.action != "list":
            return _of(meeting)
        number = self.request.query_params.get("registration", "")
        messages = _of(meeting)
        if number:
            known = Registration.objects.filter(meeting=meeting)
            found = get_object_or_404(known, number="".join(filter(str.isdigit, number))[:7])
            messages = outbox.about(f"registration:{found.pk}")
        asked = SearchSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return asked.search().narrow(messages).defer("snapshot")

    @extend_schema(parameters=[REGISTRATION, SearchSerializer], summary="List messages")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=WholeMessageSerializer, summary="A message with its attempts")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        in_order = Prefetch("tries", Attempt.objects.order_by("pk"))
        message = get_object_or_404(self.get_queryset().prefetch_related(in_order), pk=kwargs["pk"])
        return Response(WholeMessageSerializer(message).data)

    @extend_schema(
        request=ResendSerializer, responses=MessageSerializer, summary="Send a message again"
    )
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, meeting: str, pk: int) -> Response:
        """The repetition is a message of its own. Pressing twice is harmless."""
        body = ResendSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        repeated = remedies.resend(
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

    @extend_schema(request=None, responses=SettledSerializer, summary="Mark a message as delivered")
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, meeting: str, pk: int) -> Response:
        """The recipient has said that an uncertain or failed one arrived. Twice is harmless."""
        return self._one(request, pk, Act.SETTLE)

    @extend_schema(request=None, responses=SettledSerializer, summary="Withdraw a message")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, meeting: str, pk: int) -> Response:
        """Stop one that was not sent yet; where that is too late, `outcome` says so."""
        return self._one(request, pk, Act.WITHDRAW)

    @extend_schema(request=None, responses={204: None}, summary="Write to this address no more")
    @action(detail=True, methods=["post"])
    def suppress(self, request: Request, meeting: str, pk: int) -> Response:
        """
        For this meeting alone; what waits for the address is left out. Twice is harmless.

        `suppressions/` lists such addresses, and lifts it.
        """
        message = get_object_or_404(self.get_queryset(), pk=pk)
        suppressing.stop(message=message, at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=BulkSerializer, responses=BulkResultSerializer, summary="Do it to many messages"
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request, meeting: str) -> Response:
        """
        To all that fit the search and are in a state that allows it, the oldest first.

        What arrived already is not sent again, nor what was sent again before. What was left
        out so that nobody is flooded is sent only by its `reason`, `address_spared`.
        """
        found = _of(own_meeting(request, meeting))
        body = BulkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        act, messages = Act(body.validated_data["action"]), body.search().narrow(found)
        reason = body.validated_data.get("reason", "")
        count = mending.suitable(messages, act, reason=reason).count()
        answer: dict[str, Any] = {"count": count, "done": 0, "left": count, "results": []}
        if not body.validated_data["dry_run"]:
            mended = mending.mend(
                messages=messages, act=act, at=timezone.now(), by=acting(request), reason=reason
            )
            answer |= {"done": mended.done, "left": mended.left, "results": mended.rows}
        answer["dry_run"] = body.validated_data["dry_run"]
        return Response(BulkResultSerializer(answer).data)

    def _one(self, request: Request, pk: int, act: Act) -> Response:
        message = get_object_or_404(self.get_queryset(), pk=pk)
        outcome = mending.one(message, act=act, at=timezone.now(), by=acting(request))
        message.refresh_from_db()
        return Response(SettledSerializer({"outcome": outcome, "message": message}).data)


def _of(meeting: Meeting) -> MessageQuerySet:
    return searching.under(f"meeting:{meeting.pk}")
