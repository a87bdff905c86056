"""The lists for the pass desk in the API, field by field."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from events.models import Meeting
from registrations.models import PassList
from registrations.pass_lists import NAMES, Change, Difference, Line


class PassListSerializer(serializers.ModelSerializer[PassList]):
    """A kept list. The counts are against the list before; they outlive the people."""

    class Meta:
        model = PassList
        fields = ("number", "made_at", "made_by", "note", "people", "added", "gone", "changed")
        read_only_fields = fields


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody as printed. What names an erased person is empty."""

    number = serializers.CharField()
    family_name = serializers.CharField()
    given_name = serializers.CharField()
    patronymic = serializers.CharField()
    organization = serializers.CharField()
    position = serializers.CharField()
    region = serializers.CharField(allow_null=True, help_text="Code.")
    region_name = serializers.CharField()
    category = serializers.CharField(allow_null=True, help_text="Code.")
    category_name = serializers.CharField()
    is_erased = serializers.BooleanField()


class ListedSerializer(PersonSerializer):
    change = serializers.ChoiceField(
        choices=["added", "changed"], allow_null=True, help_text="Against the list before."
    )
    instead_of = serializers.CharField(allow_null=True, help_text="Number of whom.")


class FullPassListSerializer(PassListSerializer):
    """A list with its people, by name."""

    lines = ListedSerializer(many=True)

    class Meta(PassListSerializer.Meta):
        fields = (*PassListSerializer.Meta.fields, "lines")  # type: ignore[assignment]  # one more


class EditSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    was = serializers.CharField(allow_blank=True)
    now = serializers.CharField(allow_blank=True)


class ChangeSerializer(PersonSerializer):
    change = serializers.ChoiceField(choices=["added", "gone", "changed"])
    instead_of = serializers.CharField(allow_null=True, help_text="Number of whom.")
    replaced_by = serializers.CharField(allow_null=True, help_text="Number of who comes instead.")
    edits = EditSerializer(many=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """What has changed since a list: until now, or until a later list."""

    since = serializers.IntegerField()
    until = serializers.IntegerField(allow_null=True, help_text="A list; null: now.")
    added = serializers.IntegerField()
    gone = serializers.IntegerField()
    changed = serializers.IntegerField()
    replaced = serializers.IntegerField(help_text="How many come instead of somebody.")
    changes = ChangeSerializer(many=True)


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class CloseSerializer(NoteSerializer):
    closes_registration = serializers.BooleanField(
        default=False, help_text="Whether new registrations are refused as well."
    )


class ReopenSerializer(serializers.Serializer[Any]):
    until = serializers.DateTimeField(
        default=None, allow_null=True, help_text="Null: until the meeting begins."
    )


class ListsSerializer(serializers.Serializer[Any]):
    is_closed = serializers.BooleanField()
    closes_at = serializers.DateTimeField(help_text="When they close, or have closed.")


def person(line: Line, meeting: Meeting) -> dict[str, Any]:
    """Somebody as printed, in the reader's language."""
    said = line.content
    return {
        "number": line.number,
        **{part: said.get(part, "") for part in (*NAMES, "organization", "position")},
        "region": said.get("region") or None,
        "region_name": line.text("region", meeting),
        "category": said.get("category"),
        "category_name": line.text("category", meeting),
        "is_erased": not said,
    }


def listed(line: Line, change: Change | None, meeting: Meeting) -> dict[str, Any]:
    """The same on a list."""
    return person(line, meeting) | {
        "change": change.kind if change else None,
        "instead_of": change.instead_of.number if change and change.instead_of else None,
    }


def difference(
    found: Difference, *, meeting: Meeting, since: PassList, until: PassList | None
) -> dict[str, Any]:
    """What has changed, whole."""
    return {
        "since": since.number,
        "until": until.number if until else None,
        "added": found.added,
        "gone": found.gone,
        "changed": found.changed,
        "replaced": found.replaced,
        "changes": [_change(one, meeting) for one in found.changes],
    }


def _change(one: Change, meeting: Meeting) -> dict[str, Any]:
    was, now = one.was, one.now
    return person(one.line, meeting) | {
        "change": one.kind,
        "instead_of": one.instead_of.number if one.instead_of else None,
        "replaced_by": one.replaced_by.number if one.replaced_by else None,
        "edits": [
            {"field": field, "was": was.text(field, meeting), "now": now.text(field, meeting)}
            for field in one.fields
            if was and now
        ],
    }
