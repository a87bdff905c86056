"""Addresses that mail of one meeting is not sent to any more."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Fate(models.TextChoices):
    """What became of a mail after the server took it, as others report it."""

    UNKNOWN = "", ""
    DELIVERED = "delivered", _("in the mailbox")
    BOUNCED = "bounced", _("came back")
    COMPLAINED = "complained", _("marked as spam")


# Reports arrive in any order and many times: one is believed only over a lower one.
RANKS = [Fate.UNKNOWN, Fate.DELIVERED, Fate.BOUNCED, Fate.COMPLAINED]


class Cause(models.TextChoices):
    BOUNCED = "bounced", _("Mail to this address came back.")
    COMPLAINED = "complained", _("The reader marked our mail as spam.")
    BY_HAND = "by_hand", _("The organizer does not write to this address.")


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def standing(self) -> Self:
        return self.filter(lifted_at=None)

    def of(self, scope: str) -> Self:
        """Those of one meeting ("meeting:3") that stand, the newest first."""
        return self.standing().filter(scope=scope).order_by("-id")


class Suppression(models.Model):
    """
    Mail about one meeting is not sent to one address, since it came back or is not to be.

    For that meeting alone: another one has another sender's name and may know better.
    """

    scope = models.CharField(max_length=80)
    # Lower case.
    address = models.CharField(max_length=320)
    cause = models.CharField(max_length=10, choices=Cause)
    since = models.DateTimeField(db_default=Now())
    # The other side's words.
    reply = models.CharField(max_length=500, blank=True)
    # The mail that came back, by which it is erased with the person.
    message = models.ForeignKey(
        "notifications.Message", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "address"],
                condition=Q(lifted_at=None),
                name="an_address_is_suppressed_once",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=Cause.values), name="suppression_cause_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} of {self.scope}"
