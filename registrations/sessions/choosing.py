"""A confirmed person chooses sessions: takes a seat, gives it back, or changes one for another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting, Session
from registrations import letters, session_seats, transitions
from registrations.models import Registration, SeatLimit, SessionSeat, Status


class ListsClosed(Refused):
    code = "edits_closed"


class NoSessionSeats(Refused):
    code = "no_session_seats"


class SessionUnknown(Refused):
    code = "not_found"


class SessionNotBookable(Refused):
    code = "session_not_bookable"


class SessionFull(Refused):
    code = "session_full"


class SessionsOverlap(Refused):
    code = "sessions_overlap"


@dataclass(frozen=True)
class Option:
    """A session as it stands for one person. `clashes`: what of his is at the same time."""

    session: Session
    places: SeatLimit
    is_mine: bool
    clashes: tuple[Session, ...] = ()

    @property
    def is_bookable(self) -> bool:
        return self.places.seat_limit is not None

    @property
    def left(self) -> int | None:
        """How many seats are free, where everybody may know."""
        return self.places.left if self.places.shows_left else None

    @property
    def clash_uids(self) -> list[str]:
        return [str(session.uid) for session in self.clashes]


def options(registration: Registration) -> list[Option]:
    """All sessions of the meeting, in order, as they stand for a person. One statement."""
    chosen = SessionSeat.objects.filter(registration=registration, session=OuterRef("pk"))
    sessions = list(
        Session.objects.filter(meeting=registration.meeting_id)
        .select_related("places")
        .in_order()
        .annotate(is_mine=Exists(chosen))
    )
    mine = [one for one in sessions if one.is_mine]  # type: ignore[attr-defined]  # annotated
    return [
        Option(
            session,
            session.places,
            session in mine,
            tuple(one for one in mine if one != session and _overlap(one, session)),
        )
        for session in sessions
    ]


def may_choose(registration: Registration, *, at: datetime) -> bool:
    """Whether the person may choose sessions himself at that moment."""
    return session_seats.may_hold(registration) and registration.meeting.takes_edits(at)


@transaction.atomic(durable=True)
def book(
    *,
    registration: Registration,
    session: Session,
    at: datetime,
    by: Actor,
    instead_of: Collection[Session] = (),
    as_organizer: bool = False,
) -> None:
    """
    Take a seat in a session, giving back those `instead_of` which it is: all of it or nothing,
    so nobody loses the old place to a session that is full. Twice is harmless.

    :raises NoSessionSeats: not confirmed, or online at a meeting in a hall
    :raises ListsClosed: a participant after the lists were closed; or the session is over
    :raises SessionNotBookable: it is for everybody
    :raises SessionsOverlap: another chosen session is at that time (`sessions`: their uids)
    :raises SessionFull: no seat is left (`others`: uids of sessions at that time with seats)
    :raises SessionUnknown: it was deleted in the meantime, or is another meeting's
    """
    counters = session_seats.lock({session.pk, *(other.pk for other in instead_of)})
    registration = transitions.locked(registration)
    _refuse_unless_open(registration, at=at, as_organizer=as_organizer)
    counter = counters.get(session.pk)
    if counter is None or counter.meeting_id != registration.meeting_id:
        raise SessionUnknown(_("This session does not take place any more."))
    # As it is now that nobody moves it.
    session = Session.objects.get(pk=session.pk)
    mine = {seat.session_id: seat for seat in session_seats.of(registration)}
    if session.pk in mine:
        return
    _refuse_unless_bookable(counter, session, registration.meeting, at=at)
    given = session_seats.give_back(registration, only=[other.pk for other in instead_of])
    left = [
        seat.session for pk, seat in mine.items() if pk not in given and _overlap(seat, session)
    ]
    if left:
        raise _overlapping(session, left, registration.meeting)
    if not session_seats.take(registration, session, at=at):
        raise _full(session, registration.meeting)
    _note(
        registration,
        "session.booked",
        at=at,
        by=by,
        session=str(session.uid),
        **({"instead_of": [str(mine[pk].session.uid) for pk in given]} if given else {}),
    )


@transaction.atomic(durable=True)
def give_back(
    *,
    registration: Registration,
    session: Session,
    at: datetime,
    by: Actor,
    as_organizer: bool = False,
) -> None:
    """
    Give the seat in a session back. Twice is harmless.

    :raises ListsClosed: a participant after the lists were closed
    """
    session_seats.lock({session.pk})
    registration = transitions.locked(registration)
    _refuse_unless_changeable(registration, at=at, as_organizer=as_organizer)
    if session_seats.give_back(registration, only=[session.pk]):
        _note(registration, "session.given_back", at=at, by=by, session=str(session.uid))


def _refuse_unless_open(registration: Registration, *, at: datetime, as_organizer: bool) -> None:
    if registration.status != Status.CONFIRMED or registration.erased_at:
        raise NoSessionSeats(_("Sessions can be chosen once participation is confirmed."))
    if not session_seats.may_hold(registration):
        raise NoSessionSeats(
            _("Places in sessions are for those who come; whoever takes part online needs none.")
        )
    _refuse_unless_changeable(registration, at=at, as_organizer=as_organizer)


def _refuse_unless_changeable(
    registration: Registration, *, at: datetime, as_organizer: bool
) -> None:
    meeting = registration.meeting
    if as_organizer and meeting.is_ahead(at) and meeting.purged_at is None:
        return
    if not meeting.takes_edits(at) or as_organizer:
        raise ListsClosed(
            _("The lists are closed. Please write to the organizer: %(contact)s.")
            % {"contact": meeting.contact_email}
        )


def _refuse_unless_bookable(
    counter: SeatLimit, session: Session, meeting: Meeting, *, at: datetime
) -> None:
    names = {"session": title(session, meeting)}
    if counter.seat_limit is None:
        raise SessionNotBookable(_("“%(session)s” is open to everybody: just come.") % names)
    if at >= session.ends_at:
        raise ListsClosed(_("“%(session)s” is over.") % names)


def _overlapping(session: Session, others: list[Session], meeting: Meeting) -> SessionsOverlap:
    return SessionsOverlap(
        ngettext(
            "“%(session)s” is at the same time as %(others)s, which has been chosen already.",
            "“%(session)s” is at the same time as %(others)s, which have been chosen already.",
            len(others),
        )
        % {"session": title(session, meeting), "others": listed(others, meeting)},
        sessions=[str(other.uid) for other in others],
    )


def _full(session: Session, meeting: Meeting) -> SessionFull:
    """That no seat is left, with what else there is at that time."""
    parallel = Session.objects.filter(
        meeting=meeting, starts_at__lt=session.ends_at, ends_at__gt=session.starts_at
    )
    others = [
        other
        for other in parallel.exclude(pk=session.pk).select_related("places").in_order()
        if other.places.seat_limit is not None and not other.places.is_full
    ]
    said = _("All places in “%(session)s” are taken.") % {"session": title(session, meeting)}
    if others:
        said += " " + _("At that time there are places in %(others)s.") % {
            "others": listed(others, meeting)
        }
    return SessionFull(said, others=[str(other.uid) for other in others])


def title(session: Session, meeting: Meeting) -> str:
    """What a session is called, in the active language."""
    return session.text("title", main_language=meeting.language)


def listed(sessions: Collection[Session], meeting: Meeting) -> str:
    """The names of sessions in one line."""
    return ", ".join(_("“%(name)s”") % {"name": title(one, meeting)} for one in sessions)


def _overlap(one: Session | SessionSeat, other: Session) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _note(
    registration: Registration, action: str, *, at: datetime, by: Actor, **changes: object
) -> None:
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(registration), changes=changes
    )
