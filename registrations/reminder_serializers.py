"""What the API says and takes about rules of reminders, and what it says of their plan."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.models import Session
from registrations import reminder_words, reminders
from registrations.models import Delegation, Presence, ReminderRule, RuleKind, RuleStatus
from registrations.reminder_forecast import Forecast
from registrations.serializers import CategoryField, RegionField


@extend_schema_field(OpenApiTypes.UUID)
class DelegationField(serializers.Field[Delegation, str, str, Any]):
    """The uid of a delegation of the meeting."""

    default_error_messages = {"unknown": _("There is no such delegation.")}

    def to_internal_value(self, data: Any) -> Delegation:
        known = self.context["meeting"].delegations.all()
        delegation = next((one for one in known if str(one.uid) == data), None)
        if delegation is None:
            self.fail("unknown")
        return cast(Delegation, delegation)

    def to_representation(self, value: Delegation) -> str:
        return str(value.uid)


@extend_schema_field(OpenApiTypes.UUID)
class SessionField(serializers.Field[Session, str, str, Any]):
    """The uid of a session of the meeting."""

    default_error_messages = {"unknown": _("There is no such session.")}

    def to_internal_value(self, data: Any) -> Session:
        known = self.context["meeting"].sessions.all()
        session = next((one for one in known if str(one.uid) == data), None)
        if session is None:
            self.fail("unknown")
        return cast(Session, session)

    def to_representation(self, value: Session) -> str:
        return str(value.uid)


class ReminderRuleSerializer(serializers.ModelSerializer[ReminderRule]):
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
