"""How the API speaks of batches and of what the preflight found."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from badges.batches import MOST_DESKS
from badges.models import Batch, BatchKind, BatchState
from badges.preflight import Code


class BatchOrderSerializer(serializers.Serializer[Any]):
    """What to make. Shape only: whether it can be made is decided by the use case."""

    kind = serializers.ChoiceField(BatchKind.choices, default=BatchKind.BADGES)
    order = serializers.ChoiceField([("name", "by name"), ("desk", "by desk")], default="name")
    desks = serializers.IntegerField(min_value=1, max_value=MOST_DESKS, default=1)
    latin = serializers.BooleanField(default=True)
    patronymic = serializers.BooleanField(default=True)
    region = serializers.BooleanField(default=True)
    position = serializers.BooleanField(default=True)


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """A batch and how far it is; `file_url` once there is a file."""

    kind = serializers.ChoiceField(BatchKind.choices, read_only=True)
    state = serializers.ChoiceField(BatchState.choices, read_only=True)
    options = serializers.SerializerMethodField(help_text="What was asked for.")
    expires_at = serializers.DateTimeField(read_only=True)
    percent = serializers.IntegerField(read_only=True)
    error = serializers.CharField(source="explanation", read_only=True)
    file_url = serializers.SerializerMethodField(help_text="Empty until it is ready.")

    class Meta:
        model = Batch
        fields = [
            "id", "kind", "options", "state", "done", "total", "percent", "error",
            "created_at", "finished_at", "expires_at", "file_url",
        ]  # fmt: skip
        read_only_fields = fields

    def get_options(self, batch: Batch) -> dict[str, Any]:
        asked: dict[str, Any] = batch.options.get("asked", {})
        return asked

    @extend_schema_field(str)
    def get_file_url(self, batch: Batch) -> str:
        if not batch.is_ready:
            return ""
        slug = self.context["view"].kwargs["meeting"]
        address = reverse(
            "api-badge-batch-file", args=[slug, batch.pk], request=self.context.get("request")
        )
        return str(address)


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(Code.choices)
    about = serializers.CharField(help_text="The field, or the letters concerned.")
    text = serializers.CharField(help_text="The same in words.")


class ReportSerializer(serializers.Serializer[Any]):
    number = serializers.CharField(source="registration.number")
    name = serializers.CharField(source="registration.full_name")
    fix = serializers.CharField(help_text="The name as it probably should be; may be empty.")
    findings = FindingSerializer(many=True)


class PreflightSerializer(serializers.Serializer[Any]):
    """How many badges there are, and those to look at before printing."""

    count = serializers.IntegerField()
    reports = ReportSerializer(many=True)
