"""Organizers plan sessions: add one, change it, delete it. Whoever has a seat in it is told."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events import editing, when
from events.models import Meeting, MeetingStatus, Session, SessionKind
from registrations import letters, seats, session_seats
from registrations.models import Registration, Scope, SeatLimit, SessionSeat
from registrations.seats import LimitBelowTaken
from registrations.transitions import StaleVersion

__all__ = [
    "LimitBelowTaken",
    "SessionInUse",
    "SessionOutsideMeeting",
    "SessionsOverlap",
    "StaleVersion",
    "Wish",
    "add",
    "change",
    "clash",
    "remove",
]

FIELDS = (
    "kind",
    "title",
    "title_alt",
    "starts_at",
    "ends_at",
    "room",
    "room_alt",
    "speakers",
    "position",
)
MOST_SPEAKERS = 2000  # characters
TIMES = {"starts_at", "ends_at"}
ROOMS = {"room", "room_alt"}
# What a calendar shows of a session.
IN_CALENDAR = TIMES | ROOMS | {"title", "title_alt"}


class SessionOutsideMeeting(Refused):
    code = "session_outside_meeting"


class SessionInUse(Refused):
    code = "session_in_use"


class SessionsOverlap(Refused):
    code = "sessions_overlap"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the organizer says about a session. `capacity` None: it is for everybody."""

    title: str
    starts_at: datetime
    ends_at: datetime
    title_alt: str = ""
    kind: str = SessionKind.SESSION
    room: str = ""
    room_alt: str = ""
    speakers: str = ""
    position: int = 0
    capacity: int | None = None
    shows_left: bool = False


@transaction.atomic(durable=True)
def add(*, meeting: Meeting, wish: Wish, at: datetime, by: Actor) -> Session:
    """
    Add a session to the programme.

    :raises SessionOutsideMeeting: it does not lie within the meeting
    """
    # Whoever adds a limit holds the meeting's own (seats.lock).
    seats.lock(meeting.pk)
    meeting = editing.begin(meeting, version=None)
    _refuse_outside(wish, meeting)
    session = Session(meeting=meeting, changed_at=at, **{f: getattr(wish, f) for f in FIELDS})
    session.save(force_insert=True)
    SeatLimit.objects.create(
        meeting=meeting,
        scope=Scope.SESSION,
        session=session,
        seat_limit=wish.capacity,
        shows_left=wish.shows_left,
    )
    _note(session, "session.added", at=at, by=by, capacity=wish.capacity)
    return session


@transaction.atomic(durable=True)
def change(
    *,
    session: Session,
    wish: Wish,
    version: int | None,
    at: datetime,
    by: Actor,
    releases: bool = False,
) -> Session:
    """
    Change a session. Whoever has a seat in it is told of another time or room, once.

    Where somebody would be in two sessions at once it is refused, unless it `releases` these
    people: then they keep the other session, and are told. A session that is for everybody
    from now on leaves those who chose it their choice.

    :raises SessionOutsideMeeting: it does not lie within the meeting
    :raises LimitBelowTaken: fewer seats than are taken already (`taken`: how many)
    :raises SessionsOverlap: people have chosen another session at that time (`people`: how many)
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    """
    seats.lock(session.meeting_id)
    meeting = editing.begin(session.meeting, version=None)
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    session.meeting = meeting
    if version is not None and version != session.version:
        raise StaleVersion(
            _("This session was changed in the meantime. Look at it again."),
            version=session.version,
        )
    before = copy.copy(session)
    changed = {field for field in FIELDS if getattr(session, field) != getattr(wish, field)}
    if changed & TIMES:
        _refuse_outside(wish, meeting)
    people = _people(session) if changed & (TIMES | ROOMS) else []
    released = _release(session, wish, meeting, releases=releases) if changed & TIMES else set()
    counter = SeatLimit.objects.get(session=session)
    seats.refuse_below_taken(counter, wish.capacity)
    counter.seat_limit, counter.shows_left = wish.capacity, wish.shows_left
    counter.save(update_fields=["seat_limit", "shows_left"])
    for field in changed:
        setattr(session, field, getattr(wish, field))
    session.version += 1
    if changed & IN_CALENDAR:
        session.sequence += 1
        session.changed_at = at
    session.save(update_fields=[*changed, "version", "sequence", "changed_at"])
    _tell(people, before, session, released=released, at=at)
    _note(
        session,
        "session.changed",
        at=at,
        by=by,
        fields=sorted(changed),
        capacity=wish.capacity,
        released=len(released),
    )
    return session


