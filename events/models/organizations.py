"""Who sends people, and how they spell it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from events.models.meetings import Meeting


class Organization(models.Model):
    """An organization as the organizer wants it written; typed variants point to it."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="organizations")
    name = models.CharField(_("full name"), max_length=300)
    short_name = models.CharField(_("short name, for badges"), max_length=60, blank=True)
    # Where it is at home, whichever regions its people represent.
    region = models.ForeignKey("Region", models.SET_NULL, null=True, blank=True, related_name="+")
    is_member = models.BooleanField(_("member of the host’s association"), default=False)

    def __str__(self) -> str:
        return f"{self.short_name or self.name} of {self.meeting_id}"


class OrganizationVariant(models.Model):
    """One way in which participants typed an organization's name (its normalized key)."""

    meeting = models.ForeignKey(Meeting, models.CASCADE)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="variants")
    key = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "key"], name="a_variant_means_one_organization"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.meeting_id}"
