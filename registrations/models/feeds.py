"""The address at which somebody's calendar program looks for news."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CalendarFeed(models.Model):
    """
    That somebody asked for such an address. It is made of a token of its own, kept as a hash;
    the row outlives its end, so that no address that was given up ever comes back.
    """

    registration = models.OneToOneField("Registration", models.CASCADE, related_name="feed")
    generation = models.PositiveIntegerField(default=0)
    # None: given up. The next one is of another generation.
    token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(token_hash=None) | Q(generation__gt=0),
                name="a_feed_that_is_open_has_a_generation",
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.registration_id}"

    @property
    def is_open(self) -> bool:
        return self.token_hash is not None
