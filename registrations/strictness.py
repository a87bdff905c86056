"""Requests whose every field narrows: what is not known must not be passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework import serializers


def refuse_unknown(data: Any, known: Collection[str]) -> None:
    """:raises serializers.ValidationError: `data` has a field that is not known (`unknown`)"""
    unknown = sorted(set(map(str, data)) - set(known)) if isinstance(data, Mapping) else []
    if unknown:
        words = _("There is no such field.")
        refusal = serializers.ErrorDetail(words, code="unknown")
        raise serializers.ValidationError({name: [refusal] for name in unknown})


if TYPE_CHECKING:
    _Base = serializers.Serializer[Any]
else:
    _Base = object


class Strict(_Base):
    """A mistyped condition, left out, would reach more people than were meant: it is refused."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(data, self.fields)
        return super().to_internal_value(data)
