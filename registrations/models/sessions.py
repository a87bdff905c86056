"""Who has a seat in which session of a meeting."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.db import models
from django.db.models import Deferrable, Func, Value


class SessionSeatQuerySet(models.QuerySet["SessionSeat"]):
    def in_order(self) -> Self:
        return self.order_by("starts_at", "session")


class SessionSeat(models.Model):
    """
    That somebody has a seat in a session: the rows that its counter counts.

    The times are the session's. PostgreSQL holds them together (a foreign key of all three,
    which follows when the session moves), so it can refuse two sessions at once.
    """

    registration = models.ForeignKey("Registration", models.CASCADE, related_name="session_seats")
    session = models.ForeignKey("events.Session", models.CASCADE, related_name="seats")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    booked_at = models.DateTimeField()

    objects = SessionSeatQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "session"], name="a_seat_in_a_session_is_taken_once"
            ),
            # Ranges of one number each: no extension is needed to compare people with "=".
            # Deferrable, since a meeting that moves takes its sessions along one by one.
            ExclusionConstraint(
                name="nobody_is_in_two_sessions_at_once",
                expressions=[
                    (
                        Func(
                            "registration",
                            "registration",
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "starts_at",
                            "ends_at",
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=Deferrable.IMMEDIATE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} in {self.session_id}"
