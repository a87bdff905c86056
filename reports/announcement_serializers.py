"""What the API says and takes about messages to many."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from registrations.announcement_letters import UNDO, words_of
from registrations.announcing import Wish
from registrations.mail_text_serializers import WordsSerializer
from registrations.models import Announcement
from registrations.own_texts import Words
from registrations.strictness import Strict, refuse_unknown
from reports import deliveries
from reports.recipients import CRITERIA

LANGUAGES = [language for language, _name in settings.LANGUAGES]


class CriteriaSerializer(serializers.Serializer[Any]):
    """
    Who is meant: the filters of the list of participants, all of which must hold. A condition
    that the meeting does not know is refused.
    """

    status = serializers.CharField(
        max_length=20, required=False,
        help_text="`live` (all on the list; so if left out) or a status.",
    )  # fmt: skip
    category = serializers.CharField(max_length=60, required=False, help_text="Code.")
    region = serializers.CharField(
        max_length=60, required=False, help_text="Code; `none`: without a region."
    )
    delegation = serializers.CharField(max_length=60, required=False, help_text="Its uid.")
    stage = serializers.CharField(
        max_length=20, required=False,
        help_text="Who decides next: `head`, `organizer`, `changes`.",
    )  # fmt: skip
    session = serializers.CharField(
        max_length=60, required=False, help_text="Its uid: whoever has chosen it."
    )
    code = serializers.CharField(
        max_length=60, required=False, help_text="Uid of the access code that they came with."
    )
    mode = serializers.CharField(
        max_length=20, required=False, help_text="`in_person` or `online`."
    )
    came = serializers.CharField(max_length=3, required=False, help_text="`yes` or `no`.")
    # Spelled out: a field called `source` would be DRF's own.
    more = serializers.CharField(
        max_length=20, required=False,
        help_text="`no_consent`, `proxy`, `offered`, `over` … as on the list's page.",
    )  # fmt: skip
    q = serializers.CharField(max_length=100, required=False, help_text="As the search has it.")

    def to_internal_value(self, data: Any) -> Any:
        # Left out, it would write to more people than were meant.
        refuse_unknown(data, CRITERIA)
        return super().to_internal_value(data)


class EnclosedFileSerializer(serializers.Serializer[Any]):
    """A file that goes with every letter."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class AttachSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        allow_empty_file=False,
        help_text="PDF, picture or office document; all files together 5 MB at most.",
    )


class TrialSerializer(serializers.Serializer[Any]):
    language = serializers.ChoiceField(
        choices=LANGUAGES, required=False, help_text="Default: the meeting's."
    )


class DeliveriesSerializer(serializers.Serializer[Any]):
    """What became of the letters, and whom none was written to."""

    meant = serializers.IntegerField()
    sent = serializers.IntegerField()
    waiting = serializers.IntegerField()
    troubled = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    no_address = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    no_consent = serializers.IntegerField()
    left_out = serializers.IntegerField(
        help_text="Nothing is sent to their address; each message says why."
    )


class ReachSerializer(serializers.Serializer[Any]):
    """Whom it would reach if it was sent now."""

    people = serializers.IntegerField(help_text="Who is meant.")
    written_to = serializers.IntegerField()
    now = serializers.IntegerField(help_text="After a minute.")
    later = serializers.IntegerField(help_text="In the morning: it is night where they are.")
    no_address = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    no_consent = serializers.IntegerField()
    stopped = serializers.IntegerField(
        help_text="Mail to them came back or was stopped, or strangers gave the address too often."
    )


class AnnouncementSerializer(Strict, serializers.Serializer[Any]):
    """A message to many."""

    uid = serializers.UUIDField(read_only=True)
    state = serializers.CharField(
        read_only=True, help_text="`draft`, `writing`, `written` or `taken_back`."
    )
    words = serializers.DictField(
        child=WordsSerializer(),
        help_text="Subject and paragraphs by language (`ru`, `en`), with placeholders. Whoever "
        "reads another language gets the meeting's.",
    )
    criteria = CriteriaSerializer(default=dict)
    is_advertising = serializers.BooleanField(
        default=False, help_text="Not about the meeting: only to who agreed to such mail."
    )
    files = EnclosedFileSerializer(many=True, read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    sent_at = serializers.DateTimeField(read_only=True, allow_null=True)
    leaves_at = serializers.SerializerMethodField(help_text="Nothing leaves before.")
    taken_back_at = serializers.DateTimeField(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_leaves_at(self, announcement: Announcement) -> str | None:
        sent_at = announcement.sent_at
        return serializers.DateTimeField().to_representation(sent_at + UNDO) if sent_at else None

    def validate_words(self, words: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(words) - set(LANGUAGES))
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "Unknown."))
        return words

    @property
    def wish(self) -> Wish:
        """What was sent, as the use cases want it; what was left out stays as it is."""
        said = dict(self.validated_data)
        known: dict[str, Any] = {}
        if isinstance(self.instance, Announcement):
            known = {
                "words": words_of(self.instance),
                "criteria": self.instance.criteria,
                "is_advertising": self.instance.is_advertising,
            }
        if "words" in said:
            said["words"] = {name: Words(**words) for name, words in said["words"].items()}
        return Wish(**known | said)


class WatchedSerializer(AnnouncementSerializer):
    """One message with what became of it."""

    counts = serializers.SerializerMethodField()

    @extend_schema_field(DeliveriesSerializer)
    def get_counts(self, announcement: Announcement) -> dict[str, int]:
        return deliveries.counts(announcement)


class RecipientSerializer(serializers.Serializer[Any]):
    """Somebody it was meant for."""

    number = serializers.CharField(source="registration.number")
    name = serializers.CharField(source="registration.full_name")
    email = serializers.CharField(source="registration.email")
    state = serializers.CharField(
        help_text="Of the letter; or `no_address`, `unsubscribed`, `no_consent`, `taken_back`."
    )
    explanation = serializers.CharField(help_text="Why, for people.")
    moment = serializers.DateTimeField(allow_null=True, help_text="When it was sent, or is due.")
