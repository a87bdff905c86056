"""What the administrator sees of the post office: read, send again, settle, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import formats, timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.journal import Actor
from accounts.models import User
from notifications import health, remedies, trial
from notifications.models import (
    WAITING,
    Attempt,
    Delivery,
    DeliveryAttempt,
    Message,
    Relay,
    State,
    Suppression,
    Webhook,
)

# A page that is loaded again to see a test mail arrive asks nobody once more.
CHECKED, CHECKED_SECONDS = "mail-checked", 60
NEEDS = {
    "paused": _(
        "Mail is paused: a backup was restored, and mails wait in it that were sent before."
        " Choose: manage.py mail resume --skip-older-than 6h, or --send-all."
    ),
    "relay_settings": _(
        "The mail server will not take our mail until its settings are right: address,"
        " password, sender or certificate."
    ),
    "relay_down": _("The mail server takes no mail. Everything waits, nothing is lost."),
    "refused": _("More than one mail in fifty is refused as unwanted: look at SPF, DKIM, DMARC."),
    "late": _("Mail that is due has been waiting for more than five minutes."),
    "uncertain": _("Messages of uncertain fate wait for somebody who asks the recipients."),
}


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return _("%(hours)d h %(minutes)d min %(seconds)d s") % {
        "hours": hours,
        "minutes": minutes,
        "seconds": rest,
    }


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

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(self.health)
        check = self.admin_site.admin_view(self.check_mail)
        return [
            path("health/", look, name="notifications_health"),
            path("check/", check, name="notifications_check"),
            *super().get_urls(),
        ]

    def health(self, request: HttpRequest) -> HttpResponse:
        """How the post office is: what waits, what stands still, what needs a person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = health.look()
        figures: list[tuple[Any, Any]] = [
            (_("The oldest that is due has waited for"), _duration(now.oldest_due_seconds)),
            (_("Being sent"), now.leased),
            (_("Uncertain"), now.uncertain),
            (
                _("Uncertain of 10,000 tries, within a day"),
                formats.localize(round(now.uncertain_of_10_000, 1)),
            ),
            (_("Not delivered"), now.failed),
            (_("Tries within ten minutes"), now.tries_in_ten_minutes),
            (_("Of these refused as unwanted"), now.refused_in_ten_minutes),
            (
                _("Addresses that strangers cause too much mail to, within a day"),
                now.spared_in_a_day,
            ),
            (_("Mails to them that were left out"), now.held_back),
        ]
        if now.paused_since:
            figures.insert(0, (_("Paused since"), now.paused_since))
        if now.relay:
            figures += [
                (_("The mail server takes no mail since"), now.relay.troubled_since),
                (_("Its last words"), now.relay.reply),
                (_("Next knock"), now.relay.probe_at),
            ]
        context = self.admin_site.each_context(request) | {
            "title": _("How the post office is"),
            "needs": [NEEDS[need] for need in now.needs],
            "figures": figures,
            "lanes": now.lanes,
        }
        return render(request, "admin/notifications/health.html", context)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def check_mail(self, request: HttpRequest) -> HttpResponse:
        """Whether our mail is believed; a test mail to oneself, and what became of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            assert isinstance(request.user, User), "the admin lets nobody else in"
            mail = trial.write(to=request.user.email, language=get_language() or "en")
            return HttpResponseRedirect(f"{request.path}?trial={mail.pk}")
        findings = None if "again" in request.GET else cache.get(CHECKED)
        if findings is None:
            # Who never checks does not carry a DNS library in memory.
            findings = import_module("notifications.checking.looking").look()
            cache.set(CHECKED, findings, CHECKED_SECONDS)
        wanted = request.GET.get("trial", "")
        found = trial.find(int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        context = self.admin_site.each_context(request) | {
            "title": _("Is our mail believed?"),
            "findings": findings,
            "mail": found,
            "tries": list(found.tries.order_by("pk")) if found else [],
            "is_waiting": found is not None and found.state in (*WAITING, State.LEASED),
            "address": request.user.email,  # type: ignore[union-attr]  # the admin lets nobody else in
        }
        return render(request, "admin/notifications/check.html", context)

    @admin.action(description=_("Try to send the selected messages again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        def act(message: Message) -> bool:
            remedies.resend(message=message, at=timezone.now(), by=_actor(request))
            return True

        self._each(request, queryset, act)

    @admin.action(description=_("Mark the selected messages as delivered"), permissions=["view"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._each(
            request,
            queryset,
            lambda m: remedies.settle(message=m, at=timezone.now(), by=_actor(request)),
        )

    @admin.action(description=_("Withdraw the selected messages"), permissions=["view"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._each(
            request,
            queryset,
            lambda m: remedies.take_back(message=m, at=timezone.now(), by=_actor(request)),
        )

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Message], act: Callable[[Message], bool]
    ) -> None:
        done = left = 0
        for message in queryset.order_by("pk"):
            try:
                changed = act(message)
            except remedies.NotRepeatable:
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
    list_display = ("name", "needs_admin", "failures", "troubled_since", "probe_at", "reply")


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
