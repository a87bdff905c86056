"""What the API says and takes about rules of reminders, and what it says of their plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from registrations import reminder_words, reminders
from registrations.api_fields import CategoryField, RegionField
from registrations.models import Presence, ReminderRule, RuleKind, RuleStatus
from registrations.reminder_forecast import Forecast
from registrations.strictness import Strict


class _OneOfMeeting(serializers.Field[Any, str, str, Any]):
    """One of the meeting's rows of a kind, by its uid."""

    rows: str

    def to_internal_value(self, data: Any) -> Any:
        known = getattr(self.context["meeting"], self.rows).all()
        found = next((one for one in known if str(one.uid) == data), None)
        if found is None:
            self.fail("unknown")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value.uid)


@extend_schema_field(OpenApiTypes.UUID)
class DelegationField(_OneOfMeeting):
    """The uid of a delegation of the meeting."""

    rows = "delegations"
    default_error_messages = {"unknown": gettext_lazy("There is no such delegation.")}


@extend_schema_field(OpenApiTypes.UUID)
class SessionField(_OneOfMeeting):
    """The uid of a session of the meeting."""

    rows = "sessions"
    default_error_messages = {"unknown": gettext_lazy("There is no such session.")}


class ReminderRuleSerializer(Strict, serializers.ModelSerializer[ReminderRule]):
    """When whom is reminded. What is null or left out does not narrow."""

    id = serializers.IntegerField(required=False)
    category = CategoryField(allow_null=True, default=None, help_text="Code: only these.")
    region = RegionField(allow_null=True, default=None, help_text="Code: only from there.")
    delegation = DelegationField(allow_null=True, default=None, help_text="Uid: only its people.")
    session = SessionField(allow_null=True, default=None, help_text="Uid: only who chose it.")
    presence = serializers.ChoiceField(
        choices=Presence.choices,
        required=False,
        help_text="At the door. After the end only `came`, which is the default there.",
    )

    class Meta:
        model = ReminderRule
        fields = [
            "id", "kind", "amount", "at_time", "audience", "status", "presence", "category",
            "region", "delegation", "session", "is_enabled",
        ]  # fmt: skip
        validators: list[Any] = []  # the use case says in words that two are the same

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, thanks = attrs["kind"], attrs["kind"] == RuleKind.DAYS_AFTER
        status = attrs.setdefault("status", RuleStatus.CONFIRMED)
        presence = attrs.setdefault("presence", Presence.CAME if thanks else Presence.ANY)
        if attrs["amount"] == 0:
            raise serializers.ValidationError({"amount": _("At least one.")})
        if (kind != RuleKind.HOURS_BEFORE) != (attrs.get("at_time") is not None):
            raise serializers.ValidationError(
                {"at_time": _("Days have a time of day, hours before have none.")}
            )
        if thanks and attrs["amount"] > reminders.THANKS_AT_MOST:
            raise serializers.ValidationError(
                {"amount": _("At most %(n)d.") % {"n": reminders.THANKS_AT_MOST}}
            )
        if thanks and (status, presence) != (RuleStatus.CONFIRMED, Presence.CAME):
            raise serializers.ValidationError(
                {"presence": _("After the end only those who came are written to.")}
            )
        if status == RuleStatus.WAITLISTED and presence != Presence.ANY:
            raise serializers.ValidationError(
                {"presence": _("Whoever waits for a seat is not expected at the door.")}
            )
        return attrs


class GroupSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    time_zone = serializers.CharField(source="zone.key")
    people = serializers.IntegerField()


class LeftOutSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="As in the list of messages.")
    explanation = serializers.CharField()
    people = serializers.IntegerField()


class ForecastSerializer(serializers.Serializer[Any]):
    """What one rule that is switched on will do, and has done."""

    rule = serializers.IntegerField(source="rule.pk")
    due_at = serializers.DateTimeField(help_text="The moment that the rule names.")
    groups = GroupSerializer(many=True, help_text="Who still gets it, by moment and clock.")
    waiting = serializers.IntegerField(help_text="Written, and about to leave.")
    sent = serializers.IntegerField()
    left_out = serializers.SerializerMethodField()

    @extend_schema_field(LeftOutSerializer(many=True))
    def get_left_out(self, forecast: Forecast) -> list[dict[str, Any]]:
        """To whom it does not go, and why."""
        rows = reminder_words.reasons(forecast)
        return [{"reason": r, "explanation": w, "people": n} for r, w, n in rows]
