"""Who answers for a region or an organization: a head who names its people, by a link."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from events.models import Meeting


class DelegationRole(models.TextChoices):
    """What somebody is inside a delegation."""

    HEAD = "head", _("head of the delegation")
    DEPUTY = "deputy", _("deputy head")
    EXPERT = "expert", _("expert")
    DRIVER = "driver", _("driver")


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def by_name(self) -> Self:
        return self.order_by("region__position", "name", "pk")

    def with_addresses(self) -> Self:
        """Whose head can be written to."""
        return self.exclude(head_email="")


class Delegation(models.Model):
    """
    A group of people that a head names within a quota, through a link and without an account.

    The quota is a seat limit of its own scope (`places`): everybody on the list who is
    neither cancelled nor declined has one of its places, also before the decision.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="delegations")
    name = models.CharField(_("name"), max_length=300)
    region = models.ForeignKey(
        "events.Region", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # In what capacity its people come.
    category = models.ForeignKey("events.Category", models.PROTECT, related_name="+")
    head_name = models.CharField(_("head’s name"), max_length=250, blank=True)
    head_email = models.EmailField(_("head’s e-mail"), blank=True)
    language = models.CharField(max_length=10)
    # Whoever the head names need not be approved by the organizer once more.
    skips_review = models.BooleanField(_("needs no approval"), default=False)
    closes_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    # When the head was asked to name people, and when reminded last.
    asked_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # When the head was told last that somebody who registered himself waits for an answer.
    wishes_told_at = models.DateTimeField(null=True, blank=True)
    # When the head said that nobody comes.
    refused_at = models.DateTimeField(null=True, blank=True)

    link_generation = models.PositiveIntegerField(default=1)
    link_hash = models.BinaryField(max_length=32, unique=True)
    version = models.PositiveIntegerField(default=1)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("meeting", Lower("name"), name="one_delegation_of_a_name"),
            models.CheckConstraint(condition=~Q(name=""), name="a_delegation_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.meeting_id}"

    def is_open(self, at: datetime) -> bool:
        """Whether the head may still change the list: until its own day, and the meeting's."""
        return self.meeting.takes_edits(at) and (self.closes_at is None or at < self.closes_at)

    @property
    def lacks_head(self) -> bool:
        """Whether nobody can be asked, has named anybody or said that nobody comes."""
        return not (self.head_email or self.refused_at or self.places.used)

    @property
    def deadline(self) -> datetime:
        """Until when the head may change the list."""
        return min(filter(None, [self.closes_at, lists_close(self.meeting)]))


def lists_close(meeting: Meeting) -> datetime:
    """When nobody but the organizers changes the lists any more."""
    return meeting.edits_close_at or meeting.starts_at
