"""What the API says and takes about sessions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events import years
from events.models import Session, SessionKind
from registrations.api_fields import LineField
from registrations.models import MOST_SEATS
from registrations.sessions.planning import MOST_SPEAKERS
from registrations.text_fields import cleaned_lines

MOST_INSTEAD = 20


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class SpeakersField(serializers.Field[str, list[str], list[str], Any]):
    """A list of lines: "Anna Petrova, Ministry of Industry"."""

    default_error_messages = {"lines": "A list of texts is needed."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, list) or not all(isinstance(line, str) for line in data):
            self.fail("lines")
        text = cleaned_lines("\n".join(data))
        if len(text) > MOST_SPEAKERS:
            raise serializers.ValidationError(
                _("Write at most %(n)s characters.") % {"n": MOST_SPEAKERS}
            )
        return text

    def to_representation(self, value: str) -> list[str]:
        return value.splitlines()


class SessionSerializer(serializers.Serializer[Any]):
    """
    A session. Numbers of places are told to its organizers, and to others where the organizer
    shows them (`shows_left`); else they are null.
    """

    uid = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(choices=SessionKind.choices, default=SessionKind.SESSION)
    title = LineField(max_length=300)
    title_alt = LineField(max_length=300, default="", allow_blank=True)
    starts_at = serializers.DateTimeField(validators=[years.check])
    ends_at = serializers.DateTimeField(validators=[years.check])
    room = LineField(max_length=200, default="", allow_blank=True)
    room_alt = LineField(max_length=200, default="", allow_blank=True)
    speakers = SpeakersField(default="")
    position = serializers.IntegerField(
        min_value=0, max_value=999, default=0, help_text="Among those that begin together."
    )
    capacity = serializers.IntegerField(
        source="places.seat_limit", min_value=0, max_value=MOST_SEATS, allow_null=True,
        default=None, help_text="A number makes it bookable; null: for everybody.",
    )  # fmt: skip
    shows_left = serializers.BooleanField(
        source="places.shows_left", default=False,
        help_text="Whether everybody may know how many places are left.",
    )  # fmt: skip
    is_bookable = serializers.SerializerMethodField()
    is_full = serializers.BooleanField(source="places.is_full", read_only=True)
    free = serializers.IntegerField(source="places.left", read_only=True, allow_null=True)
    taken = serializers.IntegerField(source="places.taken", read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)

    def get_is_bookable(self, session: Session) -> bool:
        return session.places.seat_limit is not None

    def to_representation(self, instance: Session) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context.get("as_organizer"):
            hidden = {"taken"} if instance.places.shows_left else {"taken", "free", "capacity"}
            shown |= dict.fromkeys(hidden)
        return shown

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts = attrs.get("starts_at", getattr(self.instance, "starts_at", None))
        ends = attrs.get("ends_at", getattr(self.instance, "ends_at", None))
        if starts and ends and ends <= starts:
            raise serializers.ValidationError({"ends_at": _("It ends before it begins.")})
        return attrs


class SessionChangesSerializer(SessionSerializer):
    """What is to change of a session."""

    releases = serializers.BooleanField(
        default=False, write_only=True,
        help_text="Move it also where people would be in two sessions at once: these keep the "
        "other one, and are told.",
    )  # fmt: skip


class ChoiceSerializer(serializers.Serializer[Any]):
    """A session as it stands for one person."""

    session = SessionSerializer()
    is_chosen = serializers.BooleanField(source="is_mine")
    clashes = serializers.ListField(
        child=serializers.UUIDField(), source="clash_uids",
        help_text="Chosen sessions at the same time.",
    )  # fmt: skip


class InsteadSerializer(serializers.Serializer[Any]):
    """What is given back for it, all at once or nothing."""

    instead_of = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=MOST_INSTEAD
    )
