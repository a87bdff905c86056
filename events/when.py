"""How moments are said: the venue's clock first, the reader's own as a second line."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from django.utils import translation
from django.utils.translation import gettext as _

# Zones whose own short name every reader knows. All others are named by their city.
KNOWN = {"Europe/Moscow": {"ru": "мск", "en": "Moscow time"}, "UTC": {"ru": "UTC", "en": "UTC"}}


def language_now() -> str:
    """The active language as Babel knows it."""
    return (translation.get_language() or "en")[:2]


def city(zone: ZoneInfo, *, language: str | None = None) -> str:
    """The city a zone is named after, in the reader's language."""
    locale = Locale.parse(language or language_now())
    return str(get_timezone_location(zone.key, locale=locale, return_city=True))


def zone_label(zone: ZoneInfo, *, language: str | None = None) -> str:
    """What stands behind a clock time: «мск», “Vladivostok time”."""
    language = language or language_now()
    if known := KNOWN.get(zone.key, {}).get(language):
        return known
    with translation.override(language):
        return _("%(city)s time") % {"city": city(zone, language=language)}


def clock(at: datetime, zone: ZoneInfo, *, language: str | None = None) -> str:
    """The time of day, in 24 hours in either language: “10:00”."""
    return _time_said(at.astimezone(zone).time(), language or language_now())


def day(
    at: datetime,
    zone: ZoneInfo,
    *,
    language: str | None = None,
    year: bool = False,
    weekday: bool = False,
    seen_at: datetime | None = None,
) -> str:
    """
    The date at the venue: “24 January”, with the year and the weekday if asked for.

    The year is said too where it is another one than at `seen_at`, the moment of reading.
    """
    year = year or (seen_at is not None and _year(at, zone) != _year(seen_at, zone))
    pattern = "d MMMM" + (" y" if year else "")
    locale = language or language_now()
    text = _date_said(at.astimezone(zone).date(), pattern, locale)
    if weekday:
        text += ", " + _date_said(at.astimezone(zone).date(), "EEEE", locale)
    return text


# Kept: the letters of a meeting all say the same few moments.
@lru_cache(maxsize=4096)
def _date_said(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=locale)


@lru_cache(maxsize=4096)
def _time_said(at: time, locale: str) -> str:
    return format_time(at, "HH:mm", locale=locale)


def _year(at: datetime, zone: ZoneInfo) -> int:
    return at.astimezone(zone).year


def moment(
    at: datetime,
    zone: ZoneInfo,
    *,
    language: str | None = None,
    year: bool = False,
    seen_at: datetime | None = None,
) -> str:
    """“24 января, 10:00 мск”: date, time and whose clock it is; the year as in `day`."""
    said = day(at, zone, language=language, year=year, seen_at=seen_at)
    return f"{said}, {clock(at, zone, language=language)} {zone_label(zone, language=language)}"


def span(start: datetime, end: datetime, zone: ZoneInfo, *, language: str | None = None) -> str:
    """“24 January 2020, Friday, 10:00–13:00 Moscow time”; over several days both dates."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    label = zone_label(zone, language=language)
    from_, until = clock(start, zone, language=language), clock(end, zone, language=language)
    if first == last:
        said = day(start, zone, language=language, year=True, weekday=True)
        return f"{said}, {from_}–{until} {label}"
    return (
        f"{day(start, zone, language=language, year=first.year != last.year)}, {from_} — "
        f"{day(end, zone, language=language, year=True)}, {until} {label}"
    )


def local_line(
    at: datetime, venue: ZoneInfo, own: ZoneInfo | None, *, language: str | None = None
) -> str:
    """
    “17:00 for you (Vladivostok)”: empty where the reader's clock shows the same.

    The day is said too where it is another one than at the venue.
    """
    if own is None or at.astimezone(own).utcoffset() == at.astimezone(venue).utcoffset():
        return ""
    said = clock(at, own, language=language)
    if at.astimezone(own).date() != at.astimezone(venue).date():
        said = f"{day(at, own, language=language)}, {said}"
    with translation.override(language or language_now()):
        return _("%(time)s for you (%(city)s)") % {
            "time": said,
            "city": city(own, language=language),
        }
