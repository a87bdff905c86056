"""Lists for the pass desk: who was on them, as it was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from registrations.models.registration import Registration

if TYPE_CHECKING:
    from events.models import Meeting


class PassListQuerySet(models.QuerySet["PassList"]):
    def of(self, meeting: Meeting) -> Self:
        """The lists of one meeting, the newest first."""
        return self.filter(meeting=meeting).order_by("-number")


class PassList(models.Model):
    """
    The confirmed as they were at one moment, under a number. Never changed: what is
    different afterwards is an amendment, and may become the next list.

    The counts are against the list before; they stay when the people are forgotten.
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="pass_lists")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    note = models.CharField(max_length=300, blank=True)
    people = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)

    objects = PassListQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "number"], name="a_meetings_lists_are_numbered"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="lists_are_counted_from_one"),
        ]

    def __str__(self) -> str:
        return f"No. {self.number} of {self.meeting_id}"


class PassListLineQuerySet(models.QuerySet["PassListLine"]):
    def forget(self) -> int:
        """Erase what names the person; that there was a line stays."""
        return self.update(content={}, words={}, sort_key="")


class PassListLine(models.Model):
    """
    One person on a list. `content` is what was printed, region and category as codes: two
    lines are the same where it is the same. `words` are the names of these two, in both
    languages, so that an old list can be printed as it was.
    """

    list = models.ForeignKey(PassList, models.CASCADE, related_name="lines", db_index=False)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="pass_list_lines")
    sort_key = models.CharField(max_length=400, blank=True, db_collation="C")
    content = models.JSONField(default=dict, blank=True)
    words = models.JSONField(default=dict, blank=True)

    objects = PassListLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["list", "registration"], name="a_person_stands_on_a_list_once"
            ),
            models.CheckConstraint(
                condition=~Q(content={}) | Q(words={}, sort_key=""),
                name="a_forgotten_line_says_nothing",
            ),
        ]
        indexes = [models.Index("list", "sort_key", "registration", name="pass_list_by_name")]

    def __str__(self) -> str:
        return f"{self.registration_id} on {self.list_id}"
