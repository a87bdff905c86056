"""
Putting thousands on the list in one transaction, without making others wait for it.

What `enlisting.enlist` does for one person after the other, in four steps:

1. `gather`, outside of any transaction: rows with all that is derived of them, where everybody
   would sit as the counters are now, and the letters that say so.
2. `write`: journal, letters and rows in a few statements. No counter is locked yet.
3. Only then the counters are locked, and everybody is placed again. If somebody would sit or
   wait elsewhere than was reckoned, all of it is taken back (`Outdated`) and begun anew.
4. The seats and the counters are written, and the transaction ends.

So the counters, for which everybody else waits, are held for the last statements only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import prefetch_related_objects

from accounts import journal
from accounts.journal import Actor, Line
from events.models import Approval, Meeting, WaitingPolicy
from notifications import outbox
from registrations import intake, letters, seating, seats, tickets, waitlist
from registrations.enlisting import Entry
from registrations.intake import Application
from registrations.models import Registration, Scope, Seat, SeatLimit, Status
from registrations.seating import Placing
from registrations.seats import Counters
from registrations.waitlist import MeetingFull

# Nobody waits behind ten thousand letters: reminders (7) and answers (1) go first.
PRIORITY = 8
_AT_ONCE = 500


class Outdated(Exception):
    """Somebody came or went since it was reckoned; begin anew."""


@dataclass
class Crowd:
    """People with all that is written about them, not on the list yet."""

    meeting: Meeting
    entry: Entry
    at: datetime
    people: list[Registration]
    placings: list[Placing]
    letters: list[outbox.Letter] = field(default_factory=list)
    # Whose place in line only the database can tell, by the meeting's rule.
    unanswered: list[tuple[Registration, SeatLimit]] = field(default_factory=list)
    # For how long nobody else could take a seat.
    locked_for: float = 0.0


def gather(
    *,
    meeting: Meeting,
    applications: Sequence[Application],
    entry: Entry,
    at: datetime,
    counters: Counters | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Crowd:
    """
    Make the rows, reckon the seats and word the letters. Looks only, unless the caller has
    locked the `counters`. `progress` is told now and then how many are made.

    :raises MeetingFull: there is no seat for one of them, and no line
    """
    prefetch_related_objects([meeting], "hosts")
    numbers = _numbers(meeting, len(applications))
    keys = _keys(len(applications))
    people = []
    for done, (application, number, key) in enumerate(
        zip(applications, numbers, keys, strict=True), start=1
    ):
        person = intake.build(
            meeting=meeting, application=application, source=entry.source, at=at,
            status=Status.PENDING, number=number,
        )  # fmt: skip
        person.pk = key
        people.append(person)
        if done % _AT_ONCE == 0:
            progress(done // 2)
    crowd = Crowd(meeting, entry, at, people, [])
    _place(crowd, counters or seats.look(meeting.pk))
    if entry.is_told:
        _word(crowd, progress)
    return crowd


def write(crowd: Crowd, *, by: Actor, counters: Counters | None = None) -> None:
    """
    Put the gathered people on the list, all of them. The caller's transaction ends soon
    after: from here on the counters are locked.

    :raises Outdated: somebody sits, waits or stands on the list by now; nothing is kept
    """
    if not connection.in_atomic_block:
        raise RuntimeError("People are put on the list inside a use case's transaction.")
    _record(crowd, by)
    outbox.enqueue_many(crowd.letters)
    _insert(crowd)
    for person, lacking in crowd.unanswered:
        told = waitlist.told_of(person, lacking)
        outbox.enqueue_many(letters.answers(person, priority=PRIORITY, **told))
    began = time.monotonic()
    if counters is None:
        counters = seats.lock(crowd.meeting.pk)
        if _reckoned(crowd, counters) != crowd.placings:
            raise Outdated
    placings = [_of(counters, placing) for placing in crowd.placings]
    seating.write(counters, crowd.people, placings)
    crowd.locked_for = time.monotonic() - began


def _numbers(meeting: Meeting, count: int) -> list[str]:
    """Numbers that nobody has here at this moment."""
    taken = set(Registration.objects.filter(meeting=meeting).values_list("number", flat=True))
    found: list[str] = []
    while len(found) < count:
        number = tickets.new_number()
        if number not in taken:
            taken.add(number)
            found.append(number)
    return found


def _keys(count: int) -> list[int]:
    """Keys of rows to come: what is said of them can be written before they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Registration._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def _reckoned(crowd: Crowd, counters: Counters) -> list[Placing]:
    need = [
        intake.takes_seat(
            meeting=crowd.meeting, category=one.category, attendance_mode=one.attendance_mode
        )
        for one in crowd.people
    ]
    if not _is_admitted(crowd):
        need = [False] * len(need)
    return seating.reckon(counters, crowd.people, need=need)


def _is_admitted(crowd: Crowd) -> bool:
    """Whether nobody has to decide about them any more."""
    return crowd.meeting.approval == Approval.AUTOMATIC or crowd.entry.skips_review


def _place(crowd: Crowd, counters: Counters) -> None:
    crowd.placings = _reckoned(crowd, counters)
    for person, placing in zip(crowd.people, crowd.placings, strict=True):
        if placing.waits and not crowd.meeting.has_waiting_list:
            assert placing.lacking is not None
            raise MeetingFull(waitlist.none_left(placing.lacking))
        if not _is_admitted(crowd):
            continue
        # As `transitions.enter` leaves a row that has gone one step.
        person.calendar_sequence, person.version = 1, 2
        if placing.waits:
            person.status, person.line = Status.WAITLISTED, placing.line
            person.waiting_since = crowd.at
        else:
            person.status = Status.CONFIRMED
            person.seat = Seat.WITHIN if placing.limits else Seat.NONE


def _word(crowd: Crowd, progress: Callable[[int], None]) -> None:
    in_order = crowd.meeting.waiting_policy == WaitingPolicy.FIRST_COME
    half = len(crowd.people) // 2
    for done, (person, placing) in enumerate(
        zip(crowd.people, crowd.placings, strict=True), start=1
    ):
        lacking = placing.lacking
        if lacking and not (in_order and lacking.scope == Scope.MEETING):
            crowd.unanswered.append((person, lacking))
        else:
            position = placing.position if placing.waits else None
            crowd.letters += letters.answers(person, priority=PRIORITY, position=position)
        if done % _AT_ONCE == 0:
            progress(half + done // 2)


def _record(crowd: Crowd, by: Actor) -> None:
    journal.record_many(
        (
            Line(
                f"registration.{person.status}",
                letters.subjects(person),
                {"source": crowd.entry.source},
            )
            for person in crowd.people
        ),
        by=by,
        at=crowd.at,
    )


def _insert(crowd: Crowd) -> None:
    try:
        with transaction.atomic():
            Registration.objects.bulk_create(crowd.people, batch_size=_AT_ONCE)
    except IntegrityError as error:
        # Somebody of them has registered in between, or has drawn one of the numbers.
        known = ("one_live_registration_per_person_and", "one_registration_per_number_and")
        if any(name in str(error) for name in known):
            raise Outdated from error
        raise


def _of(counters: Counters, placing: Placing) -> Placing:
    """The same seats, of the rows that are locked."""
    own: dict[int, SeatLimit] = {row.pk: row for row in counters.rows}
    return Placing([own[limit.pk] for limit in placing.limits], placing.line)
