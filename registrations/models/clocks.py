"""How the program knew the clocks of a zone when it reckoned with them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ZoneClock(models.Model):
    """
    The clock of a zone as it was when the moments that are stored were reckoned from it: from
    each of these moments (seconds since 1970) on, so many seconds ahead of UTC.

    When the installation gets other rules, this says what the old ones were.
    """

    zone = models.CharField(max_length=64, primary_key=True)
    since = ArrayField(models.BigIntegerField())
    offsets = ArrayField(models.IntegerField())
    known_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__len=models.F("offsets__len"))
                & models.Q(since__len__gt=0),
                name="a_clock_says_from_when_it_shows_what",
            ),
        ]

    def __str__(self) -> str:
        return self.zone
