"""
Lists for the pass desk, and what is different now, or was on a later list.

A list is written by one statement and compared by one, however many people there are: the
database joins what was printed with what would be, and answers only what differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from events.models import Meeting, in_language
from registrations.models import PassList, PassListLine, Registration

# What stands on a list beside the number, in the order of its columns.
FIELDS = (
    "family_name",
    "given_name",
    "patronymic",
    "organization",
    "position",
    "region",
    "category",
)
NAMES = FIELDS[:3]

# Who would be printed now: the confirmed who come to the place.
_NOW = """
SELECT r.id AS registration_id, r.sort_key,
    jsonb_build_object(
        'family_name', r.family_name, 'given_name', r.given_name, 'patronymic', r.patronymic,
        'organization', r.organization, 'position', r.position,
        'region', coalesce(g.code, ''), 'category', c.code
    ) AS content,
    jsonb_build_object(
        'region', jsonb_build_array(coalesce(g.name, ''), coalesce(g.name_alt, '')),
        'category', jsonb_build_array(c.name, c.name_alt)
    ) AS words
FROM registrations_registration r
JOIN events_meeting m ON m.id = r.meeting_id
JOIN events_category c ON c.id = r.category_id
LEFT JOIN events_region g ON g.id = r.region_id
WHERE r.meeting_id = %s AND r.status = 'confirmed' AND r.erased_at IS NULL
    AND NOT (m.format = 'hybrid' AND r.attendance_mode = 'online')
"""
_KEPT = """
SELECT registration_id, sort_key, content, words
FROM registrations_passlistline WHERE list_id = %s
"""
_WRITE = f"""
INSERT INTO registrations_passlistline (list_id, registration_id, sort_key, content, words)
SELECT %s, registration_id, sort_key, content, words FROM ({_NOW}) AS now
"""  # noqa: S608 -- made of constants


def _comparing(now: str) -> str:
    return f"""
    WITH was AS ({_KEPT}), now AS ({now})
    SELECT registration_id, r.number, was.content, was.words, now.content, now.words
    FROM was FULL JOIN now USING (registration_id)
    JOIN registrations_registration r ON r.id = registration_id
    WHERE was.content IS DISTINCT FROM now.content
    ORDER BY coalesce(now.sort_key, was.sort_key), registration_id
    """  # noqa: S608 -- made of constants


@dataclass(frozen=True)
class Line:
    """One person as printed. Empty `content`: the person has been forgotten."""

    registration_id: int
    number: str
    content: dict[str, str]
    words: dict[str, list[str]]

    @property
    def full_name(self) -> str:
        return " ".join(filter(None, (self.content.get(part, "") for part in NAMES)))

    @property
    def spoken_number(self) -> str:
        """The number in two groups, as it is printed and said."""
        return f"{self.number[:4]} {self.number[4:]}"

    def text(self, field: str, meeting: Meeting) -> str:
        """What stands in one of FIELDS, for the reader's language."""
        if field not in ("region", "category"):
            return self.content.get(field, "")
        main, alt = self.words.get(field, ["", ""])
        of = meeting if field == "category" else meeting.region_set
        return in_language(main, alt, main_language=of.language)


@dataclass(frozen=True)
class Change:
    """
    One person who differs: added (`was` is None), gone (`now` is None) or changed.

    Whoever comes instead of somebody who was on the list says so, and the other way round.
    """

    was: Line | None
    now: Line | None
    instead_of: Line | None = None
    replaced_by: Line | None = None

    @property
    def kind(self) -> str:
        if self.was is None:
            return "added"
        return "gone" if self.now is None else "changed"

    @property
    def line(self) -> Line:
        """The person as he is on the newer side, else as he was."""
        found = self.now or self.was
        assert found is not None, "a change has one side at least"
        return found

    @property
    def fields(self) -> list[str]:
        """Which of FIELDS changed; none for whoever was added or is gone."""
        if self.was is None or self.now is None:
            return []
        was, now = self.was.content, self.now.content
        return [field for field in FIELDS if was.get(field) != now.get(field)]


