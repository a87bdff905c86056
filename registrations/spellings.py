"""How organizations were typed, what the organizer merged, and what looks alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Max

from events.models import Meeting, Organization, OrganizationVariant
from registrations import names
from registrations.models import Registration

# Words that say what kind of a company it is: people write them or do not.
FORMS = frozenset(
    """
    ооо оао зао пао ао нао ип нко ано фгуп гуп муп фгбу фгау гбу гау мбу гку фку мку фонд
    llc ltd inc jsc pjsc ojsc cjsc gmbh co company limited
    """.split()  # noqa: SIM905
)
# Shorter names have too many neighbours that are one letter away.
_LONG_ENOUGH = 7
_MOST_LETTERS = 80
_FEWEST_INITIALS = 3


@dataclass
class Spelling:
    """One way in which it was typed, and by how many people on the list."""

    key: str
    typed: str
    people: int


@dataclass
class Merged:
    """An organization as the organizer calls it, with its spellings."""

    organization: Organization
    spellings: list[Spelling] = field(default_factory=list)

    @property
    def people(self) -> int:
        return sum(spelling.people for spelling in self.spellings)


@dataclass
class Alike:
    """Spellings that may be one organization, and the merged one that they may belong to."""

    spellings: list[Spelling]
    organization: Organization | None = None

    @property
    def name(self) -> str:
        """What it may be called: as the organizer calls it, else as most people do."""
        if self.organization is not None:
            return self.organization.name
        return max(self.spellings, key=lambda one: (one.people, len(one.typed))).typed


def listed(meeting: Meeting) -> tuple[list[Merged], list[Spelling]]:
    """Merged organizations, and spellings that stand for themselves; by their names."""
    counted = (
        Registration.objects.live()
        .filter(meeting=meeting)
        .exclude(organization_key="")
        .values_list("organization_key")
        .annotate(typed=Max("organization"), people=Count("pk"))
    )
    spellings = {key: Spelling(key, typed or key, people) for key, typed, people in counted}
    merged: dict[int, Merged] = {}
    variants = OrganizationVariant.objects.filter(meeting=meeting).select_related(
        "organization__region__region_set"
    )
    for variant in variants.order_by("key"):
        one = merged.setdefault(variant.organization_id, Merged(variant.organization))
        nobody = Spelling(variant.key, variant.key, 0)
        one.spellings.append(spellings.pop(variant.key, nobody))
    by_name = sorted(spellings.values(), key=lambda one: one.key)
    return sorted(merged.values(), key=lambda one: one.organization.name.casefold()), by_name


def alike(merged: Iterable[Merged], single: Iterable[Spelling]) -> list[Alike]:
    """
    Which spellings may be the same: but for the kind of company, the order of words or one
    slip of the keyboard, or the initials of each other. Numbers are never a slip: park 1 is
    not park 2. Nothing is merged by it.
    """
    groups = _Groups()
    alone = {spelling.key: spelling for spelling in single}
    owners: dict[str, Organization] = {}
    for one in merged:
        called = [names.organization_key(one.organization.name)]
        called += [names.organization_key(one.organization.short_name)]
        keys = [key for key in [*called, *(s.key for s in one.spellings)] if key]
        owners |= dict.fromkeys(keys, one.organization)
        groups.join(keys)
    marks: dict[str, list[str]] = defaultdict(list)
    for key in [*alone, *owners]:
        for mark in set(_marks(key)):
            marks[mark].append(key)
    for keys in [*marks.values(), *_initials([*alone, *owners])]:
        groups.join(keys)
    found = []
    for group in groups.all():
        spellings = [alone[key] for key in sorted(group) if key in alone]
        known = {owners[key].pk: owners[key] for key in group if key in owners}
        # Two that the organizer keeps apart are not one because a third looks like both.
        if len(known) <= 1 and len(spellings) + len(known) > 1 and spellings:
            found.append(Alike(spellings, next(iter(known.values()), None)))
    return sorted(found, key=lambda one: one.name.casefold())


class _Groups:
    """Keys that belong together, joined by whatever they share."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def join(self, keys: list[str]) -> None:
        together = set(keys).union(*(self._of.get(key, set()) for key in keys))
        self._of |= dict.fromkeys(together, together)

    def all(self) -> Iterator[set[str]]:
        seen: set[int] = set()
        for group in self._of.values():
            if id(group) not in seen:
                seen.add(id(group))
                yield group


def _words(key: str) -> list[str]:
    return [word for word in key.split() if word not in FORMS] or key.split()


def _marks(key: str) -> Iterator[str]:
    """What a key shares with those that look like it."""
    bare = " ".join(sorted(_words(key)))
    yield bare
    if _LONG_ENOUGH <= len(bare) <= _MOST_LETTERS:
        # Two that are one letter apart become the same when each loses the right one. The mark
        # keeps them from those that are called like what is left.
        yield f"~{bare}"
        for at, char in enumerate(bare):
            if not char.isdigit():
                yield f"~{bare[:at]}{bare[at + 1 :]}"


def _initials(keys: Iterable[str]) -> Iterator[list[str]]:
    """A word and the one name that it is the initials of."""
    short: dict[str, list[str]] = defaultdict(list)
    long: dict[str, dict[tuple[str, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        words = _words(key)
        if len(words) == 1:
            short[words[0]].append(key)
        elif len(words) >= _FEWEST_INITIALS:
            long["".join(word[0] for word in words)][tuple(words)].append(key)
    for initials, names_of in long.items():
        if initials in short and len(names_of) == 1:
            [spelled] = names_of.values()
            yield [*short[initials], *spelled]
