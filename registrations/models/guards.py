"""What keeps strangers and double clicks from doing harm."""

from __future__ import annotations

from django.db import models


class IdempotencyKey(models.Model):
    """
    The first answer to a request that carried a key; its repetition gets the same one.

    Kept for 48 hours. The row is inserted first, in the request's own transaction: a
    parallel twin waits on the unique index and then reads the first answer.
    """

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    body_hash = models.BinaryField(max_length=32)
    answer = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_answer_per_key")]
        indexes = [models.Index("created_at", name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.key} of {self.scope}"


class Throttle(models.Model):
    """A counter per key and window, in PostgreSQL: a limit must hold without Redis."""

    key = models.CharField(max_length=120)
    window_starts_at = models.DateTimeField()
    hits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "window_starts_at"], name="one_counter_per_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.hits}"
