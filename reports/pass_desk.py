"""The lists for the pass desk in words: what is printed, and what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from registrations.models import Registration
from registrations.pass_lists import FIELDS, Change, Difference, Line

if TYPE_CHECKING:
    from events.models import Meeting
    from registrations.models import PassList

# Tones of the three kinds of change, as the pages colour them.
TONES = {"added": "yes", "gone": "no", "changed": "wait"}


def headings() -> list[str]:
    """The columns of every list and of every amendment."""
    return [_("Number"), *map(label, FIELDS), _("Amendment"), _("Instead of whom")]


def label(field: str) -> str:
    """What a column is called."""
    if field == "region":
        return _("Region")
    if field == "category":
        return _("Category")
    name = str(Registration._meta.get_field(field).verbose_name)  # type: ignore[union-attr]  # plain fields only
    return name[:1].upper() + name[1:]


def signs(counts: Difference | PassList) -> str:
    """“+3 −1 ~2”; empty where nothing differs."""
    parts = [("+", counts.added), ("−", counts.gone), ("~", counts.changed)]
    return " ".join(f"{sign}{count}" for sign, count in parts if count)


def table(
    lines: Iterable[Line], found: Difference | None, meeting: Meeting
) -> Iterator[tuple[str, ...]]:
    """A whole list as rows, with what changed in it against the one before."""
    changes = {change.line.registration_id: change for change in (found.changes if found else [])}
    for line in lines:
        yield row(line, changes.get(line.registration_id), meeting)


def amendment(found: Difference, meeting: Meeting) -> Iterator[tuple[str, ...]]:
    """What has changed as rows: whom to add, to remove, to change."""
    for change in found.changes:
        yield row(change.line, change, meeting)


def row(line: Line, change: Change | None, meeting: Meeting) -> tuple[str, ...]:
    """One person in the columns of `headings`."""
    return (
        line.number,
        *(line.text(field, meeting) for field in FIELDS),
        said(change, meeting) if change else "",
        called(change.instead_of) if change and change.instead_of else "",
    )


def said(change: Change, meeting: Meeting) -> str:
    """What the pass desk is to do, with old and new, or who comes instead."""
    if change.kind == "added":
        return pgettext("to a list", "add")
    if change.kind == "gone":
        if change.replaced_by:
            name = called(change.replaced_by)
            return _("remove (replaced by %(name)s)") % {"name": name}
        return pgettext("from a list", "remove")
    return _("change: %(what)s") % {"what": "; ".join(edits(change, meeting))}


def word(change: Change) -> str:
    """The same in one word."""
    return {
        "added": pgettext("to a list", "add"),
        "gone": pgettext("from a list", "remove"),
        "changed": pgettext("on a list", "change"),
    }[change.kind]


def edits(change: Change, meeting: Meeting) -> list[str]:
    """Which columns read otherwise: “position: Director → Minister”."""
    if change.was is None or change.now is None:
        return []
    return [
        f"{label(field).lower()}: {change.was.text(field, meeting) or '—'}"
        f" → {change.now.text(field, meeting) or '—'}"
        for field in change.fields
    ]


def called(line: Line) -> str:
    """Name and number of somebody who is not in a row of his own; the number alone at last."""
    return ", ".join(filter(None, [line.full_name, line.number]))
