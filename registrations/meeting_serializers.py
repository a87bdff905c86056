"""What the API says and takes about meetings. Serializers look at shapes and write nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import years
from events.models import Meeting, RegionSet
from events.serializers import (
    AgendaItemSerializer,
    CategorySerializer,
    FullRegionSetSerializer,
    HostSerializer,
)
from registrations.convening import OFFICE_PAGES
from registrations.limit_serializers import SeatsSerializer
from registrations.models import ConsentDocument

TEXTS = [
    "title",
    "title_alt",
    "short_title",
    "short_title_alt",
    "summary",
    "summary_alt",
    "venue",
    "venue_alt",
    "address",
    "address_alt",
    "map_url",
    "arrival_note",
    "arrival_note_alt",
]
TIMES = [
    "time_zone",
    "starts_at",
    "ends_at",
    "doors_at",
    "registration_opens_at",
    "registration_closes_at",
    "edits_close_at",
]
CONTACT = ["contact_name", "contact_email", "contact_phone"]
RULES = [
    "kind", "language", "format", "approval", "reviews_changes", "heads_decide_first",
    "has_waiting_list", "waiting_policy", "offer_hours", "asks_phone",
]  # fmt: skip


class ConsentDocumentSerializer(serializers.ModelSerializer[ConsentDocument]):
    class Meta:
        model = ConsentDocument
        fields = [
            "kind", "version", "title", "title_alt", "text", "text_alt", "sha256", "is_required",
            "position", "created_at",
        ]  # fmt: skip
        read_only_fields = ["version", "sha256", "position", "created_at"]


class MeetingLineSerializer(serializers.ModelSerializer[Meeting]):
    """A meeting in a list."""

    hosts = HostSerializer(many=True)
    takes_registrations = serializers.SerializerMethodField()

    class Meta:
        model = Meeting
        fields = [
            "slug", "status", "kind", "language", "title", "title_alt", "short_title",
            "short_title_alt", "format", "time_zone", "starts_at", "ends_at", "venue", "venue_alt",
            "hosts", "takes_registrations",
        ]  # fmt: skip

    def get_takes_registrations(self, meeting: Meeting) -> bool:
        return meeting.takes_registrations(timezone.now())


class MeetingSerializer(MeetingLineSerializer):
    """A meeting as everybody with the link may know it."""

    region_set = FullRegionSetSerializer()
    categories = serializers.SerializerMethodField()
    consent_documents = serializers.SerializerMethodField()
    agenda = AgendaItemSerializer(many=True)

    class Meta:
        model = Meeting
        fields = [
            "slug", "status", *RULES, *TEXTS, *TIMES, *CONTACT, "hosts", "agenda",
            "takes_registrations", "cancelled_at", "cancellation_reason", "region_set",
            "categories", "consent_documents",
        ]  # fmt: skip

    @extend_schema_field(CategorySerializer(many=True))
    def get_categories(self, meeting: Meeting) -> Any:
        chosen = sorted(meeting.categories.all(), key=lambda category: category.position)
        return CategorySerializer([each for each in chosen if self.shows(each)], many=True).data

    @extend_schema_field(ConsentDocumentSerializer(many=True))
    def get_consent_documents(self, meeting: Meeting) -> Any:
        return ConsentDocumentSerializer(meeting.consent_documents.current(), many=True).data

    def shows(self, category: Any) -> bool:
        """Strangers see the categories that they may choose."""
        return bool(category.self_selectable)


class OwnMeetingSerializer(MeetingSerializer):
    """A meeting as its organizers know it."""

    seats = SeatsSerializer()
    page_url = serializers.SerializerMethodField()

    class Meta(MeetingSerializer.Meta):
        fields = [
            *MeetingSerializer.Meta.fields, "online_url", "retention_days", "seats", "is_sample",
            "published_at", "purged_at", "created_at", "version", "page_url",
        ]  # fmt: skip

    def shows(self, category: Any) -> bool:
        return True

    def get_page_url(self, meeting: Meeting) -> str:
        return str(self.context.get("page_url", ""))


class OfferedRegionSet(serializers.PrimaryKeyRelatedField[RegionSet]):
    """The id of a list that is shipped or is the organizer's own."""

    def get_queryset(self) -> Any:
        return RegionSet.objects.offered_to(self.context["request"].user)

    def to_internal_value(self, data: Any) -> RegionSet:
        try:
            return super().to_internal_value(data)
        except OverflowError:  # 1e400 is a number in JSON, and no id
            self.fail("incorrect_type", data_type=type(data).__name__)


class NewMeetingSerializer(serializers.ModelSerializer[Meeting]):
    """What may be said about a meeting. Whatever is left out has a working default."""

    hosts = HostSerializer(many=True, required=False)
    seat_limit = serializers.IntegerField(
        min_value=0,
        max_value=1_000_000,
        allow_null=True,
        required=False,
        help_text="How many seats there are; null is no limit.",
    )
    region_set = OfferedRegionSet(required=False)

    class Meta:
        model = Meeting
        fields = [
            "slug", *RULES, *TEXTS, *TIMES, *CONTACT, "online_url", "retention_days", "region_set",
            "hosts", "seat_limit",
        ]  # fmt: skip
        extra_kwargs = {
            "slug": {"required": False, "validators": []},
            "short_title": {"required": False},
            **{name: {"validators": [years.check]} for name in TIMES if name != "time_zone"},
        }

    def validate_slug(self, slug: str) -> str:
        # By what, is nobody's business: it may be a draft of somebody else's.
        if slug in OFFICE_PAGES or Meeting.objects.filter(slug=slug).exists():
            raise serializers.ValidationError(_("This address is taken: choose another one."))
        return slug

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        def said(field: str) -> Any:
            if self.instance is None and field == "registration_closes_at":
                return attrs.get(field, attrs["starts_at"])  # what a draft begins with
            return attrs.get(field, getattr(self.instance, field, None))

        for earlier, later, objection, may_meet in (
            ("starts_at", "ends_at", _("The end must be after the start."), False),
            ("doors_at", "starts_at", _("Doors open before the start, not after it."), True),
            (
                "registration_opens_at",
                "registration_closes_at",
                _("Registration must open before it closes."),
                False,
            ),
        ):
            if earlier == "doors_at" and self.instance is not None and earlier not in attrs:
                continue  # They move along with the start.
            first, second = said(earlier), said(later)
            if not (isinstance(first, datetime) and isinstance(second, datetime)):
                continue
            if first > second or (first == second and not may_meet):
                field = earlier if earlier == "doors_at" or later not in attrs else later
                raise serializers.ValidationError({field: objection})
        if attrs.get("language", "ru")[:2] not in ("ru", "en"):
            raise serializers.ValidationError(
                {"language": _("Choose one of the languages that the pages speak: en, ru.")}
            )
        return attrs


class MeetingChangesSerializer(NewMeetingSerializer):
    """What may be changed later: the address of the page stays."""

    class Meta(NewMeetingSerializer.Meta):
        fields = [field for field in NewMeetingSerializer.Meta.fields if field != "slug"]


class CallOffSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=2000, default="", allow_blank=True, help_text="Everybody on the list reads it."
    )
