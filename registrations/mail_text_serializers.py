"""What the API says and takes about the words of mails."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from registrations.models import LONGEST_SUBJECT, LONGEST_TEXT


class WordsSerializer(serializers.Serializer[Any]):
    """Subject and text; "" leaves either to the standard words."""

    subject = serializers.CharField(
        max_length=LONGEST_SUBJECT, default="", allow_blank=True, help_text="One line."
    )
    paragraphs = serializers.CharField(
        max_length=LONGEST_TEXT, default="", allow_blank=True,
        help_text="Plain text: an empty line begins a paragraph, **two asterisks** are bold, "
        "addresses become links, {placeholders} are filled in.",
    )  # fmt: skip


class MailTextSerializer(WordsSerializer):
    """The words of one mail in one language."""

    kind = serializers.CharField(read_only=True)
    language = serializers.CharField(read_only=True)
    is_own = serializers.BooleanField(
        read_only=True, help_text="false: the standard words hold, both fields are empty."
    )
    placeholders = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What may stand in braces."
    )
    version = serializers.IntegerField(read_only=True, help_text="0: the standard words.")


class PreviewRequestSerializer(serializers.Serializer[Any]):
    """Words to look at before they are saved; left out: those that hold."""

    subject = serializers.CharField(max_length=LONGEST_SUBJECT, required=False, allow_blank=True)
    paragraphs = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    registration = serializers.CharField(
        max_length=20, required=False,
        help_text="Number of the participant it is shown for; left out: somebody invented.",
    )  # fmt: skip


class PreviewSerializer(serializers.Serializer[Any]):
    """The mail as it would be read. Its links and codes open nothing."""

    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()
