"""The lists of regions, their groups, and the clocks that people there live by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models.languages import in_language

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a known time zone."), params={"name": name})


class RegionSetQuerySet(models.QuerySet["RegionSet"]):
    def offered_to(self, user: User | AnonymousUser) -> Self:
        """The shipped lists and the organizer's own."""
        return self.none() if user.is_anonymous else self.filter(Q(owner=None) | Q(owner=user))


class RegionSet(models.Model):
    """A list of regions. Its codes are opaque; nothing in the program knows a country."""

    name = models.CharField(_("name"), max_length=200)
    name_alt = models.CharField(_("name in the second language"), max_length=200, blank=True)
    language = models.CharField(max_length=10, default="ru")
    source = models.CharField(_("source"), max_length=300, blank=True)
    # None: shipped with the program and offered to everybody.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)

    objects = RegionSetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(owner=None), name="one_shipped_region_set_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        return in_language(self.name, self.name_alt, main_language=self.language)


class RegionGroup(models.Model):
    """A heading over regions: a federal district, a macro-region."""

    region_set = models.ForeignKey(RegionSet, models.CASCADE, related_name="groups")
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    name_alt = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region_set", "code"], name="one_group_per_code_and_region_set"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.region_set_id}"


class RegionKind(models.TextChoices):
    REGION = "region", _("region")
    COUNTRY = "country", _("country")
    OTHER = "other", _("other")


class RegionQuerySet(models.QuerySet["Region"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def in_order(self) -> Self:
        return self.order_by(F("group__position").asc(nulls_last=True), "position", "pk")


class Region(models.Model):
    """What a participant represents. Names in the set's language and in a second one."""

    region_set = models.ForeignKey(RegionSet, models.CASCADE, related_name="regions")
    group = models.ForeignKey(
        RegionGroup, models.SET_NULL, null=True, blank=True, related_name="regions"
    )
    code = models.CharField(max_length=16)
    kind = models.CharField(max_length=7, choices=RegionKind, default=RegionKind.REGION)
    name = models.CharField(_("name"), max_length=200)
    name_alt = models.CharField(_("name in the second language"), max_length=200, blank=True)
    short_name = models.CharField(_("short name"), max_length=100, blank=True)
    aliases = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region_set", "code"], name="one_region_per_code_and_set"
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{1,15}$"), name="region_code_is_plain"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RegionKind.values), name="region_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.region_set_id}"
