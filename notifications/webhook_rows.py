"""Who else wants to know (webhooks), what they are told, and each attempt to tell it."""

from __future__ import annotations

import uuid
from typing import Self
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """What may be told. The triggers of the houses above write these codes."""

    CONFIRMED = "registration.confirmed", _("registration confirmed")
    WAITLISTED = "registration.waitlisted", _("registration on the waiting list")
    PENDING = "registration.pending", _("registration awaiting decision")
    DECLINED = "registration.declined", pgettext_lazy("an event", "registration declined")
    CANCELLED = "registration.cancelled", pgettext_lazy("an event", "registration cancelled")
    CHANGED = "registration.changed", _("data of a registration changed")
    ERASED = "registration.erased", pgettext_lazy("an event", "personal data erased")
    CHECKED_IN = "checkin.made", _("came in at the door")
    UNDONE = "checkin.undone", _("entry at the door undone")


TEST = "webhook.test"


class HookState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("a webhook", "active")
    PAUSED = "paused", pgettext_lazy("a webhook", "paused")
    REMOVED = "removed", pgettext_lazy("a webhook", "removed")


class Pause(models.TextChoices):
    """Why nothing is sent."""

    BY_HAND = "by_hand", _("Paused by an organizer.")
    FAILING = "failing", _("Paused after 50 failures in a row.")
    GONE = "gone", _("Paused: the address answered that it wants no more (410).")


class Told(models.TextChoices):
    """What became of telling one thing."""

    QUEUED = "queued", pgettext_lazy("a delivery", "waiting")
    LEASED = "leased", pgettext_lazy("a delivery", "being sent")
    DEFERRED = "deferred", pgettext_lazy("a delivery", "will be tried again")
    DELIVERED = "delivered", pgettext_lazy("a delivery", "delivered")
    FAILED = "failed", pgettext_lazy("a delivery", "not delivered")


TO_TELL = (Told.QUEUED, Told.DEFERRED)

# Kept as codes, so that each reader has them in the own language.
TROUBLES = {
    "refused": _("The address answered with an error."),
    "redirected": _("The address sends elsewhere; redirects are not followed."),
    "too_slow": _("No answer within five seconds."),
    "no_connection": _("The server could not be reached."),
    "tls": _("The server’s certificate is not valid."),
    "name_unknown": _("The name of the server is not known."),
    "address_forbidden": _("The name leads into an internal network; nothing was sent."),
    "no_http": _("The server did not answer in HTTP."),
    "worker_lost": _("The worker stopped while it was sending."),
    "too_late": _("Given up after a day."),
}


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def of(self, subject: str) -> Self:
        """Those of one meeting ("meeting:3") that were not removed, the oldest first."""
        return self.filter(subject=subject).exclude(state=HookState.REMOVED).order_by("id")


class Webhook(models.Model):
    """
    An address of another program that wants to be told what happens at a meeting.

    The secret is derived from the server's key, `uid` and the generation (as links are):
    the database holds nothing that could sign. A row is never deleted while somebody may be
    telling it something: removing is a state, and the sweep deletes later.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Plain text, because meetings live in another house.
    subject = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=40))
    state = models.CharField(max_length=7, choices=HookState, default=HookState.ACTIVE)
    pause = models.CharField(max_length=7, choices=Pause, blank=True)
    generation = models.PositiveIntegerField(default=1)
    # Until a day later, the secret before is valid as well.
    rotated_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    # After a failure it is left alone for a while; then one delivery tries whether it is back.
    rests_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=HookState.values), name="webhook_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=HookState.PAUSED, pause__in=Pause.values)
                | (~Q(state=HookState.PAUSED) & Q(pause="")),
                name="a_paused_webhook_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, rests_until=None)
                | Q(failures__gt=0, rests_until__isnull=False),
                name="a_failing_webhook_rests",
            ),
            models.CheckConstraint(
                condition=Q(kinds__len__gt=0, kinds__contained_by=Kind.values),
                name="a_webhook_wants_what_there_is",
            ),
        ]
        indexes = [models.Index("subject", name="webhook_by_subject")]

    def __str__(self) -> str:
        return f"#{self.pk} of {self.subject}"

    @property
    def host(self) -> str:
        """Whose address it is, to call it by."""
        return urlsplit(self.url).hostname or self.url


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def lost(self) -> Self:
        """Leased, and the worker was not heard of again."""
        return self.filter(state=Told.LEASED, lease_until__lte=Now())

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Delivery(models.Model):
    """
    One event that one webhook is told: written in the transaction of the event.

    `uid` is what the receiver knows a repetition by; it stays the same over all attempts.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=40)
    # "registration:17"; "" for a test.
    about = models.CharField(max_length=80, blank=True)
    happened_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=Told, default=Told.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    # The last answer: what a list shows without looking at the attempts.
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    trouble = models.CharField(max_length=20, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=Told.values), name="delivery_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[*Kind.values, TEST]), name="delivery_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=Told.LEASED, lease_until__isnull=False)
                | (~Q(state=Told.LEASED) & Q(lease_until=None)),
                name="a_delivery_lease_has_an_end",
            ),
        ]
        indexes = [
            models.Index("not_before", "id", name="delivery_due", condition=Q(state__in=TO_TELL)),
            models.Index("lease_until", name="delivery_leased", condition=Q(state=Told.LEASED)),
            models.Index("webhook", "id", name="delivery_by_webhook"),
            models.Index("about", name="delivery_about", condition=~Q(about="")),
            models.Index("created_at", name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} to {self.webhook_id}"

    @property
    def words(self) -> str:
        """What happened, as a person reads it."""
        return str(_("test")) if self.kind == TEST else str(Kind(self.kind).label)

    @property
    def explanation(self) -> str:
        """Why it was not delivered; "" where there is no need."""
        return str(TROUBLES.get(self.trouble, self.trouble))


class DeliveryAttempt(models.Model):
    """One request and what came back. Append-only, but for the reply, which may be erased."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    trouble = models.CharField(max_length=20, blank=True)
    reply = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.number} of {self.delivery_id}"

    @property
    def explanation(self) -> str:
        return str(TROUBLES.get(self.trouble, self.trouble))
