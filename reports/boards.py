"""The headline in tables: by district and region, with who is missing, and by category."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from events.models import Region, RegionKind, in_language
from reports.headline import Headline, Lists


@dataclass(kw_only=True)
class RegionChip:
    """A region that is represented, and by how many."""

    code: str
    name: str
    people: int


@dataclass(kw_only=True)
class District:
    """
    A line of the table: a district, the countries, or those without a region.

    `regions` is None where the line stands for nothing that is counted as a region.
    """

    name: str
    note: str = ""
    people: int = 0
    # Of all people, in hundredths: the length of the bar.
    share: str = "0"
    regions: int | None = None
    here: list[RegionChip] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class CategoryLine:
    name: str
    people: int
    counts: bool


def by_district(headline: Headline, *, lists: Lists) -> list[District]:
    """
    Every district of the list, the largest first, then countries, others and "no region".

    The people of all lines sum up to the headline's, the regions likewise.
    """
    districts: dict[int | None, District] = {}
    countries = District(name=_("Countries"))
    others = District(name=_("Not in the list of regions"))
    for region in lists.regions:
        people = headline.by_region.get(region.pk, 0)
        if region.is_active and region.kind == RegionKind.REGION:
            district = districts.setdefault(region.group_id, _district(region, lists))
            district.regions = (district.regions or 0) + bool(people)
            if not people:
                district.missing.append(_short(region, lists))
        else:
            # A list of countries is long: who is missing there says nothing.
            is_country = region.is_active and region.kind == RegionKind.COUNTRY
            district = countries if is_country else others
        if people:
            district.people += people
            district.here.append(
                RegionChip(code=region.code, name=_short(region, lists), people=people)
            )
    # A list without districts is one table of regions.
    if list(districts) == [None]:
        districts[None].name = _("Regions")
    ordered = sorted(districts.values(), key=lambda district: -district.people)
    ordered += [line for line in (countries, others) if line.people]
    if headline.without_region:
        ordered.append(_without_region(headline, lists))
    for line in ordered:
        line.share = f"{100 * line.people / max(headline.people, 1):.1f}"
        line.here.sort(key=lambda chip: (-chip.people, chip.name))
    return ordered


def by_category(headline: Headline, *, lists: Lists) -> list[CategoryLine]:
    """The meeting's categories in order; those that do not count come last."""
    language = lists.meeting.language
    people = headline.by_category | headline.aside
    lines = [
        CategoryLine(
            name=category.text(main_language=language),
            people=people[category.pk],
            counts=category.counts_as_participant,
        )
        for category in lists.categories
    ]
    return sorted(lines, key=lambda line: not line.counts)


def _district(region: Region, lists: Lists) -> District:
    group = region.group
    if group is None:
        return District(name=_("Other regions"))
    language = lists.meeting.region_set.language
    return District(name=in_language(group.name, group.name_alt, main_language=language))


def _without_region(headline: Headline, lists: Lists) -> District:
    return District(
        name=_("No region"),
        note=_("federal and national organizations"),
        people=headline.without_region,
    )


def _short(region: Region, lists: Lists) -> str:
    """The region as tables have it: the short name belongs to the list's main language."""
    language = lists.meeting.region_set.language
    return in_language(region.short_name or region.name, region.name_alt, main_language=language)
