"""
Badges and sign-in sheets for everybody, made by a worker.

A batch is a row; whoever finds it unclaimed makes it, in parts of some sheets. Each part
is stored and recorded before the next begins, so a worker killed at any moment costs the
part it was at. A lease says whose it is; its epoch keeps a worker that was given up for
dead from writing into what another took over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import JournalEntry
from accounts.refusals import Refused
from badges import desks, pdf, rendering, wording
from badges.models import KEPT, Batch, BatchKind, BatchState, Trouble
from badges.typefaces import missing
from events.models import Meeting
from notifications import bell
from registrations.models import AttendanceMode, Registration, RegistrationQuerySet

TASK = "badges.tasks.render"
LEASE = timedelta(seconds=90)  # many times what one part takes
ATTEMPTS = 5
MOST_DESKS = 30
OTHERS = "…"


class NothingToPrint(Refused):
    code = "nothing_to_print"


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


def outdated(meeting: Meeting, made: Iterable[Batch]) -> set[int]:
    """
    Which of these files print other people than there are now, or something of them, of
    their organizations or of the meeting as it was.

    Two queries, however many files there are.
    """
    now = printable(meeting).aggregate(people=Count("pk"), newest=Max("status_changed_at"))
    changed = JournalEntry.objects.about(f"meeting:{meeting.pk}").aggregate(**_LAST_CHANGES)
    found = set()
    for batch in made:
        moments = [now["newest"], *(changed[name] for name in _printed(batch))]
        newest = max((moment for moment in moments if moment), default=batch.created_at)
        if batch.total != now["people"] or newest > batch.created_at:
            found.add(batch.pk)
    return found


def _printed(batch: Batch) -> set[str]:
    """What such a file prints, as _LAST_CHANGES calls it."""
    printed = set(_LAST_CHANGES)
    if batch.kind == BatchKind.SHEETS:
        return printed - _ON_BADGES_ONLY
    asked = vars(wording.Options.chosen(batch.options["asked"]))
    return printed - {_OPTIONAL[option] for option, is_wanted in asked.items() if not is_wanted}


def _last_change(action: str, field: str) -> Max:
    return Max("at", filter=Q(action=action, changes__fields__contains=[field]))


# When that which files print was changed last.
_LAST_CHANGES = {
    **{
        f"person_{field}": _last_change("registration.amended", field)
        for field in (
            "family_name", "given_name", "patronymic", "latin_name", "organization", "position",
            "region", "category", "attendance_mode",
        )
    },
    **{
        f"meeting_{field}": _last_change("meeting.changed", field)
        for field in ("short_title", "starts_at", "time_zone", "language", "categories")
    },
    "organizations": Max(
        "at", filter=Q(action__in=["organization.merged", "organization.separated"])
    ),
}  # fmt: skip
_ON_BADGES_ONLY = {"person_latin_name", "person_region", "person_category", "meeting_categories"}
_OPTIONAL = {
    "latin": "person_latin_name",
    "patronymic": "person_patronymic",
    "region": "person_region",
    "position": "person_position",
}


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
    document = pdf.Document(
        out,
        title=registration.spoken_number,
        language=meeting.language,
        size=(rendering.WIDTH, rendering.HEIGHT),
    )
    for badge in wording.badges(meeting, [registration], wording.Options()):
        rendering.add_single(document, badge)
    document.save()
