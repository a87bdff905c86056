"""A seat that is offered to somebody who waits, until a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q


class OfferQuerySet(models.QuerySet["Offer"]):
    def of(self, meeting: models.Model | int) -> Self:
        """All that are open at a meeting, whoever has to answer first first."""
        return self.filter(registration__meeting=meeting).order_by("answer_by", "pk")

    def due(self, at: datetime) -> Self:
        """Those whose time to answer has passed."""
        return self.filter(answer_by__lte=at).order_by("answer_by", "pk")


class Offer(models.Model):
    """
    A seat offered to one who waits. He stays `waitlisted`; the seat is held by his rows of
    SeatHold, so it is taken in every limit that is about him (registrations.offers).

    There is no state: an offer that is answered, withdrawn or lapsed is no row any more, and
    what became of it stands in the journal. It has no link of its own either, since that
    would die with the row: the person's link shows the offer while there is one.
    """

    registration = models.OneToOneField("Registration", models.CASCADE, related_name="offer")
    made_at = models.DateTimeField()
    answer_by = models.DateTimeField()

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer_by__gt=F("made_at")), name="an_offer_leaves_time_to_answer"
            ),
        ]
        indexes = [models.Index("answer_by", name="offer_due")]

    def __str__(self) -> str:
        return f"{self.registration_id} until {self.answer_by:%Y-%m-%d %H:%M}"

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be accepted; at the moment itself it no longer can."""
        return at < self.answer_by
