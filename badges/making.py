"""
A claimed batch becomes a document: part by part, each stored and recorded before the next.

Everything written here is fenced by the lease's epoch: a worker that was given up for
dead writes nothing into what another took over. The clock is read here and not passed in:
a batch may take minutes, and its lease is renewed as it goes.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any, BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from badges import joining, pdf, rendering, sheets, wording
from badges.batches import LEASE, Section, in_full, printable
from badges.models import Batch, BatchKind, BatchState, Trouble
from events.models import Meeting

logger = logging.getLogger(__name__)

PART = 50 * rendering.PER_SHEET  # badges a part: whole sheets


class LeaseLost(Exception):
    """Another worker has taken over; what this one does no longer counts."""


def make(batch: Batch) -> None:
    """
    Make a claimed batch from where it was left, in parts, and join them.

    A fault fails the batch in words; a lost lease leaves it to whoever has it now.
    """
    try:
        for unit in list(_units(batch))[len(batch.parts) :]:
            name = f"batches/{batch.pk}/{batch.lease_epoch}-{unit.start}.part"
            made = ContentFile(_made(batch, unit))
            _record_part(batch, default_storage.save(name, made), unit.stop)
        _join(batch)
    except LeaseLost:
        logger.warning("Another worker has taken over batch %s.", batch.pk)
    except OSError:
        logger.exception("Could not store batch %s", batch.pk)
        _fail(batch, Trouble.STORAGE)
    except Exception:  # a fault in one batch must not hold up the next
        logger.exception("Could not make batch %s", batch.pk)
        _fail(batch, Trouble.FAULT)


@dataclass(frozen=True)
class Unit:
    """What one part is made of: a stretch of `people`, with what stands over its sheets."""

    start: int
    stop: int
    label: str
    first_sheet: int
    sheets: int


def _units(batch: Batch) -> Iterator[Unit]:
    """The parts of a batch; the same each time, whoever asks."""
    sections: list[Section] = batch.options["sections"]
    per = rendering.PER_SHEET
    count = sum(-(-section["count"] // per) for section in sections)
    start, sheet = 0, 1
    for section in sections:
        end = start + section["count"]
        step = PART if batch.kind == BatchKind.BADGES else section["count"]
        places = [*range(start, end, step), end]
        for first, last in pairwise(places):
            yield Unit(first, last, section["label"], sheet, count)
            sheet += -(-(last - first) // per)
        start = end


def _made(batch: Batch, unit: Unit) -> bytes:
    """One part, a document in itself: read who is in it, draw it."""
    meeting = batch.meeting
    wanted = batch.people[unit.start : unit.stop]
    # Whoever was cancelled or erased since it was ordered is left out.
    found = in_full(printable(meeting)).in_bulk(wanted)
    people = [found[pk] for pk in wanted if pk in found]
    options = wording.Options.chosen(batch.options["asked"])
    badges = wording.badges(meeting, people, options)
    out = BytesIO()
    with translation.override(meeting.language):
        document = pdf.Document(
            out,
            title=heading(meeting),
            language=meeting.language,
            size=rendering.A4 if batch.kind == BatchKind.BADGES else sheets.A4_LANDSCAPE,
        )
        if batch.kind == BatchKind.SHEETS:
            lines = [
                sheets.Line(
                    badge.number,
                    f"{badge.family} {badge.given}".strip(),
                    badge.position,
                    badge.organization,
                )
                for badge in badges
            ]
            sheets.add_desk(document, lines, title=heading(meeting), desk=unit.label)
        else:
            for number, sheet in enumerate(rendering.in_sheets(badges), unit.first_sheet):
                said = _("sheet %(number)d of %(count)d") % {"number": number, "count": unit.sheets}
                footing = " · ".join(filter(None, [said, unit.label]))
                rendering.add_sheet(document, sheet, footing=footing)
    document.save()
    return out.getvalue()


def heading(meeting: Meeting) -> str:
    """The meeting and its day, for the head of a sheet."""
    return " · ".join(wording.title_and_day(meeting))


@transaction.atomic(durable=True)
def _record_part(batch: Batch, name: str, done: int) -> None:
    batch.parts = [*batch.parts, name]
    batch.done = done
    _update(batch, parts=batch.parts, done=done, lease_until=timezone.now() + LEASE)


@transaction.atomic(durable=True)
def _finish(batch: Batch, name: str) -> None:
    batch.state, batch.file.name = BatchState.DONE, name
    _update(
        batch,
        state=BatchState.DONE,
        file=name,
        finished_at=timezone.now(),
        done=F("total"),
        parts=[],
        lease_until=None,
    )


def _update(batch: Batch, **values: Any) -> None:
    """Write only while the lease is ours."""
    ours = Batch.objects.running().filter(pk=batch.pk, lease_epoch=batch.lease_epoch)
    if not ours.update(**values):
        raise LeaseLost


@transaction.atomic(durable=True)
def _fail(batch: Batch, trouble: Trouble) -> None:
    ours = Batch.objects.running().filter(pk=batch.pk, lease_epoch=batch.lease_epoch)
    ours.update(
        state=BatchState.FAILED, error=trouble, finished_at=timezone.now(), lease_until=None
    )


def _join(batch: Batch) -> None:
    """One document of all parts. It appears under its name only when it is whole."""
    parts = list(batch.parts)
    with tempfile.TemporaryFile() as joined, ExitStack() as stack:
        opened = [stack.enter_context(default_storage.open(part)) for part in parts]
        joining.join(joined, cast(list[BinaryIO], opened))
        joined.seek(0)
        name = default_storage.save(f"batches/{batch.pk}/{batch.lease_epoch}.pdf", File(joined))
    _finish(batch, name)
    for part in parts:
        default_storage.delete(part)
