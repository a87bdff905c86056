"""
Badges and sign-in sheets for everybody, made by a worker.

A batch is a row; whoever finds it unclaimed makes it, in parts of some sheets. Each part
is stored and recorded before the next begins, so a worker killed at any moment costs the
part it was at. A lease says whose it is; its epoch keeps a worker that was given up for
dead from writing into what another took over.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypedDict

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.refusals import Refused
from badges import desks, pdf, rendering, sheets, wording
from badges.models import KEPT, Batch, BatchKind, BatchState, Trouble
from badges.typefaces import missing
from events.models import Meeting
from notifications import bell
from registrations.models import AttendanceMode, Registration, RegistrationQuerySet

logger = logging.getLogger(__name__)

TASK = "badges.tasks.render"
LEASE = timedelta(seconds=90)  # many times what one part takes
PART = 20 * rendering.PER_SHEET  # badges a part: whole sheets
ATTEMPTS = 5
MOST_DESKS = 30
OTHERS = "…"


class NothingToPrint(Refused):
    code = "nothing_to_print"


class LeaseLost(Exception):
    """Another worker has taken over; what this one does no longer counts."""


class Section(TypedDict):
    """A desk's people: how many of the list, and what is written over them."""

    label: str
    count: int


def printable(meeting: Meeting) -> RegistrationQuerySet:
    """Who gets a badge: everybody confirmed who comes in person."""
    people: RegistrationQuerySet = Registration.objects.filter(
        meeting=meeting, attendance_mode=AttendanceMode.IN_PERSON
    )
    return people.confirmed()


def in_full(people: RegistrationQuerySet) -> RegistrationQuerySet:
    """With all that a badge says fetched along."""
    return people.select_related("category", "region__region_set")


@transaction.atomic(durable=True)
def order(
    *,
    meeting: Meeting,
    kind: str,
    options: dict[str, Any],
    at: datetime,
    by: journal.Actor,
) -> Batch:
    """
    Have the badges or sign-in sheets of everybody confirmed made.

    `options`: `order` ("name" or "desk"), `desks` (how many), and what stands on a badge
    (wording.Options). The same order, given again while it is being made, is the same batch.

    :raises NothingToPrint: nobody is confirmed yet
    """
    people = list(printable(meeting).by_name().values_list("pk", "sort_key"))
    if not people:
        raise NothingToPrint(_("Nobody is confirmed yet, so there is nothing to print."))
    asked = _asked(kind, options)
    twin = Batch.objects.unfinished().filter(meeting=meeting, kind=kind, options__asked=asked)
    if found := twin.newest_first().first():
        return found
    batch = Batch.objects.create(
        meeting=meeting,
        kind=kind,
        options={"asked": asked, "sections": _sections(people, kind, asked, meeting)},
        people=[pk for pk, _key in people],
        total=len(people),
        created_by=by.user,
        created_at=at,
    )
    journal.record(
        by=by,
        at=at,
        action="badges.ordered",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"batch": batch.pk, "kind": kind, "people": len(people)},
    )
    bell.ring(TASK)
    return batch


