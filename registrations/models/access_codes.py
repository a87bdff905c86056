"""Who may register with a word that was given to him: a category and a limit of its own."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import MeetingStatus


class AccessCodeQuerySet(models.QuerySet["AccessCode"]):
    def usable(self, at: datetime) -> Self:
        """Switched on, and within their own days."""
        return self.filter(
            Q(opens_at=None) | Q(opens_at__lte=at),
            Q(closes_at=None) | Q(closes_at__gt=at),
            is_active=True,
        )

    def by_label(self) -> Self:
        return self.order_by("label", "pk")


class AccessCode(models.Model):
    """
    A code that can be said over the phone, and the unlisted link that carries it.

    Whoever registers with it comes in its category, also one that nobody may choose. Its
    limit is one of places (`places`), as that of a delegation: whoever registered with it
    and is neither cancelled nor declined has one, seated or not.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="access_codes")
    # As it is compared (registrations.access_codes.normal).
    code = models.CharField(_("code"), max_length=20)
    # For the organizers: whom it was given to.
    label = models.CharField(_("for whom"), max_length=200)
    category = models.ForeignKey("events.Category", models.PROTECT, related_name="+")
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    # Whether it lets in before registration opens to everybody.
    opens_early = models.BooleanField(_("also before registration opens"), default=False)
    skips_review = models.BooleanField(_("needs no approval"), default=False)
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = AccessCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "code"], name="one_access_code_of_a_kind"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9]{4,20}$"), name="an_access_code_can_be_said"
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="an_access_code_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return f"access code {self.pk} of {self.meeting_id}"

    def is_usable(self, at: datetime) -> bool:
        """Switched on, and within its own days."""
        return (
            self.is_active
            and (self.opens_at is None or self.opens_at <= at)
            and (self.closes_at is None or at < self.closes_at)
        )

    def lets_in(self, at: datetime) -> bool:
        """Whether somebody may register with it: when everybody may, or before, if so chosen."""
        if not self.is_usable(at):
            return False
        if self.meeting.takes_registrations(at):
            return True
        opens = self.meeting.registration_opens_at
        is_early = opens is not None and at < opens
        return self.opens_early and is_early and self.meeting.status == MeetingStatus.PUBLISHED
