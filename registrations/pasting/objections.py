"""What is wrong with the rows of a table, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Protocol

from django.utils.translation import ngettext

from accounts.refusals import Refused

MOST_SAID = 100


class RowsNotAccepted(Refused):
    """Rows of the table have errors (`rows`, the first hundred; `wrong`: how many there are)."""

    code = "rows_not_accepted"


class Checked(Protocol):
    """A row that was looked at."""

    row: int
    errors: list[str]


def objections(drafts: Sequence[Checked]) -> list[dict[str, Any]]:
    """The first hundred rows with errors: their numbers from 1, and what is wrong in words."""
    wrong = (draft for draft in drafts if draft.errors)
    return [
        {"row": draft.row, "detail": " ".join(draft.errors)} for draft in islice(wrong, MOST_SAID)
    ]


def refuse_wrong(drafts: Sequence[Checked]) -> None:
    """:raises RowsNotAccepted: one of them has an error"""
    wrong = sum(bool(draft.errors) for draft in drafts)
    if wrong:
        words = ngettext(
            "%(n)d row has an error. Nothing was saved.",
            "%(n)d rows have errors. Nothing was saved.",
            wrong,
        )
        raise RowsNotAccepted(words % {"n": wrong}, wrong=wrong, rows=objections(drafts))


def trial(drafts: Sequence[Checked], mapping: Sequence[str]) -> dict[str, Any]:
    """What came of looking at a table: what its columns were taken for, and what is wrong."""
    return {
        "columns": list(mapping),
        "total": len(drafts),
        "wrong": sum(bool(draft.errors) for draft in drafts),
        "errors": objections(drafts),
    }
