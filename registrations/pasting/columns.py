"""Which column of a pasted table is what: by its heading, else by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from events.spelling import fold

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

NONE = ""
# What a column may be, in the order in which people are asked.
FIELDS = {
    "name": _("name in full"),
    "family_name": _("family name"),
    "given_name": _("given name"),
    "patronymic": _("patronymic"),
    "organization": _("organization"),
    "position": _("position"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "region": _("region"),
    "category": _("category"),
    "role": _("role in the delegation"),
}
# What a column of an organizer's list of people may be.
OF_PEOPLE = tuple(field for field in FIELDS if field != "role")
# Headings that people write, folded; the beginning of a heading is enough.
HEADINGS = {
    "family_name": ("фамилия", "family name", "last name", "surname"),
    "given_name": ("имя", "given name", "first name"),
    "patronymic": ("отчество", "patronymic", "middle name"),
    "name": ("фио", "ф.и.о", "ф. и. о", "участник", "full name", "name", "participant"),
    "organization": ("организация", "компания", "место работы", "organization", "organisation",
                     "company", "affiliation"),
    "position": ("должность", "position", "job title", "title"),
    "email": ("e-mail", "email", "mail", "эл. почта", "электронная почта", "почта", "адрес эл",
              "электронный адрес"),
    "phone": ("телефон", "тел.", "тел", "моб", "phone", "mobile"),
    "region": ("регион", "субъект", "область", "region", "state"),
    "category": ("категория", "category", "статус участника"),
    "role": ("роль", "role"),
}  # fmt: skip
_PATRONYMIC = re.compile(r"(ич|вна|чна|шна|оглы|кызы|уулу|улы)$", re.IGNORECASE)


def has_headings(first_row: Sequence[str]) -> bool:
    """Whether the first row names the columns: two of them at least, or the only one."""
    named = [by_heading(cell) for cell in first_row]
    return sum(map(bool, named)) >= min(2, len(first_row))


def by_headings(
    first_row: Sequence[str],
    allowed: Sequence[str],
    headings: Mapping[str, Sequence[str]] = HEADINGS,
) -> list[str]:
    """The field that each heading names, each of `allowed` once, else NONE."""
    found = [NONE] * len(first_row)
    for at, cell in enumerate(first_row):
        field = by_heading(cell, headings)
        if field in allowed and field not in found:
            found[at] = field
    return found


def guess(rows: Sequence[Sequence[str]], allowed: Sequence[str]) -> list[str]:
    """
    A field for each column, NONE where it is nobody's guess. `rows` with their headings, if
    they have any; of `allowed` each field is given once.
    """
    if not rows:
        return []
    width = len(rows[0])
    if has_headings(rows[0]):
        return by_headings(rows[0], allowed)
    found = [NONE] * width
    columns = [[row[at] for row in rows] for at in range(width)]
    for at, cells in enumerate(columns):
        if "email" not in found and _mostly(cells, lambda cell: "@" in cell):
            found[at] = "email"
        elif "phone" in allowed and "phone" not in found and _mostly(cells, _is_phone):
            found[at] = "phone"
    rest = [at for at in range(width) if found[at] == NONE]
    for at, field in zip(rest, [*_name_columns(columns, rest), *_AFTER_NAME], strict=False):
        found[at] = field if field in allowed else NONE
    return found


def chosen(
    posted: Sequence[str], rows: Sequence[Sequence[str]], allowed: Sequence[str]
) -> list[str]:
    """What was chosen for each column, else what the program guesses."""
    if rows and len(posted) == len(rows[0]):
        return [field if field in allowed else NONE for field in posted]
    return guess(rows, allowed)


def choices(
    allowed: Sequence[str], fields: Mapping[str, StrPromise] = FIELDS
) -> list[tuple[str, Any]]:
    """What a column may be, and that it is left out."""
    return [(NONE, _("leave out")), *((field, fields[field]) for field in allowed)]


def shown(mapping: Sequence[str], headings: Sequence[str]) -> list[tuple[int, str, str]]:
    """Number, field and heading of each column; the last is "" in a table without headings."""
    named = [*headings, *[""] * len(mapping)]
    return [(at, field, named[at - 1]) for at, field in enumerate(mapping, start=1)]


_AFTER_NAME = ("organization", "position")


def _name_columns(columns: list[list[str]], rest: list[int]) -> list[str]:
    """How many columns the name takes: one, or two or three of one word each."""
    single = [
        all(len(cell.split()) <= 1 for cell in columns[at]) and any(columns[at]) for at in rest
    ]
    if len(rest) >= 2 and single[0] and single[1]:
        third = columns[rest[2]] if len(rest) >= 3 else []
        if _mostly([cell for cell in third if cell], lambda c: bool(_PATRONYMIC.search(c))):
            return ["family_name", "given_name", "patronymic"]
        return ["family_name", "given_name"]
    return ["name"]


def by_heading(cell: str, headings: Mapping[str, Sequence[str]] = HEADINGS) -> str:
    """The field that people head like this; the beginning of what they write is enough."""
    heading = fold(cell).strip(" :*")
    for field, known in headings.items():
        if any(heading == fold(word) for word in known):
            return field
    for field, known in headings.items():
        if any(re.match(re.escape(fold(word)) + r"\W", heading) for word in known):
            return field
    return NONE


def _mostly(cells: Sequence[str], test: object) -> bool:
    assert callable(test)
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(map(test, filled)) * 2 > len(filled)


def _is_phone(cell: str) -> bool:
    digits = sum(map(str.isdecimal, cell))
    return digits >= 7 and digits * 2 > len(cell)
