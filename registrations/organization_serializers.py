"""What the API says and takes about organizations."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from registrations import names
from registrations.api_fields import LineField, RegionField

MOST_AT_ONCE = 500
MEMBER = "Of the host's association."
HOME = "Code of the region where it is at home, whomever its people represent."


class SpellingField(serializers.CharField):
    """A spelling as people typed it, or as the list has its `key`; known by its key alone."""

    def to_internal_value(self, data: Any) -> str:
        typed = super().to_internal_value(data)
        key = names.organization_key(typed)
        if not key or len(typed) > names.ORGANIZATION_KEY_LIMIT:
            raise serializers.ValidationError(_("Nothing of this can be read as a name."))
        return key


class SpellingSerializer(serializers.Serializer[Any]):
    """One way in which it was typed."""

    key = serializers.CharField(help_text="Case, quotation marks, dashes and ё aside.")
    typed = serializers.CharField()
    people = serializers.IntegerField(help_text="On the list, with this spelling.")


class OrganizationSerializer(serializers.Serializer[Any]):
    """An organization as the organizer calls it. Its `id` is the `code` of a seat limit."""

    id = serializers.IntegerField(source="organization.pk", read_only=True)
    name = LineField(source="organization.name", max_length=300)
    short_name = LineField(
        source="organization.short_name", max_length=60, allow_blank=True, default="",
        help_text="For badges and tables.",
    )  # fmt: skip
    region = RegionField(source="organization.region", allow_null=True, default=None)
    is_member = serializers.BooleanField(
        source="organization.is_member", default=False, help_text=MEMBER
    )
    people = serializers.IntegerField(read_only=True)
    spellings = SpellingSerializer(many=True, read_only=True)


class AlikeSerializer(serializers.Serializer[Any]):
    """Spellings that may be one organization: nothing was merged by that."""

    name = serializers.CharField(help_text="What it may be called.")
    organization = serializers.IntegerField(
        source="organization.pk", allow_null=True, default=None,
        help_text="Id of the merged one that they may belong to.",
    )  # fmt: skip
    spellings = SpellingSerializer(many=True)


class DirectorySerializer(serializers.Serializer[Any]):
    """All organizations behind a meeting."""

    organizations = OrganizationSerializer(many=True, help_text="What the organizer merged.")
    spellings = SpellingSerializer(many=True, help_text="Those that stand for themselves.")
    alike = AlikeSerializer(many=True)


class MergeSpellingsSerializer(serializers.Serializer[Any]):
    """Which spellings are one organization, and what it is called."""

    name = LineField(max_length=300)
    short_name = LineField(max_length=60, allow_blank=True, default="")
    region = RegionField(allow_null=True, default=None, help_text=HOME)
    is_member = serializers.BooleanField(default=False, help_text=MEMBER)
    spellings = serializers.ListField(
        child=SpellingField(), allow_empty=False, max_length=MOST_AT_ONCE,
        help_text="As typed, or their keys.",
    )  # fmt: skip


class JoinSerializer(serializers.Serializer[Any]):
    """What is changed of an organization; what is left out stays."""

    name = LineField(max_length=300, required=False)
    short_name = LineField(max_length=60, allow_blank=True, required=False)
    region = RegionField(allow_null=True, required=False, help_text=HOME)
    is_member = serializers.BooleanField(required=False, help_text=MEMBER)
    spellings = serializers.ListField(
        child=SpellingField(), max_length=MOST_AT_ONCE, default=list,
        help_text="More spellings that belong to it; one of another organization moves.",
    )  # fmt: skip


class SeparateSerializer(serializers.Serializer[Any]):
    spelling = SpellingField(help_text="As typed, or its key.")
