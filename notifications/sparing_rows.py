"""What strangers had us write to one address lately: see notifications.sparing."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Spared(models.Model):
    """
    A mailbox that strangers cause mail to, and how much of it was held back.

    Known by a keyed hash: the row says nothing about whom it protects.
    """

    mailbox = models.CharField(max_length=32, primary_key=True)
    # When letters were let through, the newest first; no more than a day may have.
    times = ArrayField(models.DateTimeField())
    # Whether the last one was.
    went = models.BooleanField()
    held_back = models.PositiveIntegerField(default=0, db_default=0)
    held_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(held_back=0, held_back_at=None)
                | Q(held_back__gt=0, held_back_at__isnull=False),
                name="what_was_held_back_was_so_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                "held_back_at", name="spared_lately", condition=Q(held_back_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox[:8]}…, {self.held_back} held back"
