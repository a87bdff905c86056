"""What the API says and takes about delegations and their people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import years
from registrations.api_fields import CategoryField, LineField, NameField, RegionField
from registrations.delegations import answers, keys
from registrations.models import (
    MOST_SEATS,
    Delegation,
    DelegationRole,
    Registration,
)
from registrations.serializers import LANGUAGES

MOST_AT_ONCE = 200


class DelegationTermsSerializer(serializers.Serializer[Any]):
    """What delegations have in common."""

    quota = serializers.IntegerField(
        source="places.seat_limit", min_value=0, max_value=MOST_SEATS, allow_null=True,
        default=None, help_text="At most this many people; null: any number.",
    )  # fmt: skip
    closes_at = serializers.DateTimeField(
        allow_null=True, default=None, validators=[years.check],
        help_text="Null: together with the lists of the meeting.",
    )  # fmt: skip
    category = CategoryField(required=False, help_text="Code; default: the first open to choice.")
    skips_review = serializers.BooleanField(
        default=False, help_text="Whom the head names is approved at once."
    )


class DelegationSerializer(DelegationTermsSerializer):
    """A delegation as the organizer sees it. `head_url` is a key: it opens the list."""

    uid = serializers.UUIDField(read_only=True)
    name = LineField(max_length=300)
    region = RegionField(allow_null=True, default=None)
    head_name = LineField(max_length=250, allow_blank=True, default="")
    head_email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    named = serializers.IntegerField(source="places.used", read_only=True)
    over = serializers.IntegerField(source="places.over", read_only=True)
    state = serializers.SerializerMethodField(
        help_text="Whether the head has answered; `waits`: was asked, no answer yet."
    )
    asked_at = serializers.DateTimeField(read_only=True)
    reminded_at = serializers.DateTimeField(read_only=True)
    refused_at = serializers.DateTimeField(read_only=True, help_text="Nobody comes.")
    head_url = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)

    @extend_schema_field(serializers.ChoiceField(choices=answers.STATES))
    def get_state(self, delegation: Delegation) -> str:
        """`states` of the context: what each delegation's is, read for all of them at once."""
        return str(self.context["states"][delegation.pk])

    def get_head_url(self, delegation: Delegation) -> str:
        return keys.url(delegation)


class AskedSerializer(serializers.Serializer[Any]):
    delegations = serializers.ListField(
        child=serializers.UUIDField(), max_length=1000, required=False,
        help_text="Whom to write to; left out: all who have not answered.",
    )  # fmt: skip
    asked = serializers.IntegerField(read_only=True)


class FormerMemberSerializer(serializers.ModelSerializer[Any]):
    """Somebody who was named, as the head of the delegation sees it."""

    replaces = serializers.SlugRelatedField[Any](slug_field="number", read_only=True)
    reason = serializers.SerializerMethodField(
        help_text="Why somebody was declined, where the organizer lets it be read."
    )

    class Meta:
        model = Registration
        fields = [
            "number", "status", "reason", "delegation_role", "family_name", "given_name",
            "patronymic", "email", "organization", "position", "replaces",
        ]  # fmt: skip
        read_only_fields = fields

    def get_reason(self, registration: Registration) -> str:
        return registration.decision_reason if registration.shows_reason else ""


class MemberSerializer(FormerMemberSerializer):
    """Somebody on the list, and what became of the last mail; of a `Member`."""

    mail = serializers.ChoiceField(
        choices=["no_address", "bounced", "sent", "waiting", "none"], read_only=True
    )

    class Meta(FormerMemberSerializer.Meta):
        fields = [*FormerMemberSerializer.Meta.fields, "mail"]
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        said: dict[str, Any] = super().to_representation(instance.registration)
        return said | {"mail": instance.mail_state}


class NewMemberSerializer(serializers.Serializer[Any]):
    """Somebody whom the head names; region and category are the delegation's."""

    family_name = NameField()
    given_name = NameField()
    patronymic = NameField()
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    organization = LineField(max_length=300, allow_blank=True, default="")
    position = LineField(max_length=300, allow_blank=True, default="")
    delegation_role = serializers.ChoiceField(
        choices=DelegationRole.choices, default=DelegationRole.EXPERT
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["family_name"] or attrs["given_name"]):
            raise serializers.ValidationError(
                {"given_name": _("Write the name: family name or given name, or both.")}
            )
        return attrs


class AgreedSerializer(serializers.Serializer[Any]):
    agreed = serializers.BooleanField(
        default=False, help_text="They know that they are registered, and have agreed."
    )


class NewMembersSerializer(AgreedSerializer):
    """Several people at once: all of them, or none."""

    people = NewMemberSerializer(  # type: ignore[call-arg]  # the list takes max_length
        many=True, allow_empty=False, max_length=MOST_AT_ONCE
    )


class MySubstituteSerializer(NewMemberSerializer, AgreedSerializer):
    """Who comes instead; what is left out of organization, position and role stays as it is."""

    organization = LineField(max_length=300, allow_blank=True, required=False)
    position = LineField(max_length=300, allow_blank=True, required=False)
    delegation_role = serializers.ChoiceField(choices=DelegationRole.choices, required=False)


class WishSerializer(serializers.ModelSerializer[Registration]):
    """Somebody who registered himself and wants to come with the delegation."""

    class Meta:
        model = Registration
        fields = [
            "number", "family_name", "given_name", "patronymic", "organization", "position",
            "registered_at",
        ]  # fmt: skip
        read_only_fields = fields


class WishAnswerSerializer(serializers.Serializer[Any]):
    """What the head says of somebody."""

    answer = serializers.ChoiceField(choices=["approve", "reject"])
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)
    shows_reason = serializers.BooleanField(
        default=False, help_text="Whether the person reads the reason of a refusal."
    )


class RoleSerializer(serializers.Serializer[Any]):
    delegation_role = serializers.ChoiceField(choices=DelegationRole.choices)


class MyDelegationSerializer(serializers.Serializer[Any]):
    """A delegation as its head sees it."""

    name = serializers.CharField()
    meeting = serializers.CharField(source="meeting.slug")
    quota = serializers.IntegerField(source="places.seat_limit", allow_null=True)
    named = serializers.IntegerField(source="places.used")
    deadline = serializers.DateTimeField()
    is_open = serializers.BooleanField()
    refused_at = serializers.DateTimeField(allow_null=True)
    contact_email = serializers.CharField(
        source="meeting.contact_email", help_text="The organizer's."
    )
    people = MemberSerializer(many=True)
    former = FormerMemberSerializer(
        many=True, help_text="Named once, declined or cancelled since, and replaced by nobody."
    )
    wishes = WishSerializer(many=True, help_text="Who waits for the head's answer.")
