"""The lists for the pass desk, and their amendments, as files that leave the house."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from events.models import Meeting
from registrations import pass_lists
from registrations.models import PassList
from reports import pass_desk, tables
from reports.tables import FORMATS

__all__ = ["FORMATS", "amendment", "later", "whole"]

LONGEST_NUMBER = 9


def later(since: PassList, asked: str) -> PassList | None:
    """
    The later list that an address asks for; None: until now.

    :raises Http404: there is no such list after `since`
    """
    if not asked:
        return None
    is_number = asked.isascii() and asked.isdecimal() and len(asked) <= LONGEST_NUMBER
    if not is_number or int(asked) <= since.number:
        raise Http404
    return get_object_or_404(PassList, meeting=since.meeting_id, number=int(asked))


def whole(
    kept: PassList, *, form: str, meeting: Meeting, at: datetime, by: Actor
) -> HttpResponseBase:
    """A list, with what is new in it against the one before; the journal says who took it."""
    _note(kept, at=at, by=by, changes={"format": form, "rows": kept.people})
    rows = pass_desk.table(pass_lists.lines(kept), pass_lists.before(kept), meeting)
    return _download(
        form,
        rows,
        name=f"{meeting.slug}-list-{kept.number}",
        title=_("List No. %(n)s") % {"n": kept.number},
    )


def amendment(
    since: PassList,
    *,
    until: PassList | None,
    form: str,
    meeting: Meeting,
    at: datetime,
    by: Actor,
) -> HttpResponseBase:
    """What has changed since a list, until now or a later one; journalled as well."""
    found = pass_lists.difference(since, until=until)
    changes = {"format": form, "rows": len(found.changes)}
    _note(since, at=at, by=by, changes=changes | {"until": until.number if until else "now"})
    return _download(
        form,
        pass_desk.amendment(found, meeting),
        name=f"{meeting.slug}-changes-{since.number}" + (f"-{until.number}" if until else ""),
        title=_("Changes since list No. %(n)s") % {"n": since.number},
    )


@transaction.atomic(durable=True)
def _note(kept: PassList, *, at: datetime, by: Actor, changes: dict[str, Any]) -> None:
    journal.record(
        by=by,
        at=at,
        action="pass_list.exported",
        subjects=[f"meeting:{kept.meeting_id}"],
        changes={"list": kept.number, **changes},
    )


def _download(
    form: str, rows: Iterable[tuple[str, ...]], *, name: str, title: str
) -> HttpResponseBase:
    headings = pass_desk.headings()
    return tables.download(
        form,
        name=name,
        csv=tables.csv(headings, rows),
        xlsx=lambda file: tables.xlsx(headings, rows, file, title=title),
    )
