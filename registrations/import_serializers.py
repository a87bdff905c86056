"""How the API speaks of tables of people, and of what became of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from registrations.api_fields import CategoryField, LineField
from registrations.models import AttendanceMode, ImportRun, ImportState, Outcome
from registrations.pasting.columns import OF_PEOPLE as COLUMNS
from registrations.pasting.files import MOST_ROWS
from registrations.serializers import DetailsSerializer
from registrations.table_serializers import RowErrorSerializer, check_columns, columns_field

SHORT = 200
SHOWN_ERRORS = 100
# What no column can say, with what is meant where nothing is said.
BEYOND = {"attendance_mode": AttendanceMode.IN_PERSON, "time_zone": "", "language": None}


class BroughtSerializer(DetailsSerializer):
    """A row: only a name is needed; what is left out is empty, the category as usual."""

    email = serializers.EmailField(max_length=254, required=False)
    organization = LineField(max_length=300, required=False, allow_blank=True)


class OptionsSerializer(serializers.Serializer[Any]):
    skips_review = serializers.BooleanField(
        default=True, help_text="They are approved already, where the organizer approves."
    )
    is_told = serializers.BooleanField(default=True, help_text="Each gets the usual letter.")


class ImportSerializer(OptionsSerializer):
    """People, in the order in which they take seats. Above 1 MB, send a file."""

    people = BroughtSerializer(  # type: ignore[call-arg]  # the list takes max_length
        many=True, allow_empty=False, max_length=MOST_ROWS
    )

    def validate_people(self, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(people) <= SHORT:
            return people
        said = {
            field
            for one in people
            for field, usual in BEYOND.items()
            if one.get(field, usual) != usual
        }
        if said:
            words = _(
                "Imports take so many rows only with the columns of a table: leave out %(fields)s."
            )
            raise serializers.ValidationError(words % {"fields": ", ".join(sorted(said))})
        return people


def as_table(people: Sequence[dict[str, Any]]) -> list[list[str]]:
    """People as the rows of a table with all columns, under the names of these."""
    return [list(COLUMNS), *([_cell(one.get(field)) for field in COLUMNS] for one in people)]


def _cell(value: Any) -> str:
    """Regions and categories by their code, which every table may hold."""
    return str(getattr(value, "code", value) or "")


class FileSerializer(OptionsSerializer):
    """A table in a file, with what all of its rows have in common."""

    file = serializers.FileField(
        help_text="XLSX or CSV (UTF-8, Windows-1251), up to 10,000 rows and 5 MB."
    )
    columns = columns_field(COLUMNS)
    category = CategoryField(required=False, help_text="Code; default: the first open to choice.")
    language = serializers.ChoiceField(
        choices=[("ru", "ru"), ("en", "en")], required=False, help_text="Of the letters."
    )

    def validate_columns(self, text: str) -> str:
        return check_columns(text, COLUMNS)


class ImportRunSerializer(serializers.ModelSerializer[ImportRun]):
    """An import, how far it is, and what became of its rows."""

    id = serializers.UUIDField(source="uid", read_only=True)
    state = serializers.ChoiceField(ImportState.choices, read_only=True)
    columns = serializers.ListField(
        source="mapping", child=serializers.CharField(allow_blank=True), read_only=True
    )
    percent = serializers.IntegerField(read_only=True)
    trouble = serializers.SerializerMethodField(help_text="Why it failed, in words.")
    errors = serializers.SerializerMethodField(  # type: ignore[assignment]  # a field, not ours
        help_text="The first hundred, of one import."
    )
    expires_at = serializers.DateTimeField(read_only=True)
    result_url = serializers.SerializerMethodField(
        help_text="Takes a POST and gives all rows with what became of each; empty until checked."
    )

    class Meta:
        model = ImportRun
        fields = [
            "id", "state", "file_name", "columns", "total", "done", "percent", "ready", "listed",
            "wrong", "added", "refusal", "trouble", "errors", "created_at", "finished_at",
            "expires_at", "result_url",
        ]  # fmt: skip
        read_only_fields = fields

    def get_trouble(self, run: ImportRun) -> str:
        return str(run.get_trouble_display()) if run.trouble else ""

    @extend_schema_field(RowErrorSerializer(many=True))
    def get_errors(self, run: ImportRun) -> list[dict[str, Any]]:
        if not run.is_checked or self.context["view"].action == "list":
            return []
        wrong = (
            {"row": row, "detail": words}
            for row, (outcome, words) in enumerate(run.findings, start=1)
            if outcome == Outcome.WRONG
        )
        return list(islice(wrong, SHOWN_ERRORS))

    @extend_schema_field(str)
    def get_result_url(self, run: ImportRun) -> str:
        if not run.is_checked:
            return ""
        slug = self.context["view"].kwargs["meeting"]
        address = reverse(
            "api-import-result-xlsx", args=[slug, run.uid], request=self.context.get("request")
        )
        return str(address)
