"""The organizer's own words for the mails of a meeting."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LONGEST_SUBJECT, LONGEST_TEXT = 200, 5_000


class MailText(models.Model):
    """
    What one mail of a meeting says in one language instead of the standard words.

    An empty field stands for the standard words; a row without any is no row. What is in
    braces is filled in when a letter is written (registrations.placeholders).
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="mail_texts")
    kind = models.CharField(max_length=30)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT, blank=True)
    paragraphs = models.TextField(_("text"), max_length=LONGEST_TEXT, blank=True)
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "kind", "language"], name="one_text_per_mail_and_language"
            ),
            models.CheckConstraint(
                condition=~Q(subject="", paragraphs=""), name="a_text_of_ones_own_says_something"
            ),
            models.CheckConstraint(
                condition=~Q(subject__regex=r"[\x01-\x1f\x7f\u0085\u2028\u2029]"),
                name="the_subject_of_a_mail_is_one_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.language} of {self.meeting_id}"
