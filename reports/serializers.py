"""The figures' API, field by field."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from reports.models import Basis, FrozenFigure, Style


class NumbersSerializer(serializers.Serializer[Any]):
    people = serializers.IntegerField()
    ministries = serializers.IntegerField()
    regions = serializers.IntegerField()
    countries = serializers.IntegerField()
    organizations = serializers.IntegerField()
    without_region = serializers.IntegerField()


class SentencesSerializer(serializers.Serializer[Any]):
    ru = serializers.CharField()
    en = serializers.CharField()


class ChipSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    people = serializers.IntegerField()


class DistrictSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    people = serializers.IntegerField()
    regions = serializers.IntegerField(
        allow_null=True, help_text="None where the line is no district: countries, no region."
    )
    here = ChipSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField())


class CategoryLineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    people = serializers.IntegerField()
    counts = serializers.BooleanField()


class FrozenFigureSerializer(serializers.ModelSerializer[FrozenFigure]):
    """A published figure: what was said, and a hash that anybody can take again."""

    class Meta:
        model = FrozenFigure
        fields = (
            "id",
            "basis",
            "as_of",
            "sentences",
            "numbers",
            "sha256",
            "frozen_at",
            "frozen_by",
        )


class QuestionSerializer(serializers.Serializer[Any]):
    """On which basis to count, and how to say it."""

    basis = serializers.ChoiceField(
        choices=Basis.choices,
        required=False,
        help_text="By default who came, or who is confirmed while nobody has come yet.",
    )
    style = serializers.ChoiceField(choices=Style.choices, default=Style.EXACT)  # type: ignore[assignment]  # a field, not the option


class FreezeSerializer(serializers.Serializer[Any]):
    basis = serializers.ChoiceField(choices=Basis.choices)
    style = serializers.ChoiceField(choices=Style.choices, default=Style.EXACT)  # type: ignore[assignment]  # a field, not the option


class FiguresSerializer(serializers.Serializer[Any]):
    meeting = serializers.CharField()
    basis = serializers.ChoiceField(choices=Basis.choices)
    style = serializers.ChoiceField(choices=Style.choices)  # type: ignore[assignment]  # a field, not the option
    as_of = serializers.DateTimeField()
    time_zone = serializers.CharField()
    numbers = NumbersSerializer()
    sentences = SentencesSerializer()
    method = serializers.ListField(child=serializers.CharField())
    districts = DistrictSerializer(many=True)
    categories = CategoryLineSerializer(many=True)
    published = FrozenFigureSerializer(many=True)
