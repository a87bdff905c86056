"""
Hand free seats to the people who waited for them, in the order of their turns: at once, or,
where the meeting says so, as an offer that they have to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting, WaitingPolicy, in_language
from registrations import intake, letters, offers, policies, seats, transitions
from registrations.models import (
    Registration,
    RegistrationQuerySet,
    Scope,
    Seat,
    SeatLimit,
    Status,
)
from registrations.seats import Counters, Turn


class MeetingFull(Refused):
    code = "meeting_full"


@dataclass(frozen=True)
class Place:
    """Where somebody stands in line; `limit` is the narrow limit that he waits for, if any."""

    position: int
    limit: SeatLimit | None = None


def fill(counters: Counters, *, meeting: Meeting, at: datetime) -> list[Registration]:
    """
    Confirm waiting people as long as one of them finds a seat in all limits that apply to him,
    in the order of the meeting's rule, and tell them. Whoever sits over a limit goes before.
    Returns whom it confirmed.

    A meeting that offers seats confirms only whom no letter reaches: each of the others is
    offered the seat, which is held for him from now on.

    The counters are locked by the caller. After the lists are closed nobody is moved any
    more: the organizer decides by hand.
    """
    counters.absorb_over()
    promoted: list[Registration] = []
    while meeting.takes_edits(at) and (
        first := _next(counters, meeting).select_for_update(of=("self",)).first()
    ):
        if not first.meeting.takes_edits(at):
            break  # closed while the caller waited for the counters
        if first.meeting.offer_hours and offers.can_be_asked(first):
            offers.make(counters, first, at=at, by=journal.SYSTEM)
            continue
        confirm_waiting(counters, first, at=at)
        journal.record(
            by=journal.SYSTEM,
            at=at,
            action="registration.promoted",
            subjects=letters.subjects(first),
            changes={"status": [Status.WAITLISTED, Status.CONFIRMED]},
        )
        promoted.append(first)
    return promoted


def _next(
    counters: Counters, meeting: Meeting, *, besides: Sequence[Registration] = ()
) -> RegistrationQuerySet:
    """
    Those for whom there is a seat in all limits, whoever is next by the meeting's rule first;
    as if those `besides` had been moved up.
    """
    waiting = Registration.objects.in_line(meeting)
    if not counters.whole.waiting:
        return waiting.none()
    if besides:
        waiting = waiting.exclude(pk__in=[person.pk for person in besides])
    for row in counters.rows:
        if row is not counters.whole and row.is_full:
            waiting = waiting.exclude(pk__in=waiting_for(row).values("pk"))
    if counters.whole.is_full:
        kept = [row for row in counters.rows if row.kept]
        if not kept:
            return waiting.none()
        waiting = waiting.filter(_any_of([waiting_for(row) for row in kept]))
    return policies.first(waiting, meeting=meeting, besides=besides).select_related(
        "meeting", "meeting__region_set", "category", "region"
    )


def _any_of(groups: list[RegistrationQuerySet]) -> Q:
    condition = Q()
    for group in groups:
        condition |= Q(pk__in=group.values("pk"))
    return condition


def waiting_for(limit: SeatLimit) -> RegistrationQuerySet:
    """Whoever stands in line and would take a seat of that limit."""
    return Registration.objects.waitlisted().filter(seats.concerned(limit))


def place(registration: Registration) -> Place | None:
    """
    Where somebody stands in line; None for whoever does not wait, was moved up just now, has
    an offer, or is passed over since he let too many pass.

    Where one of his narrow limits is full, only those count who wait for the same: whoever
    waits for another region is not in his way. Who is ahead is what the meeting's rule says.
    """
    if registration.line is None:
        return None
    limits = seats.applying(
        meeting_id=registration.meeting_id,
        category_id=registration.category_id,
        region=registration.region,
        organization_key=registration.organization_key,
    )
    return _place(
        registration, seats.full([limit for limit in limits if limit.scope != Scope.MEETING])
    )


def _place(registration: Registration, narrow: SeatLimit | None) -> Place | None:
    people = Registration.objects.in_line(registration.meeting)
    if narrow:
        people = people.filter(seats.concerned(narrow))
    position = policies.rank(registration, among=people)
    return None if position is None else Place(position, narrow)


def told_newcomer(
    registration: Registration, turn: Turn, limits: Sequence[SeatLimit]
) -> dict[str, Any]:
    """
    `told`, for whoever drew that turn just now. Where the meeting's own limit is all that
    applies and turns come as they were drawn, all who wait are ahead, and nobody is counted.
    Where seats are offered, those with an offer and those who let many pass are not.
    """
    meeting = registration.meeting
    in_turn = meeting.waiting_policy == WaitingPolicy.FIRST_COME and not meeting.offer_hours
    if in_turn and len(limits) == 1:
        return {"position": turn.position, "waits_for": ""}
    return told(registration)


def told(registration: Registration) -> dict[str, Any]:
    """What a letter says about the place in line: `position`, and for whose seat he waits."""
    return _words(place(registration), registration.language)


def told_of(registration: Registration, lacking: SeatLimit) -> dict[str, Any]:
    """The same where it is known which limit is `lacking` a seat, written or not yet."""
    narrow = None if lacking.scope == Scope.MEETING else lacking
    return _words(_place(registration, narrow), registration.language)


def _words(found: Place | None, language: str) -> dict[str, Any]:
    if found is None:
        return {"position": None, "waits_for": ""}
    with translation.override(language):
        return {
            "position": found.position,
            "waits_for": called(found.limit) if found.limit else "",
        }


def none_left(limit: SeatLimit) -> str:
    """That a limit has no seat left, as a sentence for people."""
    if limit.scope == Scope.MEETING and limit.held:
        return _("The seats that are left are kept for others.")
    if limit.scope == Scope.MEETING:
        return _("All seats are taken.")
    return _("All seats for “%(whom)s” are taken.") % {"whom": called(limit)}


def called(limit: SeatLimit) -> str:
    """What a narrow limit is about, in the reader's language."""
    if limit.category:
        return limit.category.text(main_language=limit.meeting.language)
    if limit.organization:
        return limit.organization.short_name or limit.organization.name
    of = limit.region or limit.group
    if of is None:
        return ""
    return in_language(of.name, of.name_alt, main_language=of.region_set.language)


