"""In which capacity people come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models.languages import in_language
from events.models.meetings import Meeting


class Colour(models.TextChoices):
    """A checked palette: each passes 4.5:1 with white words on it, and prints apart in grey."""

    BLUE = "blue", _("blue")
    GREEN = "green", _("green")
    PURPLE = "purple", _("purple")
    TEAL = "teal", _("teal")
    BROWN = "brown", _("brown")
    RED = "red", _("red")
    GREY = "grey", _("grey")
    BLACK = "black", _("black")


class Category(models.Model):
    """In what capacity somebody comes: the band on the badge, and whether he counts."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="categories")
    code = models.SlugField(max_length=30)
    name = models.CharField(_("name"), max_length=80)
    name_alt = models.CharField(_("name in the second language"), max_length=80, blank=True)
    colour = models.CharField(max_length=6, choices=Colour, default=Colour.BLUE)
    # Press and staff do not: they take no seat and stand in no figure.
    counts_as_participant = models.BooleanField(default=True)
    # Named in the headline figure: "including 12 representatives of ministries".
    is_ministry = models.BooleanField(default=False)
    self_selectable = models.BooleanField(default=True)
    # What part of the seats it should have, against the shares of the others; by it the
    # waiting list of a meeting with that policy moves up.
    share = models.PositiveSmallIntegerField(_("share of the seats"), default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "code"], name="one_category_per_code_and_meeting"
            ),
            models.CheckConstraint(
                condition=Q(colour__in=Colour.values), name="category_colour_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.meeting_id}"

    def text(self, *, main_language: str) -> str:
        return in_language(self.name, self.name_alt, main_language=main_language)
