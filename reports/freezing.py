"""Keep a figure as it was published: words, numbers, method, who and when."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import AccessLink, Meeting
from reports import headline, wording
from reports.models import Basis, FrozenFigure, Style


class NothingToFreeze(Refused):
    code = "nothing_to_freeze"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one number was when it was published, and what it is now."""

    what: str
    then: int
    now: int


@transaction.atomic(durable=True)
def freeze(
    *,
    meeting: Meeting,
    basis: str,
    style: str,
    at: datetime,
    by: Actor,
    link: AccessLink | None = None,
) -> tuple[FrozenFigure, bool]:
    """
    Count once more and keep the result as the published figure.

    Return it and whether it is new: the very same figure is not kept twice. `link` is the
    press link it was asked through, which is marked as used.

    :raises NothingToFreeze: nobody is counted on that basis, or it is too early to say who came
    """
    # The meeting's row is the queue: two who freeze at once get one figure.
    meeting = (
        Meeting.objects.select_for_update(of=["self"], no_key=True)
        .select_related("region_set")
        .get(pk=meeting.pk)
    )
    if basis == Basis.CHECKED_IN and not headline.is_the_day(meeting, at=at):
        raise NothingToFreeze(
            _("The day of the meeting has not come: who came can be published from that day on.")
        )
    counted = headline.count(lists=headline.lists(meeting), basis=Basis(basis), at=at)
    if counted.people == 0:
        raise NothingToFreeze(
            _("Nobody is counted on this basis yet. There is nothing to publish.")
        )
    if style not in wording.styles(counted):
        style = Style.EXACT

    figure = FrozenFigure(
        meeting=meeting,
        basis=basis,
        as_of=counted.as_of,
        sentences=wording.sentences(counted, meeting=meeting, style=style),
        numbers=counted.numbers() | {"style": str(style)},
        frozen_at=at,
        frozen_by=by.who,
    )
    figure.sha256 = digest(figure)
    if link is not None:
        AccessLink.objects.filter(pk=link.pk).update(last_used_at=at)
    if same := meeting.frozen_figures.filter(sha256=figure.sha256).first():
        return same, False
    figure.save(force_insert=True)
    journal.record(
        by=by,
        at=at,
        action="figure.frozen",
        subjects=[f"meeting:{meeting.pk}", f"figure:{figure.pk}"],
        changes={"basis": basis, "sha256": figure.sha256, **figure.numbers},
    )
    return figure, True


def digest(figure: FrozenFigure) -> str:
    """
    SHA-256 over what was published: meeting, basis, moment, sentences and numbers.

    Anybody can take it again from the row, or from the API's answer: canonical JSON
    (keys sorted, no spaces, UTF-8), the moment in UTC to the second.
    """
    content: dict[str, Any] = {
        "meeting": figure.meeting.slug,
        "basis": str(figure.basis),
        "as_of": f"{figure.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sentences": figure.sentences,
        "numbers": figure.numbers,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(figure: FrozenFigure, *, live: headline.Headline) -> list[Difference]:
    """Which numbers changed since the figure was published, by the same basis."""
    now = live.numbers()
    return [
        Difference(what=what, then=then, now=now[what])
        for what, then in figure.numbers.items()
        if what in now and now[what] != then
    ]
