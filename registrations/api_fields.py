"""Fields of the API: what is typed about a person, and codes of what a meeting offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.models import Category, Meeting, Region
from registrations import names


class NameField(serializers.CharField):
    """One part of a name; the objection says which sign is in the way."""

    check: Callable[[str], str] = staticmethod(names.check)

    def __init__(self, *, max_length: int = 500, **options: Any) -> None:
        super().__init__(default="", allow_blank=True, max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return self.check(super().to_internal_value(data))
        except names.NameNotAccepted as objection:
            raise serializers.ValidationError(str(objection), code="name") from objection


class LatinField(NameField):
    check = staticmethod(names.check_latin)


class LineField(serializers.CharField):
    """A line of free text: what cannot be seen is taken out, nothing else is touched."""

    def to_internal_value(self, data: Any) -> str:
        cleaned = names.clean(super().to_internal_value(data))
        if not cleaned and not self.allow_blank:
            self.fail("blank")
        return cleaned


@extend_schema_field(OpenApiTypes.STR)
class RegionField(serializers.Field[Region, str, str, Any]):
    """The code of a region of the meeting's list, or null for "no region"."""

    default_error_messages = {"unknown": _("“{code}” is not a region of this meeting's list.")}

    def to_internal_value(self, data: Any) -> Region:
        meeting: Meeting = self.context["meeting"]
        known = meeting.region_set.regions.all() if _is_plain(data) else ()
        region = next((each for each in known if each.is_active and each.code == data), None)
        if region is None:
            self.fail("unknown", code=str(data)[:20])
        return region

    def to_representation(self, value: Region) -> str:
        return value.code


@extend_schema_field(OpenApiTypes.STR)
class CategoryField(serializers.Field[Category, str, str, Any]):
    """The code of a category of the meeting; visitors may name those open to choice."""

    default_error_messages = {"unknown": _("“{code}” is not a category open to you.")}

    def to_internal_value(self, data: Any) -> Category:
        meeting: Meeting = self.context["meeting"]
        is_free = self.context.get("as_organizer", False)
        known = meeting.categories.all() if _is_plain(data) else ()
        category = next((each for each in known if each.code == data), None)
        if category is None or not (category.self_selectable or is_free):
            self.fail("unknown", code=str(data)[:20])
        return category

    def to_representation(self, value: Category) -> str:
        return value.code


def _is_plain(data: Any) -> bool:
    return isinstance(data, str) and data.isprintable() and len(data) <= 40
