"""What a list of registrations may be narrowed to. All of it is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import django_filters
from django.db.models import QuerySet

from registrations import finding
from registrations.models import (
    AttendanceMode,
    Registration,
    RegistrationQuerySet,
    Source,
    Stage,
    Status,
)
from registrations.strictness import refuse_unknown

NO_REGION = "none"


# What else may stand behind the "?": pages, and the language of the answer.
BESIDES = {"cursor", "page_size", "lang"}


class RegistrationFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """
    Filters may be combined; `status`, `category` and `region` may be given repeatedly. One that
    is not known is refused: passed over, it would show or export more people than were meant.
    """

    q = django_filters.CharFilter(
        method="search",
        max_length=200,
        label="Name, e-mail, organization or number; ё is е, the wrong keyboard is understood.",
    )
    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    stage = django_filters.ChoiceFilter(
        choices=Stage.choices,
        method="at_stage",
        label="Requests by who decides next: a head, the organizer, or he again after a change.",
    )
    category = django_filters.CharFilter(field_name="category__code", max_length=30)
    region = django_filters.CharFilter(
        method="of_region", max_length=16, label="Code of a region, or `none`."
    )
    source = django_filters.ChoiceFilter(choices=Source.choices)
    delegation = django_filters.UUIDFilter(field_name="delegation__uid")
    access_code = django_filters.UUIDFilter(
        field_name="access_code__uid", label="Whoever came with this access code."
    )
    perhaps_twice = django_filters.BooleanFilter(
        method="of_one_name", label="Whoever has the whole name of another one on the list."
    )
    session = django_filters.UUIDFilter(
        field_name="session_seats__session__uid", label="Whoever has chosen this session."
    )
    attendance_mode = django_filters.ChoiceFilter(choices=AttendanceMode.choices)

    class Meta:
        model = Registration
        fields: list[str] = []

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        refuse_unknown(data, {*self.base_filters, *BESIDES})
        super().__init__(data, *args, **kwargs)

    def search(self, rows: QuerySet[Registration], name: str, query: str) -> QuerySet[Registration]:
        return finding.find(cast(RegistrationQuerySet, rows), query)

    def at_stage(
        self, rows: QuerySet[Registration], name: str, stage: str
    ) -> QuerySet[Registration]:
        return cast(RegistrationQuerySet, rows).at_stage(stage)

    def of_one_name(
        self, rows: QuerySet[Registration], name: str, asked: bool
    ) -> QuerySet[Registration]:
        twice = cast(RegistrationQuerySet, rows).perhaps_twice()
        return twice if asked else rows.exclude(pk__in=twice.values("pk"))

    def of_region(
        self, rows: QuerySet[Registration], name: str, code: str
    ) -> QuerySet[Registration]:
        if code == NO_REGION:
            return rows.filter(region=None)
        return rows.filter(region__code=code)