@dataclass(frozen=True)
class Difference:
    """What has changed, in the order of names."""

    changes: list[Change]

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def added(self) -> int:
        return self._count("added")

    @property
    def gone(self) -> int:
        return self._count("gone")

    @property
    def changed(self) -> int:
        return self._count("changed")

    @property
    def replaced(self) -> int:
        """How many of those who were added come instead of somebody who is gone."""
        return sum(change.instead_of is not None for change in self.changes)

    def _count(self, kind: str) -> int:
        return sum(change.kind == kind for change in self.changes)


def make(*, meeting: Meeting, at: datetime, by: str, note: str = "") -> PassList:
    """
    Keep whoever is confirmed now as the meeting's next list. The meeting's row is locked by
    the caller: it is the queue in which numbers are given.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A list is made inside a use case's transaction.")
    last = latest(meeting)
    made = PassList.objects.create(
        meeting=meeting,
        number=last.number + 1 if last else 1,
        made_at=at,
        made_by=by,
        note=note,
    )
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [made.pk, meeting.pk])
        made.people = cursor.rowcount
    if last:
        found = difference(last, until=made)
        made.added, made.gone, made.changed = found.added, found.gone, found.changed
    made.save(update_fields=["people", "added", "gone", "changed"])
    return made


def latest(meeting: Meeting) -> PassList | None:
    """The meeting's newest list."""
    return PassList.objects.of(meeting).first()


def count(meeting: Meeting) -> int:
    """How many people a list that is made now would have."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_NOW}) AS now", [meeting.pk])  # noqa: S608 -- constants
        return int(cursor.fetchone()[0])


def difference(since: PassList, *, until: PassList | None = None) -> Difference:
    """What is different now from a list; or was, on a later one. Two statements."""
    sql = _comparing(_KEPT if until else _NOW)
    with connection.cursor() as cursor:
        cursor.execute(sql, [since.pk, until.pk if until else since.meeting_id])
        rows = cursor.fetchall()
    changes = {
        pk: Change(
            was=_line(pk, number, was, was_words),
            now=_line(pk, number, now, now_words),
        )
        for pk, number, was, was_words, now, now_words in rows
    }
    _pair(changes, since.meeting_id)
    return Difference(list(changes.values()))


def before(kept: PassList) -> Difference | None:
    """What was different on the list before; None for the first."""
    former = PassList.objects.filter(meeting=kept.meeting_id, number=kept.number - 1).first()
    return difference(former, until=kept) if former else None


def _line(pk: int, number: str, content: str | None, words: str | None) -> Line | None:
    if content is None or words is None:
        return None
    return Line(pk, number, json.loads(content), json.loads(words))


def _pair(changes: dict[int, Change], meeting_id: int) -> None:
    """
    Name instead of whom somebody comes. Where one substitute was replaced by the next, the
    list knew only the first of them: he is named. Where somebody was put back and replaced
    again, it is whoever came last who has the place.
    """
    replacing = Registration.objects.filter(meeting=meeting_id, replaces__isnull=False)
    before: dict[int, Any] = dict(replacing.values_list("pk", "replaces"))
    added = [pk for pk, change in changes.items() if change.kind == "added"]
    for pk in sorted(added, reverse=True):
        former = before.get(pk)
        while former is not None and former not in changes:
            former = before.get(former)
        gone = changes.get(former or 0)
        if gone is not None and gone.kind == "gone" and gone.replaced_by is None:
            changes[pk] = replace(changes[pk], instead_of=gone.was)
            changes[gone.line.registration_id] = replace(gone, replaced_by=changes[pk].now)


def by_name(kept: PassList) -> QuerySet[PassListLine, tuple[Any, ...]]:
    """Everybody on a list, by name, as rows of what a `Line` has."""
    rows = PassListLine.objects.filter(list=kept).order_by("sort_key", "registration")
    return rows.values_list("registration", "registration__number", "content", "words")


def lines(kept: PassList) -> Iterator[Line]:
    """Everybody on a list, by name, through a cursor on the server."""
    for row in by_name(kept).iterator(chunk_size=500):
        yield Line(*row)