def confirm_waiting(
    counters: Counters, registration: Registration, *, at: datetime, goes_over: bool = False
) -> None:
    """
    Confirm somebody who waits, and tell him. What was offered to him becomes his seat.

    :raises NoRoom: a limit is full, and not deliberately over it
    """
    sit(counters, registration, at=at, goes_over=goes_over)
    counters.leave_line()
    letters.write_promoted(registration)


@dataclass(frozen=True)
class Next:
    """Somebody who would be confirmed, or offered a seat, were there seats more."""

    registration: Registration
    place: int


def rehearse(*, meeting: Meeting, seats_more: int, at: datetime) -> list[Next]:
    """
    Who would be confirmed, in which order, if so many seats of the meeting became free now;
    where the meeting offers seats, who would be offered one.

    Whoever sits over the limit has them first; once the lists are closed nobody is moved up.
    It reckons in memory with what is read: nothing is locked, and nobody has to wait.
    """
    if not meeting.takes_edits(at):
        return []
    counters = seats.look(meeting.pk)
    counters.imagine_more(seats_more)
    found: list[Registration] = []
    while len(found) < seats_more and (first := _next(counters, meeting, besides=found).first()):
        counters.imagine(first)
        found.append(first)
    return [Next(person, place) for place, person in enumerate(found, start=1)]


def pass_on(counters: Counters, registration: Registration, *, was: str, at: datetime) -> None:
    """
    Give back what somebody had who left: his turn, or his seats, be they only offered to him,
    to whoever waits for them.
    """
    if was == Status.WAITLISTED:
        counters.leave_line()
        letters.withdraw_offer(registration)
    counters.give_back(registration)
    fill(counters, meeting=registration.meeting, at=at)


def sit(
    counters: Counters, registration: Registration, *, at: datetime, goes_over: bool = False
) -> None:
    """
    Confirm somebody, on a seat if he needs one: the one that he holds still, or that is held
    for him because it was offered; else one more.

    :raises NoRoom: a limit is full, and not deliberately over it
    """
    needs = intake.takes_seat(
        meeting=registration.meeting,
        category=registration.category,
        attendance_mode=registration.attendance_mode,
    )
    seat = counters.seat_of(registration)
    if seat != Seat.NONE:
        letters.withdraw_offer(registration)
    if needs and seat == Seat.NONE:
        seat = counters.seat(registration, goes_over=goes_over)
    elif not needs and seat != Seat.NONE:
        counters.give_back(registration)
        seat = Seat.NONE
    transitions.enter(registration, to=Status.CONFIRMED, at=at, seat=seat, goes_over=goes_over)


def admit(
    counters: Counters, registration: Registration, *, at: datetime, over_capacity: bool = False
) -> None:
    """
    Confirm somebody who neither sits nor waits, or give him a turn in line: the one that was
    his already, where he had one before he was looked at again.

    :raises MeetingFull: neither is possible: full, and the meeting has no waiting list
    """
    try:
        sit(counters, registration, at=at, goes_over=over_capacity)
    except seats.NoRoom as full:
        if registration.line is not None:
            line, since = registration.line, registration.waiting_since
            counters.rejoin_line()
            transitions.enter(registration, to=Status.WAITLISTED, at=at, line=line, since=since)
            return
        if not registration.meeting.has_waiting_list:
            raise MeetingFull(none_left(full.limit)) from full
        turn = seats.draw_turn(counters.of(registration))
        assert turn is not None, "the locked counters say that it is full"
        counters.whole.refresh_from_db()
        transitions.enter(registration, to=Status.WAITLISTED, at=at, line=turn.line)
