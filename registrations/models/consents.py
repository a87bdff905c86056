"""The texts that people agree to, and that they did."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registrations.models.registration import Registration


class ConsentKind(models.TextChoices):
    PROCESSING = "processing", _("processing of personal data")
    DISTRIBUTION = "distribution", _("publication in the list of participants")
    PHOTO = "photo", _("photo and video")
    ADVERTISING = "advertising", _("other mail from the organizer")


class ConsentDocumentQuerySet(models.QuerySet["ConsentDocument"]):
    def current(self) -> Self:
        return self.filter(replaced_at=None).order_by("position", "pk")


class ConsentDocument(models.Model):
    """
    A text that people agree to: one document, one unticked box (152-FZ Art. 9, GDPR 7).

    Never edited: a changed text is a new version, so that a consent always names the
    words it was given to.
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="consent_documents")
    kind = models.CharField(max_length=12, choices=ConsentKind, default=ConsentKind.PROCESSING)
    version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200)
    title_alt = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    text_alt = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    is_required = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = ConsentDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ConsentKind.values), name="consent_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["meeting", "kind", "version"], name="one_text_per_kind_and_version"
            ),
            models.UniqueConstraint(
                fields=["meeting", "kind"],
                condition=Q(replaced_at=None),
                name="one_current_text_per_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version} of {self.meeting_id}"


class GivenBy(models.TextChoices):
    SELF = "self", _("by the person")
    PROXY = "proxy", _("by whoever registered the person")
    ORGANIZER = "organizer", _("recorded by the organizer")


class Consent(models.Model):
    """That a document was agreed to: when, in which language, by whom, from where."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="consents")
    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=9, choices=GivenBy)
    language = models.CharField(max_length=10)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "document"],
                condition=Q(withdrawn_at=None),
                name="a_document_is_agreed_to_once",
            ),
            models.CheckConstraint(
                condition=Q(given_by__in=GivenBy.values), name="consent_giver_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} by {self.registration_id}"
