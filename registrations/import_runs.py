"""
A long table on its way to the list: sent, looked at, checked, put on the list, or given up.

Each step is a change of the run's state under its row's lock, so a second click finds the
first one's work. Workers claim by lease; what they write is fenced by its epoch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting
from notifications import bell
from registrations import enlisting, enlisting_many, seats
from registrations.enlisting import Entry, ListClosed
from registrations.enlisting_many import Crowd
from registrations.intake import Application
from registrations.models import (
    UNSETTLED,
    ImportRun,
    ImportState,
    ImportTrouble,
    Outcome,
    Registration,
    Source,
)
from registrations.models.imports import KEPT, packed

__all__ = ["ListClosed", "NothingToImport", "TooLate", "begin", "bring", "cancel", "check", "start"]

TASK = "registrations.tasks.bring_tables"
# Many times what the last transaction takes, during which nothing is reported.
LEASE = timedelta(minutes=5)
ATTEMPTS = 5
# Tables of one meeting that wait for their organizer or a worker.
MOST_AT_ONCE = 20
# When a run is looked at again that met somebody else's lock.
PAUSE = timedelta(seconds=5)

# Of a row: its outcome, and what is wrong in words, or number and status of who was added.
Finding = tuple[str, str]


class TooLate(Refused):
    """The run has gone on since the page was shown."""

    code = "import_moved_on"


class NothingToImport(Refused):
    code = "nothing_to_import"


class TooManyImports(Refused):
    code = "too_many_imports"


class LeaseLost(Exception):
    """Another worker has taken over; what this one does no longer counts."""


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


@transaction.atomic(durable=True)
def claim(*, at: datetime) -> ImportRun | None:
    """
    Take one run that nobody works on, and give up those whose workers died too often.

    Returns None when there is nothing to do.
    """
    ImportRun.objects.due(at).filter(attempts__gte=ATTEMPTS).update(
        state=ImportState.FAILED, trouble=ImportTrouble.STOPPED, finished_at=at, lease_until=None
    )
    due = ImportRun.objects.due(at).select_for_update(skip_locked=True, of=("self",))
    run = due.select_related("meeting", "meeting__region_set", "created_by").order_by("pk").first()
    if run is None:
        return None
    run.attempts += 1
    run.lease_epoch += 1
    run.lease_until = at + LEASE
    run.done = 0
    run.save(update_fields=["attempts", "lease_epoch", "lease_until", "done"])
    return run


@transaction.atomic(durable=True)
def report(*, run: ImportRun, done: int, at: datetime) -> None:
    """
    Say how far it is, and keep the lease.

    :raises LeaseLost: another worker has it, or it was cancelled
    """
    _update(run, done=min(done, run.total), lease_until=at + LEASE)


@transaction.atomic(durable=True)
def record_checked(*, run: ImportRun, findings: Sequence[Finding]) -> None:
    """
    Keep what was found: of each row its outcome, and what is wrong in words.

    :raises LeaseLost: another worker has it, or it was cancelled
    """
    _update(run, state=ImportState.CHECKED, done=run.total, lease_until=None, **_sums(findings))


@transaction.atomic(durable=True)
def fail(*, run: ImportRun, at: datetime) -> None:
    """
    Give it up because of a fault; the log has it.

    :raises LeaseLost: another worker has it, or it was cancelled
    """
    _update(
        run,
        state=ImportState.FAILED,
        trouble=ImportTrouble.FAULT,
        finished_at=at,
        lease_until=None,
    )


@transaction.atomic(durable=True)
def put_off(*, run: ImportRun, refusal: Refused) -> None:
    """
    Nobody could be added, and `refusal` says why: it is checked still, and can be started again.

    :raises LeaseLost: another worker has it
    """
    _update(run, state=ImportState.CHECKED, refusal=str(refusal)[:500], lease_until=None)


@transaction.atomic(durable=True)
def hand_back(*, run: ImportRun, at: datetime) -> None:
    """
    Let it be taken up again in a moment: it met somebody else's lock, and nothing was done.

    :raises LeaseLost: another worker has it
    """
    _update(run, lease_until=at + PAUSE, attempts=run.attempts - 1)


def bring(
    *,
    run: ImportRun,
    applications: Sequence[Application],
    findings: Sequence[Finding],
    at: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> Crowd:
    """
    Put all `applications` on the list, or none, in one durable transaction. `findings` has
    something for each row of the table, with as many ready ones, in the same order; these
    become added. The counters are locked at the end of it, for a moment.

    :raises ListClosed: the meeting is not published, called off or over
    :raises MeetingFull: there is no seat for one of them, and no line
    :raises Outdated: others came in between; nobody was added, look and try again
    :raises LeaseLost: another worker has it
    """
    enlisting.refuse_unless_ahead(run.meeting, at=at)
    crowd = enlisting_many.gather(
        meeting=run.meeting,
        applications=applications,
        entry=_entry(run),
        at=at,
        progress=progress,
    )
    _commit(run, crowd, findings, at=at)
    return crowd


@transaction.atomic(durable=True)
def bring_first(
    *,
    run: ImportRun,
    applications: Sequence[Application],
    findings: Sequence[Finding],
    at: datetime,
) -> Crowd:
    """
    The same with the counters locked from the beginning: where `bring` was outdated again and
    again, everybody else waits for this one. Raises what it does.
    """
    counters = seats.lock(run.meeting_id)
    _refuse_if_moved_on(run, at=at)
    crowd = enlisting_many.gather(
        meeting=run.meeting,
        applications=applications,
        entry=_entry(run),
        at=at,
        counters=counters,
    )
    enlisting_many.write(crowd, by=_actor(run), counters=counters)
    _finish(run, crowd, findings, at=at)
    return crowd


@transaction.atomic(durable=True)
def _commit(run: ImportRun, crowd: Crowd, findings: Sequence[Finding], *, at: datetime) -> None:
    _refuse_if_moved_on(run, at=at)
    enlisting_many.write(crowd, by=_actor(run))
    _finish(run, crowd, findings, at=at)


def _entry(run: ImportRun) -> Entry:
    return Entry(
        source=Source.IMPORT,
        skips_review=run.terms["skips_review"],
        is_told=run.terms["is_told"],
    )


def _refuse_if_moved_on(run: ImportRun, *, at: datetime) -> None:
    if not ImportRun.objects.held(run).exists():
        raise LeaseLost
    enlisting.refuse_unless_ahead(Meeting.objects.get(pk=run.meeting_id), at=at)


def _finish(run: ImportRun, crowd: Crowd, findings: Sequence[Finding], *, at: datetime) -> None:
    """The last statement: whoever does not hold the run any more has added nobody."""
    added = iter(crowd.people)
    said = [
        (str(Outcome.ADDED), _standing(next(added))) if outcome == Outcome.READY else (outcome, why)
        for outcome, why in findings
    ]
    journal.record(
        by=_actor(run),
        at=at,
        action="participants.imported",
        subjects=[f"meeting:{run.meeting_id}"],
        changes={"run": run.pk, "people": len(crowd.people)},
    )
    _update(
        run,
        state=ImportState.DONE,
        done=run.total,
        finished_at=at,
        lease_until=None,
        **_sums(said),
    )


def _standing(person: Registration) -> str:
    """Number and status of who was added, for the result."""
    return f"{person.number} {person.status}"


def _sums(findings: Sequence[Finding]) -> dict[str, Any]:
    outcomes = [outcome for outcome, _words in findings]
    return {
        "outcomes": packed(list(findings)),
        "ready": outcomes.count(Outcome.READY),
        "listed": outcomes.count(Outcome.LISTED),
        "wrong": outcomes.count(Outcome.WRONG),
        "added": outcomes.count(Outcome.ADDED),
    }


def _actor(run: ImportRun) -> Actor:
    """Whoever sent the table, for the journal."""
    return Actor(who=run.who, via=run.via, user=run.created_by)


def _update(run: ImportRun, **values: Any) -> None:
    """Write only while the lease is ours."""
    if not ImportRun.objects.held(run).update(**values):
        raise LeaseLost


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
