"""What the API says and takes about invitations."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import years
from registrations import full_names, names
from registrations.api_fields import CategoryField, LineField, NameField, RegionField
from registrations.invitations import keys, replies
from registrations.invitations.replies import Reply
from registrations.models import Invitation
from registrations.serializers import LANGUAGES, NewRegistrationSerializer

MOST_AT_ONCE = 200
REPLY = serializers.ChoiceField(choices=[str(one) for one in Reply if one != Reply.BOUNCED])


class InvitationTermsSerializer(serializers.Serializer[Any]):
    """What invitations of one list have in common."""

    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    category = CategoryField(required=False, help_text="Code; default: the first open to choice.")
    binds_email = serializers.BooleanField(
        default=True, help_text="Whoever accepts is registered with this address."
    )
    skips_review = serializers.BooleanField(
        default=False, help_text="Whoever accepts is approved at once."
    )
    allows_substitute = serializers.BooleanField(
        default=False, help_text="May be passed on to a colleague, once."
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, default=None, validators=[years.check],
        help_text="Null: when the lists of the meeting close.",
    )  # fmt: skip


class InvitationSerializer(InvitationTermsSerializer):
    """An invitation as the organizer sees it. `url` is a key: it answers the invitation."""

    uid = serializers.UUIDField(read_only=True)
    name = LineField(
        max_length=250, allow_blank=True, default="",
        help_text="In full, family name first; empty: the address is invited.",
    )  # fmt: skip
    email = serializers.EmailField(max_length=names.ADDRESS_LIMIT)
    region = RegionField(allow_null=True, default=None, help_text="Null: the person says it.")
    organization = LineField(max_length=300, allow_blank=True, default="")
    position = LineField(max_length=300, allow_blank=True, default="")
    instead_of = serializers.CharField(read_only=True, help_text="Who passed it on.")
    reply = serializers.SerializerMethodField()
    registration = serializers.CharField(
        source="registration.number", read_only=True, default=None,
        help_text="The number of what it became; null until it is accepted.",
    )  # fmt: skip
    sent_at = serializers.DateTimeField(read_only=True)
    reminded_at = serializers.DateTimeField(read_only=True)
    declined_at = serializers.DateTimeField(read_only=True)
    decline_note = serializers.CharField(read_only=True)
    withdrawn_at = serializers.DateTimeField(read_only=True)
    url = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)

    @extend_schema_field(REPLY)
    def get_reply(self, invitation: Invitation) -> str:
        """What has become of it; whether the mail arrived, the messages say."""
        return str(replies.reply(invitation, None, at=timezone.now()))

    def get_url(self, invitation: Invitation) -> str:
        return keys.url(invitation)

    def validate_name(self, name: str) -> str:
        for part in full_names.split(name):
            try:
                names.check(part)
            except names.NameNotAccepted as objection:
                raise serializers.ValidationError(str(objection), code="name") from objection
        return name


class NewInvitationsSerializer(serializers.Serializer[Any]):
    """Several invitations at once: all of them, or none."""

    invitations = InvitationSerializer(  # type: ignore[call-arg]  # the list takes max_length
        many=True, allow_empty=False, max_length=MOST_AT_ONCE
    )


class WrittenSerializer(serializers.Serializer[Any]):
    invitations = serializers.ListField(
        child=serializers.UUIDField(), max_length=1000, required=False,
        help_text="Whom to write to; left out: all whom it concerns.",
    )  # fmt: skip
    written = serializers.IntegerField(read_only=True)


class MyInvitationSerializer(serializers.Serializer[Any]):
    """An invitation as the invited person sees it."""

    meeting = serializers.CharField(source="meeting.slug")
    name = serializers.CharField()
    email = serializers.EmailField()
    organization = serializers.CharField()
    position = serializers.CharField()
    region = RegionField(allow_null=True)
    category = CategoryField()
    binds_email = serializers.BooleanField()
    allows_substitute = serializers.BooleanField()
    instead_of = serializers.CharField()
    deadline = serializers.DateTimeField()
    is_open = serializers.SerializerMethodField()
    reply = serializers.SerializerMethodField()

    def get_is_open(self, invitation: Invitation) -> bool:
        return invitation.is_open(timezone.now())

    @extend_schema_field(REPLY)
    def get_reply(self, invitation: Invitation) -> str:
        """What has become of it."""
        return str(replies.reply(invitation, None, at=timezone.now()))


class AcceptSerializer(NewRegistrationSerializer):
    """What the invited person sends: as a registration, without what the invitation says."""

    email = serializers.EmailField(
        max_length=254, required=False,
        help_text="Ignored where the invitation is bound to its address.",
    )  # fmt: skip
    category = None  # type: ignore[assignment]  # DRF's way of leaving a field out
    submitted_by = None  # type: ignore[assignment]
    access_code = None  # type: ignore[assignment]


class DeclineSerializer(serializers.Serializer[Any]):
    note = LineField(max_length=500, allow_blank=True, default="")


class PassOnSerializer(serializers.Serializer[Any]):
    """Who comes instead."""

    family_name = NameField()
    given_name = NameField()
    patronymic = NameField()
    email = serializers.EmailField(max_length=names.ADDRESS_LIMIT)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["family_name"] or attrs["given_name"]):
            raise serializers.ValidationError(
                {"given_name": _("Write the name: family name or given name, or both.")}
            )
        return attrs
