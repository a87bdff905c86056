"""Rows of a table as delegations: region or name, head, e-mail, quota, day of closing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import regions
from events.models import Meeting, Region
from events.spelling import fold
from registrations import names
from registrations.delegations import opening
from registrations.delegations.filling import Fill
from registrations.delegations.opening import Wish, called_after
from registrations.models import MOST_SEATS, Delegation
from registrations.pasting import cells, columns, moments
from registrations.pasting.columns import NONE

# What a column may be, in the order in which people are asked.
FIELDS = {
    "region": gettext_lazy("region or name"),
    "name": gettext_lazy("what it is called"),
    "head_name": gettext_lazy("head’s name"),
    "head_email": gettext_lazy("head’s e-mail"),
    "quota": gettext_lazy("number of people"),
    "closes_at": gettext_lazy("when the list closes"),
}
COLUMNS = tuple(FIELDS)
HEADINGS = {
    "region": ("регион", "субъект", "субъект рф", "область", "делегация", "region", "delegation",
               "state", "organization", "организация", "ведомство"),
    "name": ("название", "наименование", "название делегации", "как называется", "name",
             "delegation name", "called", "what it is called"),
    "head_email": ("e-mail", "email", "mail", "почта", "эл. почта", "электронная почта",
                   "электронный адрес", "адрес эл", "адрес", "head e-mail", "head email",
                   "head’s e-mail", "head’s email", "руководитель e-mail"),
    "head_name": ("руководитель", "глава", "имя", "фио", "ф.и.о", "ф. и. о", "контактное лицо",
                  "ответственный", "координатор", "head", "head’s name", "contact", "full name"),
    "quota": ("квота", "мест", "места", "количество", "кол-во", "число", "человек", "не более",
              "quota", "places", "seats", "people", "number", "at most"),
    "closes_at": ("срок", "закрытие", "закрывается", "список закрывается", "до", "дедлайн",
                  "closes", "closes at", "the list closes", "when the list closes", "deadline",
                  "until", "due"),
}  # fmt: skip
# Where no headings say it, what stands in a cell does: these are the columns then.
_ARRANGED = ("region", "head_name", "head_email", "quota", "closes_at")
# A spreadsheet's way of a whole number, or that of whoever wrote the file with a program.
_NUMBER = re.compile(r"(\d{1,7})(?:[.,]0+)?")
_LONGEST = {"name": 300, "head_name": 250}
# People draw a line in a cell that is to stay empty.
_NOTHING = ("-", "–", "—")


@dataclass
class Draft:
    """One row: the delegation that it would open or fill, or why it cannot."""

    row: int
    values: dict[str, str]
    # What the delegation would be called.
    called: str = ""
    # What it would be like then.
    wish: Wish | None = None
    # What the row says of one that is there and lacks a head.
    fill: Fill | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def whose(self) -> str:
        """Region or name, as they stand in the row."""
        return self.values["region"] or self.values["name"]


def has_headings(first_row: Sequence[str]) -> bool:
    """
    Whether the first row names the columns: two of them at least, or the first one in so
    many words. A delegation that is called “Delegation of Tula” is none.
    """
    if not first_row or any("@" in cell for cell in first_row):
        return False
    first = fold(first_row[0]).strip(" :*")
    if any(first == fold(word) for field in ("region", "name") for word in HEADINGS[field]):
        return True
    return sum(map(bool, _by_headings(first_row))) >= 2


def laid_out(rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], list[str]]:
    """
    The rows, and a field for each of their columns. Without headings the first cell is
    whose delegation it is, the one with an “@” the head's e-mail, a number the quota, a date
    the day of closing, another one the head's name: each row in an order of its own.
    """
    if rows and has_headings(rows[0]):
        return [list(row) for row in rows], _by_headings(rows[0])
    arranged = [_arranged(row) for row in rows]
    width = max(map(len, arranged), default=0)
    even = [row + [""] * (width - len(row)) for row in arranged]
    mapping = [*_ARRANGED, *[NONE] * width][:width]
    kept = [field for at, field in enumerate(mapping) if any(row[at] for row in even)]
    return cells.without_empty_columns(even), kept


def chosen(posted: Sequence[str], mapping: Sequence[str]) -> list[str]:
    """What was chosen for each column, else what it was taken for."""
    if len(posted) != len(mapping):
        return list(mapping)
    return [field if field in COLUMNS else NONE for field in posted]


def check(
    rows: Sequence[Sequence[str]], mapping: Sequence[str], *, meeting: Meeting, like: Wish
) -> list[Draft]:
    """
    Check all rows. A row of a delegation that lacks a head fills it, and what no column says
    stays; any other opens one, and what no column says is as in `like`.
    """
    body = rows[1:] if rows and has_headings(rows[0]) else rows
    known = list(meeting.region_set.regions.active().select_related("group"))
    there = _There(meeting)
    seen: dict[str, int] = {}
    drafts = []
    for number, row in enumerate(body, start=1):
        draft = _draft(number, row, mapping, meeting, like, known)
        _fill(draft, there)
        if name := fold(draft.called):
            if draft.fill is None and name in there.by_name:
                draft.errors.append(
                    _("There is a delegation “%(name)s” already.") % {"name": draft.called}
                )
            elif name in seen:
                draft.errors.append(_("The same as row %(n)d.") % {"n": seen[name]})
            seen.setdefault(name, number)
        if draft.errors:
            draft.wish = draft.fill = None
        drafts.append(draft)
    return drafts


def wishes(drafts: Sequence[Draft]) -> list[Wish]:
    """Those to be opened."""
    return [draft.wish for draft in drafts if draft.wish and draft.fill is None]


def fills(drafts: Sequence[Draft]) -> list[Fill]:
    """Those that are there, to be filled."""
    return [draft.fill for draft in drafts if draft.fill]


def outcomes(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """What each row without errors comes to, for programs."""
    return [
        {"row": draft.row, "name": draft.called, "outcome": "fills" if draft.fill else "opens"}
        for draft in drafts
        if draft.wish
    ]


class _There:
    """The delegations that a meeting has, by their names and their regions."""

    def __init__(self, meeting: Meeting) -> None:
        related = ("region", "category", "places")
        self.by_name: dict[str, Delegation] = {}
        self.by_region: dict[int, list[Delegation]] = {}
        for one in meeting.delegations.select_related(*related).order_by("pk"):
            self.by_name[fold(one.name)] = one
            if one.region_id is not None:
                self.by_region.setdefault(one.region_id, []).append(one)

    def meant_by(self, wish: Wish, *, is_named: bool) -> Delegation | None:
        """
        The one that lacks a head and that a row means: by its name, or as the only one of
        the region where the row gives no other name.
        """
        found = self.by_name.get(fold(wish.name))
        if found is None and wish.region is not None and not is_named:
            of_region = self.by_region.get(wish.region.pk, [])
            found = of_region[0] if len(of_region) == 1 else None
        if found is None or not found.lacks_head:
            return None
        return found if wish.region in (None, found.region) else None


def _fill(draft: Draft, there: _There) -> None:
    """Let a row that is right fill the delegation that it means, if it says anything of it."""
    if draft.wish is None:
        return
    found = there.meant_by(draft.wish, is_named=bool(draft.values["name"]))
    said = {column: getattr(draft.wish, column) for column in _UNDERSTOOD if draft.values[column]}
    if found is not None and said:
        draft.called = found.name
        draft.fill = Fill(delegation=found, changes=said)
        draft.wish = replace(opening.as_it_is(found), **said)


def _draft(
    number: int,
    row: Sequence[str],
    mapping: Sequence[str],
    meeting: Meeting,
    like: Wish,
    known: list[Region],
) -> Draft:
    values = dict.fromkeys(COLUMNS, "") | {
        column: cell
        for column, cell in zip(mapping, row, strict=False)
        if column and cell not in _NOTHING
    }
    draft = Draft(number, values)
    region, draft.called = _whose(draft, meeting, known)
    changes: dict[str, Any] = {"region": region, "name": draft.called}
    for column, understand in _UNDERSTOOD.items():
        if not values[column]:
            continue
        try:
            changes[column] = understand(values[column], meeting)
        except ValidationError as objection:
            draft.errors += objection.messages
    if not draft.errors:
        draft.wish = replace(like, **changes)
    return draft


def _whose(draft: Draft, meeting: Meeting, known: list[Region]) -> tuple[Region | None, str]:
    """The region, if it is one's, and what the delegation is called."""
    typed, called = draft.values["region"], draft.values["name"]
    region = regions.find(meeting.region_set, draft.whose, known=known) if draft.whose else None
    if typed and called:
        if region is None:
            draft.errors.append(_("“%(typed)s” is no region of the list.") % {"typed": typed})
    else:
        called = called_after(region, meeting) if region else draft.whose
    if not called:
        draft.errors.append(_("Write the region or the name."))
    if len(called) > _LONGEST["name"]:
        draft.errors.append(_("This is too long."))
    return region, called


