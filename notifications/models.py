"""The post office's two tables: what is to be said, and each attempt to say it."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """design: queued → leased → sent | deferred | ambiguous | failed; see docs/mail.md."""

    QUEUED = "queued", _("waiting")
    LEASED = "leased", _("being sent")
    DEFERRED = "deferred", _("will be tried again")
    SENT = "sent", _("sent")
    AMBIGUOUS = "ambiguous", _("uncertain: the connection broke after the text was sent")
    FAILED = "failed", _("not delivered")
    EXPIRED = "expired", _("too late, not sent")
    WITHDRAWN = "withdrawn", _("withdrawn before sending")
    DROPPED = "dropped", _("left out")


class Phase(models.TextChoices):
    """How far the SMTP dialogue came; from DATA on, the result may be unknown."""

    NONE = "none", "none"
    CONNECT = "connect", "connect"
    DATA = "data", "data"
    DONE = "done", "done"


class Care(models.TextChoices):
    """What is worse: to lose the mail (A), or to send it twice (B)."""

    A = "a", _("must arrive")
    B = "b", _("must not be doubled")


WAITING = (State.QUEUED, State.DEFERRED)


class MessageQuerySet(models.QuerySet["Message"]):
    def about(self, subject: str) -> Self:
        """Everything said about one row, named "registration:17" or "meeting:3"."""
        return self.filter(subjects__contains=[subject])

    def troubled(self) -> Self:
        return self.filter(state__in=[State.FAILED, State.AMBIGUOUS])

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Message(models.Model):
    """
    One mail to one person: a snapshot of facts, rendered when it is delivered.

    `dedupe_key` names the occasion, so that it is said once. `message_id` is fixed when
    the row is written and stays the same over all attempts. Every time in this table is
    the database's clock.
    """

    dedupe_key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    care = models.CharField(max_length=1, choices=Care, default=Care.A)
    # Lower goes first: answers to a person's own act before bulk.
    priority = models.PositiveSmallIntegerField(default=5)
    subjects = models.JSONField(default=list)
    recipient = models.EmailField(max_length=320)
    recipient_name = models.CharField(max_length=300, blank=True)
    reply_to = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10)
    template = models.CharField(max_length=120)
    template_version = models.PositiveSmallIntegerField(default=1)
    snapshot = models.JSONField(default=dict)
    enclosures = models.JSONField(default=list)
    thread = models.CharField(max_length=200, blank=True)
    unsubscribe_url = models.CharField(max_length=500, blank=True)
    message_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)

    created_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=300, blank=True)
    phase = models.CharField(max_length=7, choices=Phase, default=Phase.NONE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    possible_duplicate = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    subject_line = models.CharField(max_length=500, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="message_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(phase__in=Phase.values), name="message_phase_is_known"
            ),
            models.CheckConstraint(condition=Q(care__in=Care.values), name="message_care_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.LEASED, lease_until__isnull=False)
                | (~Q(state=State.LEASED) & Q(lease_until=None)),
                name="a_lease_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | Q(sent_at__isnull=False),
                name="what_is_sent_was_sent_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                "priority", "not_before", "id", name="message_due", condition=Q(state__in=WAITING)
            ),
            models.Index("lease_until", name="message_leased", condition=Q(state=State.LEASED)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.dedupe_key}"


class Attempt(models.Model):
    """One try at delivering a message, and what the other side answered. Append-only."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_default=Now())
    phase = models.CharField(max_length=7, choices=Phase)
    outcome = models.CharField(max_length=9, choices=State)
    code = models.PositiveSmallIntegerField(null=True, blank=True)
    reply = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.number} of {self.message_id}"


class Tick(models.Model):
    """When a worker last did something: a worker is alive if its tick is fresh here."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
