"""Who came: the append-only log of scans, the devices that write it, and where they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Checkpoint(models.Model):
    """Where scans are made: the door of a meeting (a session's door is a later kind)."""

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="checkpoints")
    code = models.SlugField(max_length=30, default="door")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "code"], name="one_checkpoint_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.meeting_id}"


class DeviceQuerySet(models.QuerySet["Device"]):
    def valid(self, at: datetime) -> Self:
        """Neither device nor link is revoked, renewed or has run out."""
        return self.filter(
            revoked_at=None,
            link_generation=models.F("access_link__generation"),
            expires_at__gt=at,
            access_link__revoked_at=None,
            access_link__expires_at__gt=at,
        )


class Device(models.Model):
    """A browser that started as a desk: a short-lived token bound to meeting and checkpoint."""

    access_link = models.ForeignKey("events.AccessLink", models.CASCADE, related_name="devices")
    # Which of the link's addresses let it in: a renewed link ends the shifts of the old one.
    link_generation = models.PositiveIntegerField()
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="devices")
    label = models.CharField(max_length=60)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    objects = DeviceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.label}"


class ScanKind(models.TextChoices):
    ENTRY = "entry", _("entry")
    VOID = "void", _("undo")


class Method(models.TextChoices):
    CAMERA = "camera", _("camera")
    WEDGE = "wedge", _("barcode scanner")
    TYPED = "typed", _("typed")
    SEARCH = "search", _("search")
    WALK_IN = "walk_in", _("without registration")


class Outcome(models.TextChoices):
    """What the server made of a scan. The words are on the steward's screen."""

    ACCEPTED = "accepted", _("welcome")
    ALREADY_IN = "already_in", _("already in")
    PENDING = "pending_approval", _("awaiting decision")
    WAITLISTED = "waitlisted", _("on the waiting list")
    CANCELLED = "cancelled", _("registration cancelled")
    DECLINED = "declined", _("registration declined")
    ONLINE = "online", _("registered for online")
    OTHER_MEETING = "wrong_meeting", _("another meeting")
    UNKNOWN = "unknown", _("not recognized")
    VOIDED = "voided", _("undone")
    CLOSED = "meeting_cancelled", _("the meeting is cancelled")


class ScanQuerySet(models.QuerySet["Scan"]):
    def entries(self) -> Self:
        """Without the rows that only take others back."""
        return self.filter(kind=ScanKind.ENTRY)

    def of(self, *, checkpoint_id: int, device_id: int | None = None) -> Self:
        """One checkpoint's, or one shift's at it."""
        here = self.filter(checkpoint_id=checkpoint_id)
        return here if device_id is None else here.filter(device_id=device_id)

    def newest_first(self) -> Self:
        return self.order_by("-received_at", "-scanned_at", "-pk")


class Scan(models.Model):
    """
    One scan as it happened, with an id made by the client. Rows are only ever added.

    A void is a row that names the entry it takes back. Whether somebody is present is
    a fold over these rows (attendance.presence), never a field that is overwritten.
    """

    id = models.UUIDField(primary_key=True)
    # The indexes below begin with these; one of their own would only slow the door.
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="scans", db_index=False)
    registration = models.ForeignKey(
        "registrations.Registration",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="scans",
        db_index=False,
    )
    kind = models.CharField(max_length=5, choices=ScanKind)
    voids = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="voided_by"
    )
    outcome = models.CharField(max_length=17, choices=Outcome)
    method = models.CharField(max_length=7, choices=Method)
    desk = models.CharField(max_length=60)
    device = models.ForeignKey(Device, models.SET_NULL, null=True, blank=True, related_name="+")
    by_user = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What was read, cut; kept only when nobody was found, to explain it later.
    code = models.CharField(max_length=100, blank=True)
    # The device's clock corrected by its offset; order of arrival says nothing.
    scanned_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    content_hash = models.BinaryField(max_length=32)

    objects = ScanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ScanKind.values), name="scan_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="scan_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="scan_method_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=ScanKind.VOID, voids__isnull=False)
                | Q(kind=ScanKind.ENTRY, voids=None),
                name="a_void_names_what_it_voids",
            ),
            models.UniqueConstraint(
                fields=["voids"], condition=Q(kind=ScanKind.VOID), name="an_entry_is_voided_once"
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.ACCEPTED) | Q(registration__isnull=False),
                name="only_a_known_person_comes_in",
            ),
        ]
        indexes = [
            models.Index(
                "registration",
                "checkpoint",
                "scanned_at",
                name="scan_of_person",
                condition=Q(registration__isnull=False),
            ),
            models.Index("checkpoint", "received_at", name="scan_by_arrival"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Presence(models.Model):
    """
    Who is in, derived from the log so that figures are quick; `rebuild_presence` remakes it.

    One row per person and checkpoint, there only while an entry stands that is not voided.
    """

    checkpoint = models.ForeignKey(
        Checkpoint, models.CASCADE, related_name="present", db_index=False
    )
    registration = models.ForeignKey(
        "registrations.Registration", models.CASCADE, related_name="presences"
    )
    scan = models.OneToOneField(Scan, models.PROTECT, related_name="+")
    first_at = models.DateTimeField()
    desk = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "registration"], name="a_person_is_in_once"
            )
        ]
        indexes = [
            models.Index(
                "checkpoint", "first_at", name="presence_by_time", include=["registration"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} at {self.checkpoint_id}"
