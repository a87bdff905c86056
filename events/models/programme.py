"""What a meeting consists of: lines of the agenda, sessions with a room."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models.languages import in_language
from events.models.meetings import Meeting


class AgendaItem(models.Model):
    """A line of the programme. Sessions with a room and seats of their own stand among these."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="agenda")
    starts_at = models.DateTimeField()
    title = models.CharField(max_length=300)
    title_alt = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)
    note_alt = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.title} of {self.meeting_id}"


class SessionKind(models.TextChoices):
    PLENARY = "plenary", _("plenary session")
    SESSION = "session", _("session")
    BREAK = "break", _("break")


class SessionQuerySet(models.QuerySet["Session"]):
    def in_order(self) -> Self:
        """By time; what begins together as the organizer wants it."""
        return self.order_by("starts_at", "position", "pk")


class Session(models.Model):
    """
    A part of a meeting with an end, perhaps a room and speakers.

    How many may come stands in its seat counter (`places`, in the house above). A number
    makes it bookable; without one it is for everybody.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    kind = models.CharField(
        _("it is a"), max_length=7, choices=SessionKind, default=SessionKind.SESSION
    )
    title = models.CharField(_("title"), max_length=300)
    title_alt = models.CharField(_("title in the second language"), max_length=300, blank=True)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    room = models.CharField(_("room"), max_length=200, blank=True)
    room_alt = models.CharField(_("room in the second language"), max_length=200, blank=True)
    # One a line: "Anna Petrova, Ministry of Industry".
    speakers = models.TextField(_("speakers"), blank=True)
    position = models.PositiveSmallIntegerField(
        _("place among those that begin together"), default=0
    )
    # SEQUENCE of the entry in calendars: rises with time, room and title.
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="session_starts_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SessionKind.values), name="session_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="a_session_has_a_title"),
            # What the seats of a session refer to: they are taken for this very time.
            models.UniqueConstraint(
                fields=["id", "starts_at", "ends_at"], name="a_session_has_one_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} of {self.meeting_id}"

    def text(self, field: str, *, main_language: str) -> str:
        """Title or room, for the reader's language."""
        main, alt = getattr(self, field), getattr(self, f"{field}_alt")
        return in_language(main, alt, main_language=main_language)
