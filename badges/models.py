"""What is printed for many people at once: batches of badges and sign-in sheets."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class BatchKind(models.TextChoices):
    BADGES = "badges", _("badges")
    SHEETS = "sheets", _("sign-in sheets")


class BatchState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("being made")
    DONE = "done", _("ready")
    FAILED = "failed", _("could not be made")


class Batch(models.Model):
    """A PDF that a worker makes, with its progress. Claimed by lease, like a mail."""

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=6, choices=BatchKind)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=7, choices=BatchState, default=BatchState.QUEUED)
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
