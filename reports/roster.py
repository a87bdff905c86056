"""The list of participants: which of them are asked for, in which order, and why none are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from attendance.models import Presence
from events.models import Category, Meeting, OrganizationVariant, Region, in_language
from registrations import finding, names
from registrations.models import (
    AttendanceMode,
    Consent,
    Registration,
    RegistrationQuerySet,
    Source,
    Stage,
    Status,
)
from reports.headline import DOOR

NO_REGION = "none"
CAME, STAYED_AWAY = "yes", "no"
LIVE = "live"
ORDERS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "name": (_("by name"), ("sort_key", "pk")),
    "new": (_("newest first"), ("-registered_at", "-pk")),
    "organization": (_("by organization"), ("organization_key", "sort_key", "pk")),
    "region": (
        _("by region"),
        (
            F("region__group__position").asc(nulls_last=True),
            F("region__position").asc(nulls_last=True),
            "sort_key",
            "pk",
        ),
    ),
    "line": (_("longest waiting first"), (F("line").asc(nulls_last=True), "sort_key", "pk")),
}


def names_to_check(people: RegistrationQuerySet) -> list[int]:
    """Whose name looks mistyped (scripts mixed, all capitals …): worth a look before printing."""
    rows = people.live().values_list("pk", "family_name", "given_name", "patronymic", "latin_name")
    return [
        pk
        for pk, family, given, patronymic, latin in rows
        if set(names.warnings(family, given, patronymic)) - ({"needs_latin"} if latin else set())
    ]


def without_consent(people: RegistrationQuerySet) -> RegistrationQuerySet:
    """Nobody has agreed for them: entered by the organizer, or taken back."""
    given = Consent.objects.filter(registration=OuterRef("pk"), withdrawn_at=None)
    return people.filter(~Exists(given))


def first_entry() -> Subquery:
    """When somebody was first let in at the meeting's door; None for whoever was not."""
    return Subquery(_at_the_door().values("first_at")[:1])


def _at_the_door() -> QuerySet[Presence]:
    return Presence.objects.filter(registration=OuterRef("pk"), checkpoint__code=DOOR)


def spelling() -> QuerySet[OrganizationVariant]:
    """Of the organization that somebody typed, where the organizer has merged it."""
    return OrganizationVariant.objects.filter(
        meeting=OuterRef("meeting"), key=OuterRef("organization_key")
    )


def of_members() -> QuerySet[OrganizationVariant]:
    """As above, where it is a member of the host's association."""
    return spelling().filter(organization__is_member=True)


MORE: dict[str, tuple[Any, Callable[[RegistrationQuerySet], RegistrationQuerySet]]] = {
    "names": (_("name to check"), lambda people: people.filter(pk__in=names_to_check(people))),
    "twins": (_("perhaps on the list twice"), lambda people: people.perhaps_twice()),
    "no_email": (_("without e-mail"), lambda people: people.filter(email="")),
    "proxy": (
        _("registered by somebody else"),
        lambda people: people.exclude(submitted_by_name="", submitted_by_email=""),
    ),
    "no_consent": (_("without consent"), without_consent),
    "members": (
        _("from member organizations"),
        lambda people: people.filter(Exists(of_members())),
    ),
    "offered": (_("seat offered"), lambda people: people.filter(offer__isnull=False)),
    "over": (_("over the limit of seats"), lambda people: people.over()),
}


class _StatusFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # untyped base
    def filter(self, people: RegistrationQuerySet, value: str) -> Any:
        return people.live() if value == LIVE else super().filter(people, value)


class RosterFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped base
    """What the address of the page may ask for. A value that is not known hides nothing."""

    q = django_filters.CharFilter(label=_("Search"), method="by_words")
    status = _StatusFilter(
        label=_("Status"),
        empty_label=_("any"),
        choices=[(LIVE, _("all on the list")), *Status.choices],
    )
    stage = django_filters.ChoiceFilter(
        label=_("Decision"), empty_label=_("any"), method="by_stage", choices=Stage.choices
    )
    category = django_filters.ModelChoiceFilter(
        label=_("Category"),
        empty_label=_("any"),
        queryset=Category.objects.none(),
        to_field_name="code",
    )
    region = django_filters.ChoiceFilter(
        label=_("Region"), empty_label=_("any"), method="by_region"
    )
    delegation = django_filters.ChoiceFilter(
        label=_("Delegation"), empty_label=_("any"), field_name="delegation__uid"
    )
    session = django_filters.ChoiceFilter(
        label=_("Session"), empty_label=_("any"), field_name="session_seats__session__uid"
    )
    code = django_filters.ChoiceFilter(
        label=_("Access code"), empty_label=_("any"), field_name="access_code__uid"
    )
    mode = django_filters.ChoiceFilter(
        label=_("Takes part"),
        empty_label=_("any"),
        field_name="attendance_mode",
        choices=AttendanceMode.choices,
    )
    came = django_filters.ChoiceFilter(
        label=_("Came"),
        empty_label=_("any"),
        method="by_presence",
        choices=[(CAME, _("yes")), (STAYED_AWAY, _("no"))],
    )
    source = django_filters.ChoiceFilter(
        label=_("Source"), empty_label=_("any"), choices=Source.choices
    )
    more = django_filters.ChoiceFilter(
        label=_("Also"),
        empty_label=_("any"),
        method="by_circumstance",
        choices=[(code, words) for code, (words, _narrow) in MORE.items()],
    )

    def __init__(self, data: QueryDict, *, meeting: Meeting) -> None:
        self.meeting = meeting
        super().__init__(data, queryset=Registration.objects.filter(meeting=meeting))
        category = self.filters["category"]
        category.queryset = meeting.categories.order_by("position", "pk")
        category.extra["queryset"] = category.queryset
        self.filters["region"].extra["choices"] = [
            (NO_REGION, _("no region")),
            *((region.code, region_name(region, meeting)) for region in self.regions),
        ]
        delegations = meeting.delegations.by_name().values_list("uid", "name")
        self._offer("delegation", [(str(uid), name) for uid, name in delegations])
        codes = meeting.access_codes.order_by("label", "pk").values_list("uid", "label", "code")
        self._offer("code", [(str(uid), f"{label} ({code})") for uid, label, code in codes])
        self._offer_sessions()
        field = self.form.fields["category"]
        field.label_from_instance = lambda one: one.text(main_language=meeting.language)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """A filter with these choices; none where there is nothing to choose."""
        if choices:
            self.filters[name].extra["choices"] = choices
        else:
            del self.filters[name]

    def _offer_sessions(self) -> None:
        """Those that somebody can choose, or has chosen."""
        sessions = self.meeting.sessions.filter(
            Q(places__seat_limit__isnull=False) | Q(places__taken__gt=0)
        )
        choices = [
            (str(session.uid), session.text("title", main_language=self.meeting.language))
            for session in sessions.in_order()
        ]
        self._offer("session", choices)

    @cached_property
    def regions(self) -> list[Region]:
        """Those that somebody comes from: a choice that finds nobody is no choice."""
        used = Registration.objects.filter(meeting=self.meeting, region=OuterRef("pk"))
        regions = Region.objects.filter(Exists(used), region_set=self.meeting.region_set_id)
        return list(regions.in_order())

    def by_words(self, people: RegistrationQuerySet, _name: str, typed: str) -> Any:
        return finding.find(people, typed)

    def by_region(self, people: RegistrationQuerySet, _name: str, code: str) -> Any:
        return people.filter(region=None) if code == NO_REGION else people.filter(region__code=code)

    def by_stage(self, people: RegistrationQuerySet, _name: str, stage: str) -> Any:
        return people.at_stage(stage)

    def by_presence(self, people: RegistrationQuerySet, _name: str, came: str) -> Any:
        seen = Exists(_at_the_door())
        return people.filter(seen if came == CAME else ~seen)

    def by_circumstance(self, people: RegistrationQuerySet, _name: str, what: str) -> Any:
        return MORE[what][1](people)

    @property
    def order(self) -> str:
        asked = str(self.data.get("sort", ""))
        return asked if asked in ORDERS else "name"

    @cached_property
    def people(self) -> RegistrationQuerySet:
        """Who was asked for, in order."""
        found: RegistrationQuerySet = self.qs
        return found.order_by(*ORDERS[self.order][1])

    @property
    def active(self) -> list[tuple[str, Any, str]]:
        """The filters in use, in words: (name in the address, label, chosen value)."""
        used = []
        for name, field in self.form.fields.items():
            value = str(self.data.get(name, "")).strip()
            if value and self.form.is_valid() and self.form.cleaned_data.get(name):
                choices = {str(key): words for key, words in getattr(field, "choices", ())}
                used.append((name, field.label, str(choices.get(value, value))))
        return used

    @property
    def is_narrow(self) -> bool:
        """Whether one of the rarer conditions is in use, or another order."""
        rarer = {name for name, _label, _value in self.active} - {"q", "status"}
        return bool(rarer) or self.order != "name"

    def without(self, name: str) -> RosterFilter:
        """The same question with one filter taken away."""
        rest = self.data.copy()
        rest.pop(name, None)
        return RosterFilter(rest, meeting=self.meeting)

    def hidden_by(self) -> list[dict[str, Any]]:
        """Why the list is empty: what each filter alone keeps from sight, the most first."""
        hidden = [
            {
                "label": label,
                "value": value,
                "count": (rest := self.without(name)).qs.count(),
                "query": rest.data.urlencode(),
            }
            for name, label, value in self.active
        ]
        return sorted(hidden, key=lambda line: -line["count"])


def region_name(region: Region, meeting: Meeting) -> str:
    """A region as the reader writes it; the set is the meeting's, so no query is needed."""
    return in_language(region.name, region.name_alt, main_language=meeting.region_set.language)
