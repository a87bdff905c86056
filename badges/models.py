"""What is printed for many people at once: batches of badges and sign-in sheets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class BatchKind(models.TextChoices):
    BADGES = "badges", _("badges")
    SHEETS = "sheets", _("sign-in sheets")


class BatchState(models.TextChoices):
    QUEUED = "queued", _("waiting for a worker")
    RUNNING = "running", _("being made")
    DONE = "done", _("ready")
    FAILED = "failed", _("could not be made")


class Trouble(models.TextChoices):
    """Why a batch failed, in words for whoever ordered it."""

    STOPPED = "stopped", _("The worker stopped again and again while making this file.")
    STORAGE = "storage", _("The file could not be stored. Perhaps the disk is full.")
    FAULT = "fault", _("Something unexpected happened. It is in the log of the worker.")


# A file holds personal data and is made again in seconds, so it is not kept for long.
KEPT = timedelta(days=7)
UNFINISHED = (BatchState.QUEUED, BatchState.RUNNING)


class BatchQuerySet(models.QuerySet["Batch"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def due(self, at: datetime) -> Self:
        """What nobody works on: new, or left behind by a worker that died."""
        return self.unfinished().filter(Q(lease_until=None) | Q(lease_until__lt=at))

    def running(self) -> Self:
        return self.filter(state=BatchState.RUNNING)

    def older_than(self, at: datetime) -> Self:
        return self.filter(created_at__lt=at)

    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def in_brief(self) -> Self:
        """Without the long lists that only the worker needs."""
        return self.defer("people", "parts")


class Batch(models.Model):
    """
    A PDF that a worker makes, with its progress. Claimed by lease, like a mail.

    `people` is who is printed, in order, fixed when it was ordered: a batch that is taken
    up again leaves nobody out and prints nobody twice. `parts` are the finished pieces.
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=6, choices=BatchKind)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=7, choices=BatchState, default=BatchState.QUEUED)
    people = ArrayField(models.BigIntegerField(), default=list, blank=True)
    parts = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to="batches/", blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=BatchKind.values), name="batch_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="batch_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(done__lte=F("total")), name="batch_done_within_total"
            ),
            models.CheckConstraint(
                condition=~Q(state=BatchState.DONE) | (~Q(file="") & Q(finished_at__isnull=False)),
                name="a_finished_batch_has_its_file",
            ),
        ]
        indexes = [
            models.Index(
                "id",
                name="batch_unfinished",
                condition=Q(state__in=[BatchState.QUEUED, BatchState.RUNNING]),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} of {self.meeting_id}"

    @property
    def is_ready(self) -> bool:
        return self.state == BatchState.DONE

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def expires_at(self) -> datetime:
        """When the file is erased."""
        return self.created_at + KEPT

    @property
    def percent(self) -> int:
        """How far it is; a hundred only when the file is there."""
        if self.is_ready:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def explanation(self) -> str:
        """Why it failed, in the reader's language."""
        return str(Trouble(self.error).label) if self.error in Trouble.values else self.error
