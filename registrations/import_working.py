"""
What a worker does with a claimed table: check all rows, or put their people on the list.

The clock is read here and not passed in: a table takes a minute, and its lease is renewed as
it goes. Everything written is fenced by the lease (`import_leases`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from events.models import Meeting
from registrations import import_leases
from registrations.enlisting_many import Crowd, Outdated
from registrations.import_forms import ImportForm
from registrations.import_leases import Finding, LeaseLost
from registrations.models import ImportRun, ImportState, Outcome
from registrations.pasting import people
from registrations.pasting.people import Draft
from registrations.person_forms import ListedForm

logger = logging.getLogger(__name__)

_AT_ONCE = 250
# How often a reckoning that is outdated is made anew before all others wait for it.
TRIES = 3


class TermsGone(Refused):
    """What was chosen for all rows is not to be had any more."""

    code = "import_moved_on"


class ChangedSince(Refused):
    """A row that could be added when it was checked cannot be any more."""

    code = "import_moved_on"


def work(run: ImportRun) -> None:
    """
    Do what the run's state asks for, in the language of whoever sent it.

    A fault fails the run in words; a lost lease leaves it to whoever has it now; a lock that
    somebody else holds too long is met again a little later.
    """
    with translation.override(run.language):
        try:
            if run.state == ImportState.CHECKING:
                _check(run)
            else:
                _bring(run)
        except LeaseLost:
            logger.warning("Another worker has taken over import %s.", run.pk)
        except OperationalError:
            logger.warning("Import %s met a lock and is tried again.", run.pk, exc_info=True)
            _unless_lost(lambda: import_leases.hand_back(run=run, at=timezone.now()))
        except Exception:  # a fault in one table must not hold up the next
            logger.exception("Could not work on import %s", run.pk)
            _unless_lost(lambda: import_leases.fail(run=run, at=timezone.now()))


def _unless_lost(act: Callable[[], None]) -> None:
    try:
        act()
    except LeaseLost:
        logger.warning("Another worker has taken over meanwhile.")


def _check(run: ImportRun) -> None:
    try:
        drafts = _drafts(run, lambda done: _report(run, done))
    except TermsGone as refusal:
        wrong = (str(Outcome.WRONG), str(refusal))
        import_leases.record_checked(run=run, findings=[wrong] * run.total)
        return
    people.object_to_twins(drafts, run.meeting)
    import_leases.record_checked(run=run, findings=_findings(drafts))


def _bring(run: ImportRun) -> None:
    try:
        drafts = _drafts(run, lambda done: _report(run, done // 2))
        crowd = _brought(run, drafts)
    except Refused as refusal:
        import_leases.put_off(run=run, refusal=refusal)
        return
    if crowd is not None:
        logger.info(
            "Import %s put %s people on the list; seats were locked for %.2f s.",
            run.pk, len(crowd.people), crowd.locked_for,
        )  # fmt: skip


def _brought(run: ImportRun, checked: Sequence[Draft]) -> Crowd | None:
    """The people on the list; None where all of them have come there another way."""
    ready = [outcome == Outcome.READY for outcome, _words in run.findings]
    for attempt in range(TRIES + 1):
        drafts = [replace(draft, errors=list(draft.errors)) for draft in checked]
        people.object_to_twins(drafts, run.meeting)
        findings = _findings(drafts)
        if any(
            was_ready and outcome == Outcome.WRONG
            for was_ready, (outcome, _words) in zip(ready, findings, strict=True)
        ):
            raise ChangedSince(
                _("The meeting has changed since the table was checked: check it again.")
            )
        # What was wrong when it was looked at is not added behind anybody's back.
        findings = [
            found if was_ready or found[0] != Outcome.READY else old
            for was_ready, found, old in zip(ready, findings, run.findings, strict=True)
        ]
        applications = [
            draft.application
            for draft, (outcome, _words) in zip(drafts, findings, strict=True)
            if draft.application and outcome == Outcome.READY
        ]
        if not applications:
            _nobody_left(run, findings)
            return None
        try:
            if attempt == TRIES:
                return import_leases.bring_first(
                    run=run, applications=applications, findings=findings, at=timezone.now()
                )
            return import_leases.bring(
                run=run,
                applications=applications,
                findings=findings,
                at=timezone.now(),
                progress=lambda done: _report(run, (run.total + done) // 2),
            )
        except Outdated:
            logger.info("Import %s was outdated, try %s.", run.pk, attempt + 1)
    raise OperationalError("people came on the list while the counters were locked")


def _nobody_left(run: ImportRun, findings: Sequence[Finding]) -> None:
    import_leases.record_checked(run=run, findings=findings)


def _drafts(run: ImportRun, progress: Callable[[int], None]) -> list[Draft]:
    """
    Each row, checked by itself.

    :raises TermsGone: the category of all rows is none of the meeting's any more
    """
    terms = terms_of(run.meeting, run)
    if not terms.is_valid():
        raise TermsGone(_("The category chosen for the table is not there any more."))
    drafts = []
    for number, row in enumerate(run.rows, start=1):
        drafts.append(
            people.draft(number, row, run.mapping, lambda values: ListedForm(values, terms=terms))
        )
        if number % _AT_ONCE == 0:
            progress(number)
    return drafts


def terms_of(meeting: Meeting, run: ImportRun) -> ImportForm:
    """What all rows of a run have in common, as the form that it was chosen with."""
    return ImportForm(run.terms, meeting=meeting)


def _findings(drafts: Sequence[Draft]) -> list[Finding]:
    return [(str(_outcome(draft)), " ".join(draft.errors)) for draft in drafts]


def _outcome(draft: Draft) -> Outcome:
    if draft.is_listed:
        return Outcome.LISTED
    return Outcome.WRONG if draft.errors else Outcome.READY


def _report(run: ImportRun, done: int) -> None:
    import_leases.report(run=run, done=done, at=timezone.now())
