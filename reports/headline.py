"""
How many people, from how many regions: the figure that is said aloud.

Always counted from the rows as they are (docs/figures.md says how). One query answers
the headline and every table beside it, so that their sums cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from attendance.models import Checkpoint, Presence
from events.models import Category, Meeting, OrganizationVariant, Region, RegionKind
from registrations.models import LIVE, Registration, Status
from reports.models import Basis

DOOR: Final = "door"


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What the people of a meeting are counted by: its categories and its regions."""

    meeting: Meeting
    categories: list[Category]
    regions: list[Region]

    @property
    def counted(self) -> list[Category]:
        """Those that count as participants: not the press, not the staff."""
        return [category for category in self.categories if category.counts_as_participant]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """
    The numbers of one meeting on one basis, at one moment.

    `by_region` and `by_category` hold people by primary key, None being "no region";
    the values of either sum up to `people`. `aside` holds those who are not counted.
    """

    basis: Basis
    as_of: datetime
    people: int
    ministries: int
    regions: int
    countries: int
    organizations: int
    by_region: dict[int | None, int]
    by_category: dict[int, int]
    aside: dict[int, int]
    everybody_has_a_region: bool

    @property
    def without_region(self) -> int:
        return self.by_region.get(None, 0)

    def numbers(self) -> dict[str, int]:
        """What a published figure keeps, and what a later one is compared with."""
        return {
            "people": self.people,
            "ministries": self.ministries,
            "regions": self.regions,
            "countries": self.countries,
            "organizations": self.organizations,
            "without_region": self.without_region,
        }


def lists(meeting: Meeting) -> Lists:
    """The meeting's categories and regions in their order: two queries."""
    return Lists(
        meeting=meeting,
        categories=list(meeting.categories.order_by("position", "pk")),
        regions=list(meeting.region_set.regions.select_related("group").in_order()),
    )


def count(*, lists: Lists, basis: Basis, at: datetime) -> Headline:
    """
    Count the participants of a meeting on that basis, as the rows are now: one query.

    `at` only dates the answer, and never later than the end of the meeting.
    """
    by_region: dict[int | None, int] = {}
    by_category = {category.pk: 0 for category in lists.counted}
    aside = {c.pk: 0 for c in lists.categories if not c.counts_as_participant}
    organizations = 0
    for category, region, n in _folded(lists, basis):
        if category is None:
            organizations = n
        elif category in by_category:
            by_region[region] = by_region.get(region, 0) + n
            by_category[category] += n
        else:
            aside[category] = aside.get(category, 0) + n

    present = [r for r in lists.regions if r.is_active and r.pk in by_region]
    regions = {r.pk for r in present if r.kind == RegionKind.REGION}
    return Headline(
        basis=basis,
        as_of=min(at, lists.meeting.ends_at),
        people=sum(by_category.values()),
        ministries=sum(by_category[c.pk] for c in lists.counted if c.is_ministry),
        regions=len(regions),
        countries=sum(r.kind == RegionKind.COUNTRY for r in present),
        organizations=organizations,
        by_region=by_region,
        by_category=by_category,
        aside=aside,
        everybody_has_a_region=bool(by_region) and set(by_region) == regions,
    )


def is_the_day(meeting: Meeting, *, at: datetime) -> bool:
    """
    Whether the day of the meeting has come at the venue, or has been.

    What desks scan on the days before is a rehearsal, and nobody took part in anything.
    """
    opens = meeting.doors_at or meeting.starts_at
    return at.astimezone(meeting.zone).date() >= opens.astimezone(meeting.zone).date()


def bases(meeting: Meeting, *, at: datetime) -> list[Basis]:
    """On what the meeting can be counted at that moment: who came, from its day on."""
    return [b for b in Basis if b != Basis.CHECKED_IN or is_the_day(meeting, at=at)]


def has_check_ins(meeting: Meeting) -> bool:
    """Whether anybody was let in yet: until then figures stand on who is confirmed."""
    return Presence.objects.filter(checkpoint__meeting=meeting, checkpoint__code=DOOR).exists()


def natural_basis(meeting: Meeting, *, at: datetime) -> Basis:
    """Who came; until somebody did on the day of the meeting, who is confirmed."""
    came = is_the_day(meeting, at=at) and has_check_ins(meeting)
    return Basis.CHECKED_IN if came else Basis.CONFIRMED


# The people of the chosen basis are read once and folded in two ways at the same time: by
# category and region, and by organization. Headline and tables are sums over that.
# Spellings of one organization count once: the merged one where the organizer merged, else
# the normalized spelling itself.
_FOLD = """
WITH folded AS MATERIALIZED (
    SELECT category_id, region_id, organization_key, counts,
           grouping(organization_key) AS is_place, count(*) AS n
    FROM ({people}) people
    GROUP BY GROUPING SETS ((category_id, region_id), (counts, organization_key))
),
merged AS (
    SELECT DISTINCT
        CASE WHEN v.organization_id IS NULL THEN 'key ' || f.organization_key
             ELSE 'organization ' || v.organization_id END
    FROM folded f
    LEFT JOIN {variant} v ON v.meeting_id = %(meeting)s AND v.key = f.organization_key
    WHERE f.is_place = 0 AND f.counts AND f.organization_key <> ''
)
SELECT category_id, region_id, n FROM folded WHERE is_place = 1
UNION ALL
SELECT NULL, NULL, count(*) FROM merged
"""
# Answered from the index registration_figures alone.
_BY_STATUS = """
    SELECT category_id, region_id, organization_key, category_id = ANY(%(categories)s) AS counts
    FROM {registration}
    WHERE meeting_id = %(meeting)s AND status = ANY(%(statuses)s)
"""
# Whoever was let in took part, whatever became of the registration afterwards.
_BY_PRESENCE = """
    SELECT r.category_id, r.region_id, r.organization_key,
           r.category_id = ANY(%(categories)s) AS counts
    FROM {presence} p
    JOIN {checkpoint} d ON d.id = p.checkpoint_id AND d.code = %(door)s
    JOIN {registration} r ON r.id = p.registration_id AND r.meeting_id = d.meeting_id
    WHERE d.meeting_id = %(meeting)s
"""
_TABLES = {
    model.__name__.lower(): model._meta.db_table for model in (Checkpoint, Presence, Registration)
}
_QUERIES: Final = {
    basis: (
        _FOLD.format(people=people.format(**_TABLES), variant=OrganizationVariant._meta.db_table),
        [str(status) for status in statuses],
    )
    for basis, people, statuses in [
        (Basis.REGISTERED, _BY_STATUS, LIVE),
        (Basis.CONFIRMED, _BY_STATUS, [Status.CONFIRMED]),
        (Basis.CHECKED_IN, _BY_PRESENCE, []),
    ]
}


def _folded(lists: Lists, basis: Basis) -> list[tuple[int | None, int | None, int]]:
    query, statuses = _QUERIES[basis]
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "meeting": lists.meeting.pk,
                "categories": [category.pk for category in lists.counted],
                "statuses": statuses,
                "door": DOOR,
            },
        )
        return [(category, region, int(n)) for category, region, n in cursor.fetchall()]
