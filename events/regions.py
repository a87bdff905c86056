"""Lists of regions: the shipped one, an organizer's own, and finding what somebody typed."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import iuliia
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.models import User
from events.models import Region, RegionGroup, RegionSet, in_language
from events.spelling import TO_CYRILLIC, TO_LATIN, fold

DATA = Path(__file__).resolve().parent / "data"
SHIPPED = {
    "name": "Регионы России",
    "name_alt": "Regions of Russia",
    "language": "ru",
    "source": "ISO 3166-2:RU",
}
MOST_REGIONS = 1000
LONGEST_NAME = 200


class ListNotAccepted(ValueError):
    """A pasted list that cannot be taken; the message says in words which line and why."""


def shipped() -> RegionSet:
    """
    The list that comes with the program.

    A migration has put it there; should it be missing, it is loaded now.
    """
    found = RegionSet.objects.filter(owner=None, name=SHIPPED["name"]).order_by("pk").first()
    return found or load_shipped()


def load_shipped(*, at: datetime | None = None) -> RegionSet:
    """
    Bring the shipped list up to the program's files; again is harmless.

    Names, zones, aliases and order follow the files. Regions that somebody added or
    switched off stay so, since registrations may point to them.
    """
    fill(RegionSet, RegionGroup, Region)
    return RegionSet.objects.get(owner=None, name=SHIPPED["name"])


def fill(sets: Any, groups: Any, regions: Any) -> None:
    """Write the files into these three models: today's, or a migration's of their time."""
    region_set, _new = sets.objects.update_or_create(
        owner=None, name=SHIPPED["name"], defaults=SHIPPED
    )
    groups.objects.bulk_create(
        [
            groups(
                region_set=region_set,
                code=row["code"],
                name=row["name_ru"],
                name_alt=row["name_en"],
                position=position,
            )
            for position, row in enumerate(_rows("region-groups-ru.csv"), start=1)
        ],
        update_conflicts=True,
        unique_fields=["region_set", "code"],
        update_fields=["name", "name_alt", "position"],
    )
    group_of = dict(groups.objects.filter(region_set=region_set).values_list("code", "pk"))
    rows = sorted(_rows("regions-ru.csv"), key=lambda row: fold(row["name_ru"]))
    regions.objects.bulk_create(
        [
            regions(
                region_set=region_set,
                group_id=group_of[row["group"]],
                code=row["code"],
                kind=row["kind"],
                name=row["name_ru"],
                name_alt=row["name_en"],
                short_name=row["short_ru"],
                aliases=[alias for alias in row["aliases"].split(";") if alias],
                time_zone=row["time_zone"],
                position=position,
            )
            for position, row in enumerate(rows, start=1)
        ],
        update_conflicts=True,
        unique_fields=["region_set", "code"],
        update_fields=[
            "group", "kind", "name", "name_alt", "short_name", "aliases", "time_zone", "position",
        ],
    )  # fmt: skip


@transaction.atomic(durable=True)
def paste(
    *,
    owner: User,
    name: str,
    text: str,
    time_zone: str,
    language: str,
    at: datetime | None = None,
    by: journal.Actor | None = None,
) -> RegionSet:
    """
    Make the organizer's own list out of names, one a line; codes are made for them.

    As it comes out of a spreadsheet, a line may go on after a tab with the name in the
    second language and a time zone of its own. `time_zone` is for all other lines.

    :raises ListNotAccepted: nothing in it, too much, or a name that stands twice
    """
    lines = list(_pasted(text, time_zone))
    region_set = RegionSet.objects.create(
        owner=owner,
        name=_squeezed(name)[:LONGEST_NAME] or _("My regions"),
        language=language,
        source=ngettext(
            "entered by the organizer, %(count)d entry",
            "entered by the organizer, %(count)d entries",
            len(lines),
        )
        % {"count": len(lines)},
    )
    codes = _codes([line["name"] for line in lines])
    Region.objects.bulk_create(
        Region(region_set=region_set, code=code, position=position, **line)
        for position, (code, line) in enumerate(zip(codes, lines, strict=True), start=1)
    )
    if at:
        journal.record(
            by=by or journal.organizer(owner),
            at=at,
            action="region_set.pasted",
            subjects=[f"region_set:{region_set.pk}"],
            changes={"regions": len(lines)},
        )
    return region_set


def check_list(text: str) -> None:
    """
    Whether `paste` will take the text.

    :raises ListNotAccepted: nothing in it, too much, or a name that stands twice
    """
    list(_pasted(text, ""))


def find(region_set: RegionSet, typed: str, *, known: list[Region] | None = None) -> Region | None:
    """
    The active region that is meant: its code, a name in either language, or an alias.

    ё and е, case and the wrong keyboard layout do not matter. None when nothing or more
    than one fits. Whoever asks for many names passes the regions that he has read (`known`).
    """
    if known is None:
        known = list(region_set.regions.active().select_related("group"))
    for attempt in _attempts(typed):
        for keys_of in (_names, _keys):
            meant = [region for region in known if attempt in keys_of(region)]
            if len(meant) == 1:
                return meant[0]
            if meant:
                return None
    return None


def nearest(region_set: RegionSet, typed: str, count: int = 3) -> list[Region]:
    """The `count` regions that somebody may have meant, likeliest first; [] if none is near."""
    attempts = _attempts(typed)
    if not attempts:
        return []
    scored = [
        (max(_likeness(attempt, key) for attempt in attempts for key in _keys(region)), region)
        for region in region_set.regions.active().in_order()
    ]
    # What is much less like it than the likeliest would only distract from that one.
    least = max(0.5, max(score for score, _region in scored) - 0.2) if scored else 0.5
    near = [(score, region) for score, region in scored if score >= least]
    # sorted() keeps the list's own order among equals.
    return [region for _score, region in sorted(near, key=lambda pair: -pair[0])[:count]]


def options(region_set: RegionSet) -> list[dict[str, Any]]:
    """
    The active regions for a form field, in order, in the reader's language.

    `keys` are what the field matches: folded names in both languages and aliases; a
    script compares the beginning of any of their words.
    """
    main = region_set.language
    return [
        {
            "code": region.code,
            "name": in_language(region.name, region.name_alt, main_language=main),
            "group": in_language(region.group.name, region.group.name_alt, main_language=main)
            if region.group
            else "",
            "keys": _keys(region)[1:],
        }
        for region in region_set.regions.active().select_related("group").in_order()
    ]


def _rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _squeezed(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _pasted(text: str, time_zone: str) -> Iterator[dict[str, str]]:
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell for raw in line.split("\t") if (cell := _squeezed(raw))]
        if not cells:
            continue
        zone = next((cell for cell in cells[1:] if cell in available_timezones()), "")
        others = [cell for cell in cells[1:] if cell != zone]
        entry = {
            "name": cells[0],
            "name_alt": others[0] if others else "",
            "time_zone": zone or time_zone,
        }
        if max(len(entry["name"]), len(entry["name_alt"])) > LONGEST_NAME:
            raise ListNotAccepted(
                _("Line %(line)d is too long: a name has at most %(most)d characters.")
                % {"line": number, "most": LONGEST_NAME}
            )
        first = seen.setdefault(fold(entry["name"]), number)
        if first != number:
            raise ListNotAccepted(
                _("Line %(line)d repeats line %(first)d: “%(name)s”.")
                % {"line": number, "first": first, "name": entry["name"]}
            )
        if len(seen) > MOST_REGIONS:
            raise ListNotAccepted(
                _("A list has at most %(most)d regions.") % {"most": MOST_REGIONS}
            )
        yield entry
    if not seen:
        raise ListNotAccepted(_("Enter at least one region, one name a line."))


def _codes(names: list[str]) -> list[str]:
    """Codes that a person can tell apart in a spreadsheet; nothing ever reads them."""
    codes: dict[str, None] = {}
    for number, name in enumerate(names, start=1):
        latin = iuliia.ICAO_DOC_9303.translate(fold(name)).upper()
        plain = re.sub(r"[^A-Z0-9]+", "-", latin).strip("-")[:11].strip("-")
        code = plain if len(plain) > 1 else f"R-{number}"
        codes[code if code not in codes else f"{code}-{number}"] = None
    return list(codes)


def _attempts(typed: str) -> list[str]:
    """What was typed, folded; then what the same keys give in the other layout."""
    raw = _squeezed(typed).lower()
    variants = [raw, raw.translate(TO_CYRILLIC), raw.translate(TO_LATIN)]
    return [folded for folded in dict.fromkeys(map(fold, variants)) if folded]


def _names(region: Region) -> list[str]:
    named = [region.code, region.name, region.name_alt, region.short_name]
    return list(dict.fromkeys(_folded(text) for text in named if text))


def _keys(region: Region) -> list[str]:
    return list(dict.fromkeys([*_names(region), *map(_folded, region.aliases)]))


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """A name of a list: every row of a table is compared with all of them."""
    return fold(text)


def _likeness(attempt: str, key: str) -> float:
    if any(word.startswith(attempt) for word in (key, *re.split(r"[\s-]+", key))):
        return 2.0
    words = [key, *(word for word in re.split(r"[\s-]+", key) if len(word) > 3)]
    return max(difflib.SequenceMatcher(None, attempt, word).ratio() for word in words)
