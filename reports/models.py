"""Figures that were published: frozen with their words, numbers, method and author."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from events.models import Meeting


class Basis(models.TextChoices):
    REGISTERED = "registered", _("registered")
    CONFIRMED = "confirmed", _("confirmed")
    CHECKED_IN = "checked_in", _("checked in at the door")


class Style(models.TextChoices):
    """How the number of people is said."""

    EXACT = "exact", _("exact")
    ROUNDED = "rounded", _("“more than”")
    # Only where everybody counted represents a region.
    JOINED = "joined", _("people from regions")


class FrozenFigureQuerySet(models.QuerySet["FrozenFigure"]):
    def of(self, meeting: Meeting) -> Self:
        """What was published of one meeting, the newest first."""
        return self.filter(meeting=meeting).order_by("-frozen_at", "-pk")


class FrozenFigure(models.Model):
    """A published figure. The live one is always computed; this one is what was said."""

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="frozen_figures")
    basis = models.CharField(max_length=10, choices=Basis)
    as_of = models.DateTimeField()
    # The sentence by language: {"ru": "…", "en": "…"}.
    sentences = models.JSONField()
    numbers = models.JSONField()
    sha256 = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    frozen_by = models.CharField(max_length=200)

    objects = FrozenFigureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(basis__in=Basis.values), name="figure_basis_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.basis} of {self.meeting_id}"
