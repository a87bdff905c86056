"""What the API says about the parts of a meeting that live in this house."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import access, regions, years
from events.models import (
    AccessLink,
    AgendaItem,
    Category,
    Host,
    Purpose,
    Region,
    RegionSet,
    validate_time_zone,
)


class HostSerializer(serializers.ModelSerializer[Host]):
    class Meta:
        model = Host
        fields = ["name", "name_alt"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # Where only a part of the meeting is changed, its hosts are replaced as a whole.
        if "name" not in attrs:
            required = self.fields["name"].error_messages["required"]
            raise serializers.ValidationError({"name": required}, code="required")
        return attrs


class AgendaItemSerializer(serializers.ModelSerializer[AgendaItem]):
    class Meta:
        model = AgendaItem
        fields = ["starts_at", "title", "title_alt", "note", "note_alt"]
        extra_kwargs = {"starts_at": {"validators": [years.check]}}


class CategorySerializer(serializers.ModelSerializer[Category]):
    """A category as everybody may know it."""

    class Meta:
        model = Category
        fields = ["code", "name", "name_alt", "colour", "self_selectable"]


class FullCategorySerializer(CategorySerializer):
    """A category as the organizers know it."""

    code = serializers.SlugField(max_length=30, required=False)

    class Meta(CategorySerializer.Meta):
        fields = [*CategorySerializer.Meta.fields, "counts_as_participant", "is_ministry", "share"]


class RegionSerializer(serializers.ModelSerializer[Region]):
    group = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)

    class Meta:
        model = Region
        fields = ["code", "kind", "name", "name_alt", "short_name", "group", "time_zone"]


class RegionGroupSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    name_alt = serializers.CharField()


class RegionSetSerializer(serializers.ModelSerializer[RegionSet]):
    """A list of regions without its entries: one to choose from."""

    is_shipped = serializers.SerializerMethodField()

    class Meta:
        model = RegionSet
        fields = ["id", "name", "name_alt", "language", "source", "is_shipped"]

    def get_is_shipped(self, region_set: RegionSet) -> bool:
        return region_set.owner_id is None


class FullRegionSetSerializer(RegionSetSerializer):
    """A list of regions with all that may be chosen, in order."""

    groups = serializers.SerializerMethodField()
    regions = serializers.SerializerMethodField()

    class Meta(RegionSetSerializer.Meta):
        fields = [*RegionSetSerializer.Meta.fields, "groups", "regions"]

    @extend_schema_field(RegionGroupSerializer(many=True))
    def get_groups(self, region_set: RegionSet) -> Any:
        return RegionGroupSerializer(region_set.groups.order_by("position", "pk"), many=True).data

    @extend_schema_field(RegionSerializer(many=True))
    def get_regions(self, region_set: RegionSet) -> Any:
        regions = region_set.regions.active().select_related("group").in_order()
        return RegionSerializer(regions, many=True).data


class PastedRegionsSerializer(serializers.Serializer[Any]):
    """An organizer's own list: names, one a line."""

    name = serializers.CharField(max_length=200)
    text = serializers.CharField(
        max_length=200_000,
        trim_whitespace=False,
        help_text="One name a line; after tabs the second-language name and a time zone.",
    )
    time_zone = serializers.CharField(max_length=64, validators=[validate_time_zone])
    language = serializers.CharField(max_length=10, default="ru")

    def validate_text(self, text: str) -> str:
        try:
            regions.check_list(text)
        except regions.ListNotAccepted as objection:
            raise serializers.ValidationError(str(objection)) from objection
        return text


class AccessLinkSerializer(serializers.ModelSerializer[AccessLink]):
    """A helper's link. Whoever has `url` can act at that desk or read the figures."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = AccessLink
        fields = [
            "id",
            "purpose",
            "label",
            "number",
            "may_admit",
            "url",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ]
        read_only_fields = ["created_at", "revoked_at", "last_used_at"]

    def get_url(self, link: AccessLink) -> str | None:
        return None if link.revoked_at else access.url(link)


class NewAccessLinkSerializer(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    label = serializers.CharField(max_length=60, default="", allow_blank=True)  # type: ignore[assignment]  # DRF declares fields so
    may_admit = serializers.BooleanField(default=True)
    expires_at = serializers.DateTimeField(
        required=False,
        validators=[years.check],
        help_text="Default: two days after the meeting, a press link 90 days.",
    )
