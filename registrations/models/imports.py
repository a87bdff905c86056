"""A table of people that a worker checks and puts on the list."""

from __future__ import annotations

import json
import uuid
import zlib
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    MAPPING = "mapping", _("columns to be looked at")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    IMPORTING = "importing", _("being put on the list")
    DONE = "done", _("on the list")
    FAILED = "failed", _("could not be read")
    CANCELLED = "cancelled", _("cancelled")


class Outcome(models.TextChoices):
    """What became of a row, or will."""

    READY = "ready", _("can be added")
    LISTED = "listed", _("is registered already")
    WRONG = "wrong", _("has an error")
    ADDED = "added", _("added")


class ImportTrouble(models.TextChoices):
    """Why a worker gave up, in words for whoever sent the table."""

    STOPPED = "stopped", _("The worker stopped again and again while working on this table.")
    FAULT = "fault", _("Something unexpected happened. It is in the log of the worker.")


# The table holds personal data, and the people are on the list by then.
KEPT = timedelta(days=7)
# What a worker has to do.
WORK = (ImportState.CHECKING, ImportState.IMPORTING)
UNSETTLED = (ImportState.MAPPING, *WORK, ImportState.CHECKED)
ADDED_UP = (ImportState.CHECKED, ImportState.IMPORTING, ImportState.DONE)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def due(self, at: datetime) -> Self:
        """What nobody works on: new, or left behind by a worker that died."""
        return self.filter(state__in=WORK).filter(Q(lease_until=None) | Q(lease_until__lt=at))

    def held(self, run: ImportRun) -> Self:
        """The run as long as its lease is the one that `run` was claimed with."""
        return self.filter(pk=run.pk, state=run.state, lease_epoch=run.lease_epoch)

    def imported(self) -> Self:
        return self.filter(state=ImportState.DONE)

    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def in_brief(self) -> Self:
        """Without the table, which only whoever shows or checks rows needs."""
        return self.defer("table", "outcomes")


class ImportRun(models.Model):
    """
    A table on its way to the list: sent, columns chosen, checked, imported by a worker.

    Claimed by lease, like a batch of badges; what a worker writes is fenced by the epoch.
    The import itself is one transaction that ends with the run's own row, so it has
    happened when the state says so, and never twice. Rows and what became of them are packed
    JSON: personal data, erased with the run.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="import_runs")
    state = models.CharField(max_length=9, choices=ImportState, default=ImportState.MAPPING)
    file_name = models.CharField(max_length=200, blank=True)
    # Of the cells: the same table is known again, however it was saved.
    sha256 = models.CharField(max_length=64)
    table = models.BinaryField()
    outcomes = models.BinaryField(default=bytes)
    # Rows above the headings, left out.
    skipped = models.PositiveIntegerField(default=0)
    has_headings = models.BooleanField()
    mapping = models.JSONField(default=list, blank=True)
    terms = models.JSONField(default=dict, blank=True)
    # Of whoever sent it: in what language a worker words its objections.
    language = models.CharField(max_length=10)

    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    ready = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    # Why the import was refused as a whole, in words; nobody was added then.
    refusal = models.CharField(max_length=500, blank=True)
    trouble = models.CharField(max_length=7, choices=ImportTrouble, blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Under what name and through which door it was sent, for the journal.
    who = models.CharField(max_length=200)
    via = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(done__lte=F("total")), name="import_done_within_total"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ADDED_UP)
                | Q(total=F("ready") + F("listed") + F("wrong") + F("added")),
                name="every_checked_row_has_its_outcome",
            ),
            models.CheckConstraint(
                condition=Q(added=0) | Q(state=ImportState.DONE),
                name="rows_are_added_when_the_import_is_done",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED],
                    finished_at__isnull=False,
                )
                | Q(state__in=UNSETTLED, finished_at=None),
                name="an_import_ends_at_a_moment",
            ),
        ]
        indexes = [
            models.Index("id", name="import_unfinished", condition=Q(state__in=WORK)),
            models.Index("created_at", name="import_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state} of {self.meeting_id}"

    @property
    def rows(self) -> list[list[str]]:
        """The cells, without the headings."""
        rows: list[list[str]] = unpacked(self.table)
        return rows[1:] if self.has_headings else rows

    @property
    def headings(self) -> list[str]:
        """What the table calls its columns; [] where it has no headings."""
        return list(next(iter(unpacked(self.table)), [])) if self.has_headings else []

    @property
    def findings(self) -> list[tuple[str, str]]:
        """What became of each row, and in words what is wrong, or the number of who was added."""
        return [(outcome, words) for outcome, words in unpacked(self.outcomes)]

    @property
    def is_working(self) -> bool:
        return self.state in WORK

    @property
    def is_waiting(self) -> bool:
        """Whether no worker has taken it up yet."""
        return self.is_working and self.lease_until is None

    @property
    def is_checked(self) -> bool:
        """Whether it is known what becomes of each row."""
        return self.state in ADDED_UP

    @property
    def can_be_cancelled(self) -> bool:
        """Until a worker writes to the list."""
        return self.state in UNSETTLED and (
            self.state != ImportState.IMPORTING or self.lease_until is None
        )

    @property
    def expires_at(self) -> datetime:
        """When the table is erased."""
        return self.created_at + KEPT

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0


def packed(content: Any) -> bytes:
    """JSON, compressed: a table of ten thousand rows is some hundred kilobytes."""
    return zlib.compress(json.dumps(content, ensure_ascii=False).encode())


def unpacked(content: bytes | memoryview) -> Any:
    return json.loads(zlib.decompress(content)) if content else []
