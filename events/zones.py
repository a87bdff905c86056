"""Time zones to choose from, by the city people know them by."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import UnknownLocaleError
from babel.core import get_global
from babel.dates import get_timezone_location

from events import when

CONTINENTS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


def choices(*, at: datetime, language: str | None = None) -> list[tuple[str, str]]:
    """Every zone, with its city and its offset then: (“Europe/Moscow”, “Moscow (UTC+3)”)."""
    named = _cities(language or when.language_now())
    return [(key, f"{city} ({offset(ZoneInfo(key), at=at)})") for city, key in named]


def offset(zone: ZoneInfo, *, at: datetime) -> str:
    """“UTC+3”, “UTC−3:30”."""
    away = at.astimezone(zone).utcoffset() or timedelta()
    minutes = round(away.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return "UTC" if not minutes else f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


@lru_cache(maxsize=8)
def _cities(language: str) -> list[tuple[str, str]]:
    """Cities in the reader's language, sorted; of two zones with one city the one named for it."""
    found: dict[str, str] = {}
    # Belfast has been a name for London's zone since 1972, and comes before it.
    aliases = get_global("zone_aliases")
    for key in sorted(available_timezones(), key=lambda key: (key in aliases, key)):
        if key.startswith(CONTINENTS):
            try:
                city = str(get_timezone_location(key, locale=language, return_city=True))
            except (LookupError, UnknownLocaleError):
                continue
            found.setdefault(city, key)
    return sorted(found.items(), key=lambda pair: pair[0].casefold().replace("ё", "е"))
