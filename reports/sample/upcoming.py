"""The upcoming meeting as a plan: two weeks ahead, open, 52 of 60 seats taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from registrations.models import Source
from reports.sample import organizations
from reports.sample.names import EVERYDAY, Names
from reports.sample.past import ZONE
from reports.sample.people import Fate, Person, with_contacts

SEATS: Final = 60
AHEAD: Final = timedelta(days=14)
# Seated people by region; then those who represent none.
REGIONS: Final = {
    "MOW": 5, "MOS": 4, "TA": 4, "KLU": 3, "SPE": 3, "LIP": 2, "SVE": 2, "SAM": 2, "NIZ": 2,
    "TUL": 2, "PSK": 1, "KGD": 1, "CHE": 1, "ROS": 1, "STA": 1, "NVS": 1, "IRK": 1, "PRI": 1,
    "KAM": 1, "SA": 1, "OMS": 1, "UD": 1, "DA": 1, "ULY": 1,
}  # fmt: skip
# Delegations: places, who named people, who has not answered, who said that nobody comes.
QUOTAS: Final = {"TA": 5, "KLU": 3, "SPE": 4, "TUL": 3, "VOR": 2}
DELEGATES: Final = {"TA": 4, "KLU": 3, "SPE": 1}
REFUSED: Final = "VOR"


def people(seed: int) -> list[Person]:
    """57 registrations: 52 with a seat, press and staff beside them; and one cancelled."""
    chance = Random(seed + 100)  # noqa: S311 -- a sample, not a secret
    names = Names(chance)
    parks = organizations.parks()
    listed: list[Person] = []

    def add(organization: str, category: str, region: str | None = None) -> None:
        listed.append(
            Person(
                name=names.next(),
                organization=organization,
                category=category,
                region=region,
                source=Source.PUBLIC,
                fate=Fate.ATTENDED,
            )
        )

    for region, count in REGIONS.items():
        for n in range(count):
            if n == 0 and region in organizations.GENITIVES:
                add(organizations.authority(region), "authority", region)
            else:
                add(parks[len(listed) % len(parks)], "member", region)
    for ministry in (organizations.MINISTRY_OF_ECONOMY, organizations.MINISTRY_OF_INDUSTRY):
        add(ministry, "ministry")
        add(ministry, "ministry")
    add(organizations.ASSOCIATION, "host")
    add(organizations.ASSOCIATION, "host")
    for name in list(organizations.INSTITUTIONS)[:3]:
        add(name, "guest")
    seats = chance.sample(range(len(listed)), len(EVERYDAY))
    remarkable = [*EVERYDAY[::2], *EVERYDAY[1::2]]
    for seat, remarked in zip(sorted(seats), remarkable, strict=True):
        listed[seat] = replace(listed[seat], name=remarked)
    for newspaper in organizations.NEWSPAPERS[:2]:
        add(newspaper, "press")
    for _ in range(3):
        add(organizations.ASSOCIATION, "staff")
    add(parks[7], "member", "VOR")
    listed[-1] = replace(listed[-1], fate=Fate.FREED)
    return with_contacts(_with_delegates(listed), chance)


def _with_delegates(people: list[Person]) -> list[Person]:
    """The first of these regions were named by the heads of their delegations."""
    places = dict(DELEGATES)
    marked = []
    for person in people:
        if places.get(person.region or "", 0):
            places[person.region or ""] -= 1
            person = replace(person, source=Source.DELEGATION)
        marked.append(person)
    return marked


def starts_at(now: datetime) -> datetime:
    """Ten in the morning in Moscow, two weeks from now."""
    return datetime.combine((now.astimezone(ZONE) + AHEAD).date(), time(10), ZONE)


def moments(people: list[Person], seed: int, *, now: datetime) -> list[datetime]:
    """When each of them registered: in the days before now, by day, the first first."""
    chance = Random(seed + 101)  # noqa: S311 -- a sample, not a secret
    today = datetime.combine(now.astimezone(ZONE).date(), time(), ZONE)
    drawn = [
        today
        - timedelta(days=chance.randrange(1, 12))
        + timedelta(hours=9, seconds=chance.randrange(9 * 3600))
        for _ in people
    ]
    return sorted(drawn)