def _head_name(typed: str, meeting: Meeting) -> str:
    if len(typed) > _LONGEST["head_name"]:
        raise ValidationError(_("This is too long."))
    return typed


def _head_email(typed: str, meeting: Meeting) -> str:
    if len(typed) > names.ADDRESS_LIMIT:
        raise ValidationError(_("This is too long."))
    try:
        validate_email(typed)
    except ValidationError as error:
        raise ValidationError(_("“%(email)s” is no e-mail address.") % {"email": typed}) from error
    return typed


def _quota(typed: str, meeting: Meeting) -> int:
    number = _NUMBER.fullmatch(typed)
    if number is None or int(number[1]) > MOST_SEATS:
        raise ValidationError(_("“%(quota)s” is no number of people.") % {"quota": typed[:20]})
    return int(number[1])


def _closes_at(typed: str, meeting: Meeting) -> datetime:
    return moments.read(typed, zone=meeting.zone)


_UNDERSTOOD: dict[str, Callable[[str, Meeting], Any]] = {
    "head_name": _head_name,
    "head_email": _head_email,
    "quota": _quota,
    "closes_at": _closes_at,
}


def _by_headings(first_row: Sequence[str]) -> list[str]:
    return columns.by_headings(first_row, COLUMNS, HEADINGS)


def _arranged(row: Sequence[str]) -> list[str]:
    found: dict[str, str] = {"region": row[0]}
    rest = []
    for cell in row[1:]:
        kind = _kind(cell)
        if kind and kind not in found:
            found[kind] = cell
        elif cell:
            rest.append(cell)
    return [*(found.get(field, "") for field in _ARRANGED), *rest]


def _kind(cell: str) -> str:
    if "@" in cell:
        return "head_email"
    if _NUMBER.fullmatch(cell):
        return "quota"
    if moments.looks_like_one(cell):
        return "closes_at"
    # A telephone number is nobody's name.
    return NONE if cell.strip("+").replace(" ", "").isdecimal() else "head_name"
