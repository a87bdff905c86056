"""What the API says and takes about access codes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from events import years
from registrations import access_codes
from registrations.api_fields import CategoryField, LineField
from registrations.models import MOST_SEATS, AccessCode


class AccessCodeSerializer(serializers.Serializer[Any]):
    """A code, how many came with it, and its unlisted link."""

    uid = serializers.UUIDField(read_only=True)
    code = serializers.CharField(
        max_length=40, required=False,
        help_text="4 to 20 Latin letters and digits, stored as capitals; left out: one is drawn.",
    )  # fmt: skip
    label = LineField(  # type: ignore[assignment]  # DRF declares fields so
        max_length=200, help_text="For the organizers: whom it was given to."
    )
    category = CategoryField(help_text="Code, also of one that visitors may not choose.")
    limit = serializers.IntegerField(
        source="places.seat_limit", min_value=0, max_value=MOST_SEATS, allow_null=True,
        default=None, help_text="At most this many people; null: any number.",
    )  # fmt: skip
    used = serializers.IntegerField(source="places.used", read_only=True)
    opens_at = serializers.DateTimeField(allow_null=True, default=None, validators=[years.check])
    closes_at = serializers.DateTimeField(allow_null=True, default=None, validators=[years.check])
    opens_early = serializers.BooleanField(
        default=False, help_text="Also before registration opens to everybody."
    )
    skips_review = serializers.BooleanField(
        default=False, help_text="Whoever has the code is approved at once."
    )
    is_active = serializers.BooleanField(default=True)
    url = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)

    def get_url(self, code: AccessCode) -> str:
        return access_codes.url(code)

    def validate_code(self, typed: str) -> str:
        code = access_codes.normal(typed)
        if not access_codes.VALID.fullmatch(code):
            raise serializers.ValidationError(_("A code has 4 to 20 Latin letters and digits."))
        return code

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        opens = attrs.get("opens_at", getattr(self.instance, "opens_at", None))
        closes = attrs.get("closes_at", getattr(self.instance, "closes_at", None))
        if opens and closes and closes <= opens:
            raise serializers.ValidationError(
                {"closes_at": _("This is before the code becomes valid.")}
            )
        return attrs
