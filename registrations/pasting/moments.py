"""A day or a moment as tables have it, on the clock of the meeting's venue."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import from_excel

from registrations.venue_fields import at_venue

# Whoever writes a day alone means all of it.
END_OF_DAY = time(23, 59)
_WRITTEN = re.compile(
    r"(?:(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2}))"
    r"(?:,?[T ]\s*(?:в |at )?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?)?"
)
# The days from 2000 to 2200 as a spreadsheet counts them, in a cell that does not say so.
_COUNTED = re.compile(r"(?P<days>\d{5,6})(?:[.,]\d+)?")
_FIRST, _LAST = 36_526, 109_939


def looks_like_one(text: str) -> bool:
    """Whether it is written as a day or a moment, possible or not."""
    return bool(_WRITTEN.fullmatch(text))


def read(text: str, *, zone: ZoneInfo) -> datetime:
    """
    The moment that is meant: “24.01.2027 18:00”, “2027-01-24 18:00”, or a day, until its end.

    :raises ValidationError: it is none of these, or the venue's clock never shows it
    """
    day, clock = _counted(text) or _written(text)
    return at_venue(day, clock, zone)


def _written(text: str) -> tuple[date, time]:
    found = _WRITTEN.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        if found["iso"]:
            day = date.fromisoformat(found["iso"])
        else:
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        if found["hour"] is None:
            return day, END_OF_DAY
        return day, time(int(found["hour"]), int(found["minute"]))
    except ValueError as error:
        raise ValidationError(
            _("“%(typed)s” is no date: write it as 24.01.2027 18:00.") % {"typed": text[:40]}
        ) from error


def _counted(text: str) -> tuple[date, time] | None:
    found = _COUNTED.fullmatch(text)
    if found is None or not _FIRST <= int(found["days"]) < _LAST:
        return None
    moment = from_excel(float(text.replace(",", ".")))
    assert isinstance(moment, datetime)
    clock = moment.time().replace(second=0, microsecond=0)
    return moment.date(), clock if clock != time() else END_OF_DAY