def _asked(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """What was chosen, complete and in one form."""
    by_desk = kind == BatchKind.SHEETS or options.get("order") == "desk"
    asked: dict[str, Any] = {"order": "desk" if by_desk else "name"}
    if by_desk:
        asked["desks"] = max(1, min(int(options.get("desks") or 1), MOST_DESKS))
    if kind == BatchKind.BADGES:
        asked |= vars(wording.Options.chosen(options))
    return asked


def _sections(
    people: list[tuple[int, str]], kind: str, asked: dict[str, Any], meeting: Meeting
) -> list[Section]:
    if asked["order"] != "desk":
        return [Section(label="", count=len(people))]
    # Whoever's letter cannot be printed comes last in the order of the alphabets.
    letters = [OTHERS if missing(key[:1]) else key[:1] for _pk, key in people]
    with translation.override(meeting.language):
        return [
            Section(
                label=_("Desk %(number)d: %(letters)s")
                % {"number": stretch.desk, "letters": stretch.letters},
                count=stretch.stop - stretch.start,
            )
            for stretch in desks.split(letters, asked["desks"])
        ]


@transaction.atomic(durable=True)
def claim(*, at: datetime) -> Batch | None:
    """
    Take one batch that nobody works on, and fail those whose workers died too often.

    Returns None when there is nothing to do.
    """
    Batch.objects.due(at).filter(attempts__gte=ATTEMPTS).update(
        state=BatchState.FAILED, error=Trouble.STOPPED, finished_at=at, lease_until=None
    )
    due = Batch.objects.due(at).select_for_update(skip_locked=True).order_by("pk")
    batch = due.first()
    if batch is None:
        return None
    batch.state = BatchState.RUNNING
    batch.attempts += 1
    batch.lease_epoch += 1
    batch.lease_until = at + LEASE
    batch.save(update_fields=["state", "attempts", "lease_epoch", "lease_until"])
    return batch


def make(batch: Batch) -> None:
    """
    Make a claimed batch from where it was left, in parts, and join them.

    A fault fails the batch in words; a lost lease leaves it to whoever has it now.
    """
    try:
        for unit in list(_units(batch))[len(batch.parts) :]:
            data = _made(batch, unit).to_bytes()
            name = f"batches/{batch.pk}/{batch.lease_epoch}-{unit.start}.part"
            _record_part(batch, default_storage.save(name, ContentFile(data)), unit.stop)
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


def _made(batch: Batch, unit: Unit) -> pdf.Part:
    """One part: read who is in it, draw it."""
    meeting = batch.meeting
    wanted = batch.people[unit.start : unit.stop]
    # Whoever was cancelled or erased since it was ordered is left out.
    found = in_full(printable(meeting)).in_bulk(wanted)
    people = [found[pk] for pk in wanted if pk in found]
    options = wording.Options.chosen(batch.options["asked"])
    badges = wording.badges(meeting, people, options)
    part = pdf.Part()
    with translation.override(meeting.language):
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
            sheets.add_desk(part, lines, title=heading(meeting), desk=unit.label)
            return part
        for number, sheet in enumerate(rendering.in_sheets(badges), unit.first_sheet):
            said = _("sheet %(number)d of %(count)d") % {"number": number, "count": unit.sheets}
            rendering.add_sheet(part, sheet, footing=" · ".join(filter(None, [said, unit.label])))
    return part


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
    with tempfile.TemporaryFile() as joined:
        pdf.write(
            joined,
            map(_read_part, parts),
            title=heading(batch.meeting),
            language=batch.meeting.language,
            size=rendering.A4 if batch.kind == BatchKind.BADGES else sheets.A4_LANDSCAPE,
        )
        joined.seek(0)
        name = default_storage.save(f"batches/{batch.pk}/{batch.lease_epoch}.pdf", File(joined))
    _finish(batch, name)
    for part in parts:
        default_storage.delete(part)


def _read_part(name: str) -> pdf.Part:
    with default_storage.open(name) as stored:
        return pdf.Part.from_bytes(stored.read())


def sweep(*, at: datetime) -> int:
    """Erase batches whose time is over, files first; return how many."""
    old = Batch.objects.older_than(at - KEPT).exclude(lease_until__gte=at).in_brief()
    count = 0
    for batch in old.order_by("pk").iterator():
        _erase(batch)
        count += 1
    return count


@transaction.atomic(durable=True)
def _erase(batch: Batch) -> None:
    folder = f"batches/{batch.pk}"
    if batch.file.name:
        default_storage.delete(batch.file.name)
    try:
        _folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        files = []
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    batch.delete()


def single(registration: Registration, out: Any) -> None:
    """One badge as a document of its own size, 90 × 55 mm, written to `out`."""
    meeting = registration.meeting
    part = pdf.Part()
    for badge in wording.badges(meeting, [registration], wording.Options()):
        rendering.add_single(part, badge)
    pdf.write(
        out,
        [part],
        title=registration.spoken_number,
        language=meeting.language,
        size=(rendering.WIDTH, rendering.HEIGHT),
    )
