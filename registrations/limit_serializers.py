"""What the API says and takes about seats."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import years
from registrations.models import MOST_SEATS, SeatLimit


class LimitSerializer(serializers.Serializer[Any]):
    """How many seats, and how many of the meeting's are kept until when."""

    seat_limit = serializers.IntegerField(
        min_value=0, max_value=MOST_SEATS, allow_null=True, default=None,
        help_text="Null: as many as the meeting has.",
    )  # fmt: skip
    reserve = serializers.IntegerField(
        min_value=0, max_value=MOST_SEATS, default=0, help_text="Seats that nobody else gets."
    )
    reserved_until = serializers.DateTimeField(
        allow_null=True, default=None, validators=[years.check]
    )
    shows_left = serializers.BooleanField(
        default=False, help_text="Whether everybody may know how many seats are left."
    )


class NarrowLimitSerializer(serializers.ModelSerializer[SeatLimit]):
    """A narrow limit with its counters. `free` is null without a number."""

    scope = serializers.CharField(source="kind", read_only=True)
    code = serializers.CharField(read_only=True)
    free = serializers.IntegerField(source="left", allow_null=True, read_only=True)

    class Meta:
        model = SeatLimit
        fields = [
            "scope", "code", "seat_limit", "taken", "over", "free", "reserve", "reserved_until",
            "shows_left",
        ]  # fmt: skip
        read_only_fields = fields


class SeatsSerializer(serializers.Serializer[Any]):
    """The meeting's own counters. `free` is null without a limit."""

    seat_limit = serializers.IntegerField(min_value=0, max_value=MOST_SEATS, allow_null=True)
    taken = serializers.IntegerField(read_only=True)
    over = serializers.IntegerField(read_only=True, help_text="Seated beyond the limit.")
    held = serializers.IntegerField(read_only=True, help_text="Kept for somebody, not taken yet.")
    waiting = serializers.IntegerField(read_only=True)
    free = serializers.IntegerField(source="left", allow_null=True, read_only=True)


class AllLimitsSerializer(SeatsSerializer):
    """The meeting's own counters and its narrower limits."""

    limits = serializers.SerializerMethodField()

    @extend_schema_field(NarrowLimitSerializer(many=True))
    def get_limits(self, _seats: SeatLimit) -> Any:
        return NarrowLimitSerializer(self.context.get("limits", []), many=True).data


class SeatsMoreSerializer(serializers.Serializer[Any]):
    seats = serializers.IntegerField(min_value=1, max_value=25, default=5)


class NextSerializer(serializers.Serializer[Any]):
    """Somebody who waits, and as how many-th he would be confirmed."""

    place = serializers.IntegerField()
    number = serializers.CharField(source="registration.number")
    name = serializers.CharField(source="registration.full_name")
    category = serializers.CharField(source="registration.category.code")
    region = serializers.SerializerMethodField()
    waiting_since = serializers.DateTimeField(source="registration.waiting_since")

    def get_region(self, one: Any) -> str | None:
        return one.registration.region.code if one.registration.region else None
