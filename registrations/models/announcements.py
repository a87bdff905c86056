"""What an organizer writes once to some of the participants, and what became of it for each."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MOST_FILES, MOST_BYTES = 10, 5_000_000


class AnnouncementState(models.TextChoices):
    DRAFT = "draft", _("draft")
    WRITING = "writing", _("being written")
    WRITTEN = "written", _("on its way")
    TAKEN_BACK = "taken_back", _("taken back")


class Fate(models.TextChoices):
    """What became of somebody an announcement was meant for; of a letter the outbox knows."""

    WAITING = "waiting", _("being written")
    WRITTEN = "written", _("written")
    NO_ADDRESS = "no_address", _("no e-mail address")
    UNSUBSCRIBED = "unsubscribed", _("wants no announcements")
    NO_CONSENT = "no_consent", _("has not agreed to such mail")
    TAKEN_BACK = "taken_back", _("taken back before it was written")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def being_written(self) -> Self:
        return self.filter(state=AnnouncementState.WRITING)


class Announcement(models.Model):
    """
    One message to many, each in the language he reads.

    `words` are subject and text by language, with placeholders; `criteria` the filter of the
    list of participants that says who is meant. Who was meant is fixed when it is sent.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="announcements")
    state = models.CharField(
        max_length=10, choices=AnnouncementState, default=AnnouncementState.DRAFT
    )
    words = models.JSONField(default=dict)
    criteria = models.JSONField(default=dict)
    # About something else than the meeting: only to who agreed to such mail.
    is_advertising = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=AnnouncementState.DRAFT, sent_at=None)
                | Q(
                    state__in=[
                        AnnouncementState.WRITING,
                        AnnouncementState.WRITTEN,
                        AnnouncementState.TAKEN_BACK,
                    ],
                    sent_at__isnull=False,
                ),
                name="an_announcement_is_sent_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=AnnouncementState.TAKEN_BACK, taken_back_at__isnull=False)
                | (~Q(state=AnnouncementState.TAKEN_BACK) & Q(taken_back_at=None)),
                name="an_announcement_is_taken_back_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                "id", name="announcement_unwritten", condition=Q(state=AnnouncementState.WRITING)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state} of {self.meeting_id}"

    @property
    def is_draft(self) -> bool:
        return self.state == AnnouncementState.DRAFT


class AnnouncementFile(models.Model):
    """A file that goes with every letter of an announcement; never changed once it is there."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=MOST_BYTES), name="a_file_has_a_size"
            ),
            models.UniqueConstraint(
                fields=["announcement", "name"], name="one_file_of_a_name_in_an_announcement"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.announcement_id}"


class AnnouncementRecipient(models.Model):
    """Somebody an announcement was meant for when it was sent."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="recipients")
    registration = models.ForeignKey("Registration", models.CASCADE, related_name="+")
    fate = models.CharField(max_length=12, choices=Fate, default=Fate.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "registration"], name="nobody_is_written_to_twice"
            ),
            models.CheckConstraint(condition=Q(fate__in=Fate.values), name="fate_is_known"),
        ]
        indexes = [
            models.Index(
                "announcement",
                "registration",
                name="recipients_to_write_to",
                condition=Q(fate=Fate.WAITING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} of {self.announcement_id}: {self.fate}"
