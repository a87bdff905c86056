"""Links for helpers: a desk at the door, the figures for the press."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models.meetings import Meeting


class Purpose(models.TextChoices):
    DESK = "desk", _("desk")
    PRESS = "press", _("figures for the press")


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def valid(self, at: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)

    def desks(self) -> Self:
        return self.filter(purpose=Purpose.DESK).order_by("number", "pk")

    def press(self) -> Self:
        return self.filter(purpose=Purpose.PRESS).order_by("pk")


class AccessLink(models.Model):
    """A link given to a helper. One purpose each; a new generation revokes the old one."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="access_links")
    purpose = models.CharField(max_length=5, choices=Purpose)
    label = models.CharField(_("label"), max_length=60)
    # The desk's number; figures links have none.
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    may_admit = models.BooleanField(_("may admit walk-ins"), default=True)
    generation = models.PositiveIntegerField(default=1)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="access_link_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.DESK, number__isnull=False)
                | (~Q(purpose=Purpose.DESK) & Q(number=None)),
                name="a_desk_has_a_number",
            ),
            models.UniqueConstraint(
                fields=["meeting", "number"],
                condition=Q(revoked_at=None, purpose=Purpose.DESK),
                name="one_desk_per_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.meeting_id}"
