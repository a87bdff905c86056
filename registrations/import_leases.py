"""
What a worker writes about a table that it has claimed: how far it is, what it found, who is on
the list. It has the table for a while, and is fenced by the run's epoch when that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting
from registrations import enlisting, enlisting_many, seats
from registrations.enlisting import Entry
from registrations.enlisting_many import Crowd
from registrations.intake import Application
from registrations.models import (
    ImportRun,
    ImportState,
    ImportTrouble,
    Outcome,
    Registration,
    Source,
)
from registrations.models.imports import packed

# Many times what the last transaction takes, during which nothing is reported.
LEASE = timedelta(minutes=5)
ATTEMPTS = 5
# When a run is looked at again that met somebody else's lock.
PAUSE = timedelta(seconds=5)

# Of a row: its outcome, and what is wrong in words, or number and status of who was added.
Finding = tuple[str, str]


class LeaseLost(Exception):
    """Another worker has taken over; what this one does no longer counts."""


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
