"""
A long table on its way to the list: sent, looked at, checked, put on the list, or given up.

Each step is a change of the run's state under its row's lock, so a second click finds the
first one's work. What a worker does with it meanwhile: import_leases.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting
from notifications import bell
from registrations import enlisting
from registrations.enlisting import ListClosed
from registrations.models import UNSETTLED, ImportRun, ImportState
from registrations.models.imports import KEPT, packed

__all__ = ["ListClosed", "NothingToImport", "TooLate", "begin", "cancel", "check", "start"]

TASK = "registrations.tasks.bring_tables"
# Tables of one meeting that wait for their organizer or a worker.
MOST_AT_ONCE = 20


class TooLate(Refused):
    """The run has gone on since the page was shown."""

    code = "import_moved_on"


class NothingToImport(Refused):
    code = "nothing_to_import"


class TooManyImports(Refused):
    code = "too_many_imports"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A table as it was read."""

    rows: list[list[str]]
    has_headings: bool
    skipped: int = 0
    file_name: str = ""

    @property
    def total(self) -> int:
        return len(self.rows) - self.has_headings

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.rows, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic(durable=True)
def begin(
    *,
    meeting: Meeting,
    sent: Sent,
    mapping: Sequence[str],
    terms: dict[str, Any],
    language: str,
    at: datetime,
    by: Actor,
    is_checked_at_once: bool = False,
) -> ImportRun:
    """
    Keep a table until its columns are looked at or, with `is_checked_at_once`, have a worker
    check it. `terms` are what all rows have in common; `language` that of the objections.

    :raises ListClosed: the meeting is not published, called off or over
    :raises NothingToImport: it has no rows
    :raises TooManyImports: too many tables of this meeting are on their way
    """
    enlisting.refuse_unless_ahead(meeting, at=at)
    if not sent.total:
        raise NothingToImport(_("There are no rows in this table."))
    if meeting.import_runs.filter(state__in=UNSETTLED).count() >= MOST_AT_ONCE:
        raise TooManyImports(
            _("Too many tables of this meeting are on their way: import or cancel one of them.")
        )
    run = ImportRun.objects.create(
        meeting=meeting,
        state=ImportState.CHECKING if is_checked_at_once else ImportState.MAPPING,
        file_name=sent.file_name[:200],
        sha256=sent.sha256,
        table=packed(sent.rows),
        skipped=sent.skipped,
        has_headings=sent.has_headings,
        mapping=list(mapping),
        terms=terms,
        language=language,
        total=sent.total,
        created_by=by.user,
        who=by.who,
        via=by.via,
        created_at=at,
    )
    if is_checked_at_once:
        bell.ring(TASK)
    return run


@transaction.atomic(durable=True)
def check(*, run: ImportRun, mapping: Sequence[str], terms: dict[str, Any]) -> ImportRun:
    """
    Have a worker check all rows, with these columns; also once more, with others.

    :raises TooLate: it is being imported, or over
    """
    run = _locked(run)
    if run.state == ImportState.CHECKING and (run.mapping, run.terms) == (list(mapping), terms):
        return run
    if run.state not in (ImportState.MAPPING, ImportState.CHECKING, ImportState.CHECKED):
        raise _moved_on(run)
    run.mapping, run.terms = list(mapping), terms
    _queue(run, ImportState.CHECKING)
    return run


@transaction.atomic(durable=True)
def look_again(*, run: ImportRun) -> ImportRun:
    """
    Back to the columns; what was found is forgotten.

    :raises TooLate: it is being imported, or over
    """
    run = _locked(run)
    if run.state not in (ImportState.MAPPING, ImportState.CHECKING, ImportState.CHECKED):
        raise _moved_on(run)
    _queue(run, ImportState.MAPPING)
    return run


@transaction.atomic(durable=True)
def start(*, run: ImportRun) -> ImportRun:
    """
    Have a worker put all rows on the list that can be. Twice is harmless.

    :raises TooLate: it was not checked, or is cancelled
    :raises NothingToImport: no row can be added
    """
    run = _locked(run)
    if run.state in (ImportState.IMPORTING, ImportState.DONE):
        return run
    if run.state != ImportState.CHECKED:
        raise _moved_on(run)
    if not run.ready:
        raise NothingToImport(_("No row of this table can be added."))
    run.state, run.refusal = ImportState.IMPORTING, ""
    run.done, run.attempts, run.lease_until = 0, 0, None
    run.lease_epoch += 1
    run.save(update_fields=["state", "refusal", "done", "attempts", "lease_until", "lease_epoch"])
    bell.ring(TASK)
    return run


@transaction.atomic(durable=True)
def cancel(*, run: ImportRun, at: datetime) -> ImportRun:
    """
    Give it up; its table is forgotten at once. Twice is harmless.

    :raises TooLate: a worker puts it on the list already
    """
    run = _locked(run)
    if run.state in (ImportState.CANCELLED, ImportState.FAILED):
        return run
    if not run.can_be_cancelled:
        raise _moved_on(run)
    run.state, run.finished_at = ImportState.CANCELLED, at
    run.table, run.outcomes, run.lease_until = b"", b"", None
    run.lease_epoch += 1
    run.save(
        update_fields=[
            "state", "finished_at", "table", "outcomes", "lease_until", "lease_epoch",
        ]
    )  # fmt: skip
    return run


def _locked(run: ImportRun) -> ImportRun:
    return ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)


def _queue(run: ImportRun, state: ImportState) -> None:
    """Begin a step anew: what a worker may still do of the last one does not count."""
    run.state, run.refusal = state, ""
    run.outcomes, run.lease_until = b"", None
    run.done = run.ready = run.listed = run.wrong = run.attempts = 0
    run.lease_epoch += 1
    run.save()
    if state == ImportState.CHECKING:
        bell.ring(TASK)


def _moved_on(run: ImportRun) -> TooLate:
    return TooLate(
        _("This cannot be done now: the table is “%(state)s”.") % {"state": run.get_state_display()}
    )


def remembered(meeting: Meeting, sent: Sent) -> list[str] | None:
    """The columns that were chosen for the last table with the same headings, if any."""
    if not sent.has_headings:
        return None
    for run in meeting.import_runs.exclude(table=b"").filter(has_headings=True).newest_first()[:5]:
        if run.headings == sent.rows[0]:
            return list(run.mapping)
    return None


def twin(run: ImportRun) -> ImportRun | None:
    """The last import of the very same table, as long as it is remembered."""
    same = ImportRun.objects.imported().filter(meeting=run.meeting_id, sha256=run.sha256)
    return same.exclude(pk=run.pk).in_brief().newest_first().first()


def sweep(*, at: datetime) -> int:
    """Erase runs whose time is over, with their tables; return how many."""
    old = ImportRun.objects.filter(created_at__lt=at - KEPT).exclude(lease_until__gte=at)
    count, _each = old.delete()
    return count
