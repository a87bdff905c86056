"""What became of an imported table: the rows as they were sent, with a column more in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations.models import ImportRun, Outcome, Status
from reports import tables
from reports.tables import FORMATS

__all__ = ["FORMATS", "NotChecked", "whole"]


class NotChecked(Refused):
    """There is nothing to say of the rows yet, or not any more."""

    code = "not_ready"


def whole(run: ImportRun, *, form: str, at: datetime, by: Actor) -> HttpResponseBase:
    """
    The table with what was found in each row; the journal says who took it.

    :raises NotChecked: it was not checked yet, or is cancelled
    """
    if not run.is_checked:
        raise NotChecked(_("The table is not checked yet."), state=run.state)
    _note(run, form=form, at=at, by=by)
    width = len(run.mapping)
    named = run.headings or [_("Column %(n)s") % {"n": n} for n in range(1, width + 1)]
    headings = [*named, _("Result"), _("Registration number")]
    return tables.download(
        form,
        name=f"import-{run.meeting.slug}",
        csv=tables.csv(headings, _lines(run)),
        xlsx=lambda file: tables.xlsx(headings, _lines(run), file, title=_("Participants")),
    )


def _lines(run: ImportRun) -> Iterator[list[str]]:
    for row, (outcome, words) in zip(run.rows, run.findings, strict=True):
        number, status = "", ""
        if outcome == Outcome.ADDED:
            number, _space, status = words.partition(" ")
            words = str(Status(status).label)
        said = [str(Outcome(outcome).label)]
        if outcome != Outcome.LISTED and words:
            said.append(words)
        yield [*row, ": ".join(said), number]


@transaction.atomic(durable=True)
def _note(run: ImportRun, *, form: str, at: datetime, by: Actor) -> None:
    journal.record(
        by=by,
        at=at,
        action="import.exported",
        subjects=[f"meeting:{run.meeting_id}"],
        changes={"run": run.pk, "format": form, "rows": run.total},
    )
