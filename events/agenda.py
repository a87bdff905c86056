"""
The programme as text that can be pasted: one line an item, “10:30 Title | second language”.

A line that begins with spaces is the note of the item above it. A line that is a date
(2027-01-24) begins another day; without one, the first day of the meeting is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from events import editing, years
from events.models import AgendaItem, Meeting

ITEM = re.compile(r"(\d{1,2})[:.](\d{2})(?:\s*[-–—]\s*\d{1,2}[:.]\d{2})?\s+(.+)")
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
LONGEST = 300


class AgendaNotRead(ValueError):
    """A line that cannot be understood; the message says which and why."""


def written(meeting: Meeting) -> str:
    """The programme as text; `read` gets the same items back."""
    lines: list[str] = []
    day = meeting.starts_at.astimezone(meeting.zone).date()
    for item in meeting.agenda.order_by("starts_at", "pk"):
        local = item.starts_at.astimezone(meeting.zone)
        if local.date() != day:
            day = local.date()
            lines.append(day.isoformat())
        lines.append(f"{local:%H:%M} {_both(item.title, item.title_alt)}")
        if item.note or item.note_alt:
            lines.append(f"  {_both(item.note, item.note_alt)}")
    return "\n".join(lines)


def read(meeting: Meeting, text: str) -> list[AgendaItem]:
    """
    The items that the text describes, not saved yet.

    :raises AgendaNotRead: a line has no time, or a note stands before the first item
    """
    return list(_items(meeting, text))


@transaction.atomic(durable=True)
def write(
    *, meeting: Meeting, items: list[AgendaItem], version: int | None, at: datetime, by: Actor
) -> None:
    """
    Replace the programme.

    :raises StaleVersion: somebody else was quicker
    """
    meeting = editing.begin(meeting, version=version)
    meeting.agenda.all().delete()
    AgendaItem.objects.bulk_create(items)
    journal.record(
        by=by,
        at=at,
        action="meeting.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"fields": ["agenda"]},
    )


def _items(meeting: Meeting, text: str) -> Iterator[AgendaItem]:
    day = meeting.starts_at.astimezone(meeting.zone).date()
    item: AgendaItem | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words:
            continue
        if item is not None and line[:1].isspace():
            item.note, item.note_alt = _parts(words, number)
        elif found := DAY.fullmatch(words):
            day = _date(found, number)
        elif found := ITEM.fullmatch(words):
            if item is not None:
                yield item
            item = AgendaItem(meeting=meeting, starts_at=_moment(meeting, day, found, number))
            item.title, item.title_alt = _parts(found[3], number)
        else:
            raise AgendaNotRead(
                _("Line %(number)s has no time. Write for example “10:30 Opening”.")
                % {"number": number}
            )
    if item is not None:
        yield item


def _moment(meeting: Meeting, day: date, found: re.Match[str], number: int) -> datetime:
    try:
        clock = time(int(found[1]), int(found[2]))
    except ValueError as error:
        raise AgendaNotRead(
            _("Line %(number)s: there is no such time of day.") % {"number": number}
        ) from error
    return datetime.combine(day, clock, tzinfo=meeting.zone)


def _date(found: re.Match[str], number: int) -> date:
    year, month, day, day2, month2, year2 = found.groups()
    try:
        named = date(int(year or year2), int(month or month2), int(day or day2))
        years.check(named)
        return named
    except (ValueError, ValidationError) as error:
        raise AgendaNotRead(
            _("Line %(number)s: there is no such date.") % {"number": number}
        ) from error


def _parts(words: str, number: int) -> tuple[str, str]:
    main, _bar, alt = words.partition("|")
    main, alt = main.strip(), alt.strip()
    if max(len(main), len(alt)) > LONGEST:
        raise AgendaNotRead(
            _("Line %(number)s is longer than %(limit)s characters.")
            % {"number": number, "limit": LONGEST}
        )
    return main, alt


def _both(main: str, alt: str) -> str:
    return f"{main} | {alt}" if alt else main
