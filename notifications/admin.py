"""What the administrator sees of the post office: read, send again, settle, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.journal import Actor
from accounts.models import User
from notifications import outbox
from notifications.models import (
    Attempt,
    Delivery,
    DeliveryAttempt,
    Message,
    Relay,
    Suppression,
    Webhook,
)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AttemptInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Attempt
    fields = ("number", "started_at", "ended_at", "outcome", "code", "reply", "worker")
    ordering = ("pk",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User), "the admin lets nobody else in"
    return journal.organizer(request.user)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("id", "created_at", "kind", "recipient", "state", "explanation", "attempts")
    list_filter = ("state", "kind", "care", "possible_duplicate")
    search_fields = ("recipient", "dedupe_key", "subject_line", "message_id")
    ordering = ("-pk",)
    # Counting millions of rows for a page number helps nobody.
    show_full_result_count = False
    inlines = (AttemptInline,)
    actions = ("send_again", "mark_delivered", "withdraw")

    @admin.action(description=_("Try to send the selected messages again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        def act(message: Message) -> bool:
            outbox.resend(message=message, at=timezone.now(), by=_actor(request))
            return True

        self._each(request, queryset, act)

    @admin.action(description=_("Mark the selected messages as delivered"), permissions=["view"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._each(
            request,
            queryset,
            lambda m: outbox.settle(message=m, at=timezone.now(), by=_actor(request)),
        )

    @admin.action(description=_("Withdraw the selected messages"), permissions=["view"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._each(
            request,
            queryset,
            lambda m: outbox.take_back(message=m, at=timezone.now(), by=_actor(request)),
        )

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Message], act: Callable[[Message], bool]
    ) -> None:
        done = left = 0
        for message in queryset.order_by("pk"):
            try:
                changed = act(message)
            except outbox.NotRepeatable:
                changed = False
            done, left = done + changed, left + (not changed)
        if done:
            said = ngettext("%(count)d message changed.", "%(count)d messages changed.", done)
            self.message_user(request, said % {"count": done}, messages.SUCCESS)
        if left:
            said = ngettext(
                "%(count)d message was left as it is: its state does not allow this.",
                "%(count)d messages were left as they are: their state does not allow this.",
                left,
            )
            self.message_user(request, said % {"count": left}, messages.WARNING)


@admin.register(Relay)
class RelayAdmin(ReadOnly):
    list_display = ("name", "failures", "troubled_since", "probe_at", "reply")


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    list_display = ("id", "scope", "address", "cause", "since", "lifted_at")
    list_filter = ("cause",)
    search_fields = ("address", "scope")
    ordering = ("-pk",)


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    list_display = ("id", "subject", "url", "state", "pause", "failures", "rests_until")
    list_filter = ("state", "pause")
    ordering = ("-pk",)


class DeliveryAttemptInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = DeliveryAttempt
    fields = ("number", "started_at", "milliseconds", "status_code", "trouble", "reply")
    ordering = ("pk",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("id", "webhook", "kind", "state", "trouble", "attempts", "not_before")
    list_filter = ("state", "kind", "trouble")
    list_select_related = ("webhook",)
    inlines = (DeliveryAttemptInline,)
    show_full_result_count = False
    ordering = ("-pk",)
