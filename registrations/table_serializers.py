"""How the API takes short tables in files: delegations to open, people to invite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from registrations.delegation_serializers import DelegationTermsSerializer
from registrations.invitation_serializers import InvitationTermsSerializer
from registrations.pasting import delegations, invitations
from registrations.serializers import LANGUAGES

IS_TRIAL = "Only look: nothing is saved, and 200 says what would be wrong."


def file_field() -> serializers.FileField:
    """A table of at most a thousand rows."""
    return serializers.FileField(
        help_text="XLSX or CSV (UTF-8, Windows-1251), up to 1,000 rows and 5 MB."
    )


def columns_field(known: Sequence[str]) -> serializers.CharField:
    """What the columns of a table are, where the program is not to guess it."""
    return serializers.CharField(
        default="",
        allow_blank=True,
        help_text=f"What each column is, with commas between: {', '.join(known)}, or nothing "
        "for one to be left out. Guessed where it is empty.",
    )


def check_columns(text: str, known: Sequence[str]) -> str:
    """:raises ValidationError: one of them is unknown, or named twice"""
    named = [part.strip() for part in text.split(",") if part.strip()]
    for field in named:
        if field not in known:
            raise serializers.ValidationError(
                _("“%(column)s” is no column of a list.") % {"column": field[:40]}
            )
    if len(named) != len(set(named)):
        raise serializers.ValidationError(_("A column is named twice."))
    return text


def mapping_of(text: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """
    A field for each column as `columns` says; [] where it says nothing.

    :raises ValidationError: the table has another number of columns
    """
    mapping = [field.strip() for field in text.split(",")] if text else []
    width = len(rows[0]) if rows else 0
    if mapping and len(mapping) != width:
        words = _("These columns do not fit the table: it has %(n)d.") % {"n": width}
        raise serializers.ValidationError({"columns": [words]})
    return mapping


class RowErrorSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="From 1, without the headings.")
    detail = serializers.CharField(help_text="What is wrong, in words.")


class TrialSerializer(serializers.Serializer[Any]):
    """What a table was taken for, and what is wrong with its rows."""

    columns = serializers.ListField(child=serializers.CharField(allow_blank=True))
    total = serializers.IntegerField(help_text="How many rows there are.")
    wrong = serializers.IntegerField(help_text="How many of them have errors.")
    errors = RowErrorSerializer(many=True, help_text="The first hundred.")  # type: ignore[assignment]  # a field, not ours


class DelegationRowSerializer(serializers.Serializer[Any]):
    """What a row of a list of delegations comes to."""

    row = serializers.IntegerField(help_text="From 1, without the headings.")
    name = serializers.CharField(help_text="What the delegation is called.")
    outcome = serializers.ChoiceField(
        choices=["opens", "fills"], help_text="A new one, or one that lacks a head."
    )


class DelegationTrialSerializer(TrialSerializer):
    """What a table of delegations was taken for."""

    rows = DelegationRowSerializer(many=True, help_text="Those without errors.")


class DelegationTableSerializer(DelegationTermsSerializer):
    """A table of delegations, with what is so for all of them where no column says it."""

    file = file_field()
    columns = columns_field(delegations.COLUMNS)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    asks = serializers.BooleanField(default=False, help_text="Write to their heads at once.")
    is_trial = serializers.BooleanField(default=False, help_text=IS_TRIAL)

    def validate_columns(self, text: str) -> str:
        return check_columns(text, delegations.COLUMNS)


class InvitationTableSerializer(InvitationTermsSerializer):
    """A table of people to invite, and the terms of all of these invitations."""

    file = file_field()
    columns = columns_field(invitations.COLUMNS)
    is_trial = serializers.BooleanField(default=False, help_text=IS_TRIAL)

    def validate_columns(self, text: str) -> str:
        return check_columns(text, invitations.COLUMNS)