@transaction.atomic(durable=True)
def remove(*, session: Session, at: datetime, by: Actor, releases: bool = False) -> None:
    """
    Delete a session; with `releases` also one that people have chosen, who are told. Twice is
    harmless.

    :raises SessionInUse: people have chosen it (`people`: how many)
    """
    seats.lock(session.meeting_id)
    meeting = editing.begin(session.meeting, version=None)
    found = Session.objects.select_for_update().filter(pk=session.pk).first()
    if found is None:
        return
    found.meeting = meeting
    people = _people(found)
    if people and not releases:
        raise SessionInUse(
            ngettext(
                "%(count)s person has chosen this session.",
                "%(count)s people have chosen this session.",
                len(people),
            )
            % {"count": len(people)},
            people=len(people),
        )
    _note(found, "session.removed", at=at, by=by, released=len(people))
    gone = copy.copy(found)
    # Its counter and the seats in it go along.
    found.delete()
    gone.sequence += 1
    _tell(people, None, gone, released={person.pk for person in people}, at=at)


def _refuse_outside(wish: Wish, meeting: Meeting) -> None:
    if meeting.starts_at <= wish.starts_at < wish.ends_at <= meeting.ends_at:
        return
    raise SessionOutsideMeeting(
        _("A session lies within the meeting: %(span)s.")
        % {"span": when.span(meeting.starts_at, meeting.ends_at, meeting.zone)}
    )


def _release(session: Session, wish: Wish, meeting: Meeting, *, releases: bool) -> set[int]:
    """
    Take their seat from those who would be in two sessions at once; the moved one loses.

    :raises SessionsOverlap: there are some, and nobody is to lose a seat
    """
    clashing = session_seats.clashing(session, starts_at=wish.starts_at, ends_at=wish.ends_at)
    if not clashing:
        return set()
    if not releases:
        others = {seat.session for seats_of_one in clashing.values() for seat in seats_of_one}
        raise clash(len(clashing), others, meeting)
    for person in Registration.objects.filter(pk__in=clashing):
        session_seats.give_back(person, only=[session.pk])
    return set(clashing)


def clash(people: int, others: Collection[Session], meeting: Meeting) -> SessionsOverlap:
    """That a new time would put people in two sessions at once, as a sentence."""
    names = sorted(one.text("title", main_language=meeting.language) for one in others)
    return SessionsOverlap(
        ngettext(
            "%(count)s person has chosen another session at that time: %(others)s.",
            "%(count)s people have chosen another session at that time: %(others)s.",
            people,
        )
        % {"count": people, "others": ", ".join(_("“%(name)s”") % {"name": n} for n in names)},
        people=people,
    )


def _people(session: Session) -> list[Registration]:
    """Whoever has a seat in a session, with all that a letter says."""
    chosen = SessionSeat.objects.select_related("session").in_order()
    people = (
        Registration.objects.filter(session_seats__session=session)
        .select_related("category", "region")
        .prefetch_related(Prefetch("session_seats", chosen))
        .order_by("pk")
    )
    found = list(people)
    for person in found:
        person.meeting = session.meeting
    return found


def _tell(
    people: list[Registration],
    before: Session | None,
    session: Session,
    *,
    released: set[int],
    at: datetime,
) -> None:
    """Write to everybody who had a seat; `before` None: the session does not take place."""
    meeting = session.meeting
    ends_at = max(session.ends_at, before.ends_at if before else session.ends_at)
    if meeting.status != MeetingStatus.PUBLISHED or at >= ends_at:
        return
    for person in people:
        kept = [
            seat.session for seat in person.session_seats.all() if seat.session.uid != session.uid
        ]
        is_released = person.pk in released
        with translation.override(person.language):
            letters.write_programme_changed(
                person,
                session=session,
                what=_what(before, session, is_released=is_released),
                was=_said(before or session),
                now="" if is_released else _said(session),
                chosen=kept + ([] if is_released else [session]),
                gone=session if is_released else None,
            )


def _what(before: Session | None, session: Session, *, is_released: bool) -> str:
    if before is None:
        return "removed"
    if is_released:
        return "released"
    timed = any(getattr(before, field) != getattr(session, field) for field in TIMES)
    placed = any(getattr(before, field) != getattr(session, field) for field in ROOMS)
    return ("both" if placed else "time") if timed else "room"


def _said(session: Session) -> str:
    """Time and room in one line, in the active language."""
    meeting = session.meeting
    room = session.text("room", main_language=meeting.language)
    time = when.span(session.starts_at, session.ends_at, meeting.zone)
    return ", ".join(filter(None, [time, room]))


def _note(session: Session, action: str, *, at: datetime, by: Actor, **changes: object) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{session.meeting_id}"],
        changes={"session": str(session.uid), **changes},
    )
