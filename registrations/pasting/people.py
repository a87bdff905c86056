"""Rows of a table as people: each checked like a form, each objection beside its row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Meeting
from registrations import names
from registrations.intake import Application
from registrations.models import DelegationRole, Registration
from registrations.pasting import columns


class RowForm(Protocol):
    """A form that makes an application of one row."""

    @property
    def errors(self) -> Any: ...

    fields: Any

    @property
    def application(self) -> Application: ...

    def is_valid(self) -> bool: ...


@dataclass
class Draft:
    """One row: what it would put on the list, or why it cannot."""

    row: int
    values: dict[str, str]
    application: Application | None = None
    errors: list[str] = field(default_factory=list)
    is_listed: bool = False

    @property
    def role(self) -> str:
        """In words what a delegation's row was understood as; an expert where it says nothing."""
        return str(DelegationRole(self.values.get("role") or DelegationRole.EXPERT).label)


@dataclass
class Table:
    """What was pasted, with a field for each column."""

    rows: list[list[str]]
    mapping: list[str]
    drafts: list[Draft]

    @property
    def headings(self) -> list[str]:
        """What stands over the columns, if something does."""
        return self.rows[0] if self.rows and columns.has_headings(self.rows[0]) else []

    @property
    def errors(self) -> int:
        return sum(bool(draft.errors) for draft in self.drafts)

    @property
    def applications(self) -> list[Application]:
        return [draft.application for draft in self.drafts if draft.application]


def check(
    rows: Sequence[Sequence[str]],
    mapping: Sequence[str],
    *,
    meeting: Meeting,
    form: Callable[[dict[str, str]], RowForm],
) -> Table:
    """
    Check all rows by the form that is made for each; the first may hold the headings.

    Whoever stands twice in the table, or is on the list already, is an error as well.
    """
    body = list(rows)
    if body and columns.has_headings(body[0]):
        body = body[1:]
    drafts = [draft(number, row, mapping, form) for number, row in enumerate(body, start=1)]
    object_to_twins(drafts, meeting)
    return Table([list(row) for row in rows], list(mapping), drafts)


def draft(
    number: int, row: Sequence[str], mapping: Sequence[str], form: Callable[..., RowForm]
) -> Draft:
    """One row, checked by itself."""
    values = {field: cell for field, cell in zip(mapping, row, strict=False) if field}
    if "role" in values:
        values["role"] = _role(values["role"])
    checked = form(values)
    if checked.is_valid():
        return Draft(number, values, checked.application)
    return Draft(number, values, None, list(_sentences(checked)))


def _sentences(form: RowForm) -> Iterable[str]:
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for error in errors:
            yield f"{label}: {error}" if label else str(error)


def _role(typed: str) -> str:
    """A role as people write it; what nobody understands is an expert."""
    folded = typed.casefold()
    if "зам" in folded or "deputy" in folded:
        return DelegationRole.DEPUTY
    if folded.startswith("рук") or "глава" in folded or "head" in folded:
        return DelegationRole.HEAD
    if "водит" in folded or "driver" in folded:
        return DelegationRole.DRIVER
    return DelegationRole.EXPERT


def object_to_twins(drafts: Sequence[Draft], meeting: Meeting) -> None:
    """Who stands twice among the rows, or is on the list already, is an error of his row."""
    keys = {draft.row: _key(draft.application) for draft in drafts if draft.application}
    if not keys:
        return
    listed = {
        (email.lower(), key)
        for email, key in Registration.objects.live()
        .filter(meeting=meeting, name_key__in={key for _email, key in keys.values()})
        .filter(~Q(name_key=""))
        .values_list("email", "name_key")
    }
    seen: dict[tuple[str, str], int] = {}
    for draft in drafts:
        if draft.application is None:
            continue
        key = keys[draft.row]
        if key in listed:
            draft.errors.append(_("This person is on the list already."))
            draft.is_listed = True
        elif key in seen:
            draft.errors.append(_("The same as row %(n)d.") % {"n": seen[key]})
        seen.setdefault(key, draft.row)
        if draft.errors:
            draft.application = None


def _key(application: Application) -> tuple[str, str]:
    who = (application.family_name, application.given_name, application.patronymic)
    return application.email.lower(), names.name_key(*who)
