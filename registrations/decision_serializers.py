"""What the API says and takes about decisions on registrations, on one or on many."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from registrations.models import Status

# Each is a transaction of its own, and the request waits for all.
MOST_AT_ONCE = 200


class TransitionSerializer(serializers.Serializer[Any]):
    """What the organizer decides."""

    event = serializers.ChoiceField(
        choices=[
            "approve", "decline", "promote", "offer", "withdraw_offer", "cancel", "restore",
            "erase",
        ]
    )  # fmt: skip
    reason = serializers.CharField(max_length=2000, default="", allow_blank=True)
    shows_reason = serializers.BooleanField(
        default=False, help_text="Whether the person reads the reason of a refusal."
    )
    over_capacity = serializers.BooleanField(
        default=False, help_text="Deliberately beyond the seat limit; stands in the journal."
    )


class BulkTransitionSerializer(TransitionSerializer):
    """One decision on many."""

    event = serializers.ChoiceField(
        choices=["approve", "decline", "promote", "offer", "withdraw_offer", "cancel", "restore"]
    )
    numbers = serializers.ListField(
        child=serializers.CharField(max_length=20), allow_empty=False, max_length=MOST_AT_ONCE,
        help_text=f"Of registrations of the meeting, at most {MOST_AT_ONCE}.",
    )  # fmt: skip


class DecidedSerializer(serializers.Serializer[Any]):
    """What became of one of them."""

    number = serializers.CharField()
    status = serializers.ChoiceField(
        choices=Status.choices,
        allow_null=True,
        help_text="As it is now; null: not of this meeting.",
    )
    code = serializers.CharField(help_text="Why nothing was changed; empty where it was decided.")
    detail = serializers.CharField(help_text="The same as a sentence.")
