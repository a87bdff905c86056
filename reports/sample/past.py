"""
The people of the past meeting: 161 registrations and what became of them.

Its numbers are known beforehand (docs/figures.md), so that whatever is computed from the
rows can be held against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from registrations.models import Source
from reports.sample import organizations
from reports.sample.names import EDGE, Names
from reports.sample.people import Fate, Person, with_contacts

SEED: Final = 24012020
ZONE: Final = ZoneInfo("Europe/Moscow")
SEATS: Final = 130

# Regions by code, and how many of their people came. The ten large ones first, each with
# how many organizations they are from; then those that two people came from; then one.
LARGE: Final = {
    "MOW": (9, 6), "MOS": (8, 5), "TA": (7, 5), "KLU": (6, 4), "SPE": (5, 3),
    "LEN": (5, 3), "SVE": (4, 3), "SAM": (4, 3), "NIZ": (4, 3), "LIP": (4, 3),
}  # fmt: skip
PAIRS: Final = """
    TUL VOR ULY PSK BA CHE PER ROS KDA STA NVS KYA IRK PRI KHA
    """.split()  # noqa: SIM905 -- a list to read, not code
SINGLE: Final = ["KGD", "MUR", "AST", "VGG", "SAR", "UD", "SAK", "OMS", "SA", "KAM", "BU", "DA"]
# The regions of which the organizer has noted which companies the association counts in.
MEMBERS_NOTED: Final = ["MOW", "MOS", "TA"]
# Confirmed, and nobody came; of the next seven one each did not.
ABSENT: Final = ["KHM", "MAG", "KO", "YEV"]
NO_SHOWS: Final = ["MOW", "MOS", "TA", "KLU", "SVE", "NIZ", "VOR"]
# Where regional authorities came from: two from Moscow and its oblast each.
AUTHORITIES: Final = {
    "MOW": 2, "MOS": 2, "TA": 1, "KLU": 1, "SPE": 1, "LEN": 1, "SVE": 1, "SAM": 1, "NIZ": 1,
    "LIP": 1, "TUL": 1, "KGD": 1, "MUR": 1, "AST": 1, "UD": 1, "SA": 1, "DA": 1,
}  # fmt: skip
WHOLE_AUTHORITIES: Final = ["ULY", "PSK", "CHE", "STA"]
# Places of the delegations that were filled; with three that were given to colleagues.
DELEGATES: Final = {
    "MOW": 5, "MOS": 5, "TA": 6, "KLU": 6, "SPE": 4, "LEN": 4,
    "SVE": 4, "SAM": 3, "NIZ": 3, "LIP": 2, "TUL": 1,
}  # fmt: skip
# How many places each delegation has; one of the twelve named nobody.
QUOTAS: Final = {
    "MOW": 6, "MOS": 6, "TA": 6, "KLU": 7, "SPE": 4, "LEN": 5, "SVE": 4, "SAM": 4, "NIZ": 3,
    "LIP": 3, "TUL": 2, "BA": 2,
}  # fmt: skip
SUBSTITUTES: Final = ["TA", "KLU", "SVE"]
WALK_INS: Final = ["MOW", "MOW", "MOS", "TUL"]
PROMOTED: Final = ["ROS", "KDA"]


def people(seed: int = SEED) -> list[Person]:
    """Everybody on the list, in no particular order. The same seed gives the same people."""
    chance = Random(seed)  # noqa: S311 -- a sample, not a secret
    names = Names(chance)
    parks = iter(organizations.parks())
    came: list[Person] = []
    for region, (count, offices) in LARGE.items():
        came += _from_region(region, count, offices, parks, names)
    for region in PAIRS:
        came += _from_region(region, 2, 2 if region == "TUL" else 1, parks, names)
    for region in SINGLE:
        came += _from_region(region, 1, 1, parks, names)
    home = {person.region: person.organization for person in reversed(came)}

    listed = _with_sources(came)
    listed += _national(names)
    listed = _with_edge_names(listed, chance)
    for region in ABSENT:
        listed.append(_person(names, next(parks), "member", region, fate=Fate.NO_SHOW))
    for region in NO_SHOWS:
        listed.append(_person(names, home[region], "member", region, fate=Fate.NO_SHOW))
    listed += _uncounted(names)
    listed += _turned_away(names, home)
    return with_contacts(listed, chance)


def _person(
    names: Names,
    organization: str,
    category: str,
    region: str | None,
    *,
    fate: Fate = Fate.ATTENDED,
    source: str = Source.PUBLIC,
) -> Person:
    return Person(
        name=names.next(),
        organization=organization,
        category=category,
        region=region,
        source=source,
        fate=fate,
    )


def _from_region(
    region: str, count: int, offices: int, parks: Iterator[str], names: Names
) -> list[Person]:
    """The people of one region: of its authority first, then of its parks in turn."""
    whole = region in WHOLE_AUTHORITIES
    officials = count if whole else AUTHORITIES.get(region, 0)
    home = [next(parks) for _ in range(offices - bool(officials))]
    return [
        _person(names, organizations.authority(region), "authority", region)
        if n < officials
        else _person(names, home[(n - officials) % len(home)], "member", region)
        for n in range(count)
    ]


def _with_sources(came: list[Person]) -> list[Person]:
    """Who of the regions came through a delegation, off the waiting list, or unannounced."""
    places, walk_ins, promoted = dict(DELEGATES), list(WALK_INS), list(PROMOTED)
    marked = []
    # From the last to the first: authorities, which stand first, are always delegates.
    for person in reversed(came):
        region = person.region or ""
        if person.category == "member" and region in walk_ins:
            walk_ins.remove(region)
            person = replace(person, source=Source.WALK_IN, fate=Fate.WALK_IN)
        elif region in promoted:
            promoted.remove(region)
            person = replace(person, fate=Fate.PROMOTED)
        marked.append(person)
    marked.reverse()
    for n, person in enumerate(marked):
        if person.fate == Fate.ATTENDED and places.get(person.region or "", 0):
            places[person.region or ""] -= 1
            marked[n] = replace(person, source=Source.DELEGATION)
    return marked


def _national(names: Names) -> list[Person]:
    """Ministries, the host and the institutions: they represent no region."""
    economy, industry = organizations.MINISTRY_OF_ECONOMY, organizations.MINISTRY_OF_INDUSTRY
    spelled = [economy] * 5 + organizations.SPELLINGS[economy]
    spelled += [industry] * 4 + organizations.SPELLINGS[industry]
    invited = [
        _person(names, spelling, "ministry", None, source=Source.INVITATION) for spelling in spelled
    ]
    invited[:3] = [replace(person, by_assistant=True) for person in invited[:3]]
    hosts = [_person(names, organizations.ASSOCIATION, "host", None) for _ in range(4)]
    guests = [
        _person(names, name, "guest", None)
        for name, count in organizations.INSTITUTIONS.items()
        for _ in range(count)
    ]
    guests[:5] = [replace(guest, source=Source.INVITATION) for guest in guests[:5]]
    return [*invited, *hosts, *guests]


def _uncounted(names: Names) -> list[Person]:
    """Press and staff: they take no seat and stand in no figure."""
    press = [_person(names, name, "press", None) for name in organizations.NEWSPAPERS]
    staff = [
        _person(names, organizations.ASSOCIATION, "staff", None, source=Source.IMPORT)
        for _ in range(6)
    ]
    return [*press, *staff]


def _turned_away(names: Names, home: dict[str | None, str]) -> list[Person]:
    """Who is on the list and has no seat at the end: 7 cancelled, 3 declined, 4 wait, 2 pend."""
    fates: list[tuple[Fate, str]] = [
        *[(Fate.SUBSTITUTED, region) for region in SUBSTITUTES],
        *[(Fate.FREED, region) for region in ("SPE", "BA")],
        *[(Fate.WITHDRAWN, region) for region in ("PER", "NVS")],
        *[(Fate.WAITLISTED, region) for region in ("MOW", "MOS", "SAR", "KYA")],
        *[(Fate.PENDING, region) for region in ("TA", "OMS")],
    ]
    listed = [
        _person(
            names,
            home[region],
            "member",
            region,
            fate=fate,
            source=Source.DELEGATION if fate == Fate.SUBSTITUTED else Source.PUBLIC,
        )
        for fate, region in fates
    ]
    for n in range(1, 4):
        agency = f"Рекламное агентство «Вывеска-{n}» (демо)"
        listed.append(_person(names, agency, "guest", None, fate=Fate.DECLINED))
    return listed


def _with_edge_names(people: list[Person], chance: Random) -> list[Person]:
    """Give the remarkable names to people who came, far from each other on the list."""
    seats = [n for n, person in enumerate(people) if person.fate == Fate.ATTENDED]
    chosen = sorted(chance.sample(seats, len(EDGE)))
    dressed = list(people)
    for n, name in zip(chosen, EDGE, strict=True):
        dressed[n] = replace(dressed[n], name=name)
    return dressed
