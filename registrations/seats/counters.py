"""The locked counters of a meeting: every change to somebody who is on the list already."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.refusals import Refused
from events.models import OrganizationVariant
from registrations.models import (
    APART,
    Registration,
    Scope,
    Seat,
    SeatHold,
    SeatLimit,
    SeatLimitQuerySet,
    Status,
)
from registrations.seats.taking import full, require_transaction
from registrations.seats.whom import seated


class NoRoom(Exception):
    """A limit has no seat left; whoever calls says so in words, or goes over it."""

    def __init__(self, limit: SeatLimit) -> None:
        super().__init__(str(limit))
        self.limit = limit


class LimitBelowTaken(Refused):
    code = "capacity_full"


def refuse_below_taken(limit: SeatLimit, seat_limit: int | None) -> None:
    """
    Nobody who has a seat loses it because there are to be fewer.

    :raises LimitBelowTaken: fewer seats than are taken already (`taken`: how many)
    """
    used = limit.taken + limit.held
    if seat_limit is None or seat_limit >= used:
        return
    if limit.held:
        words = _("%(taken)s seats are taken already, %(held)s are kept for somebody.")
        raise LimitBelowTaken(words % {"taken": limit.taken, "held": limit.held}, taken=limit.taken)
    raise LimitBelowTaken(
        ngettext("%(taken)s seat is taken already.", "%(taken)s seats are taken already.", used)
        % {"taken": used},
        taken=used,
    )


def lock(meeting_id: int) -> Counters:
    """
    Lock all counters: the first step of every change to an existing registration.

    Whoever adds or removes a limit holds the meeting's own row by this, so the limits stay
    what they are here until the transaction ends.
    """
    require_transaction()
    limits = _limits(meeting_id)
    while True:
        with transaction.atomic():
            rows = list(limits.select_for_update(of=("self",)))
            if [row.pk for row in rows] == list(limits.values_list("pk", flat=True)):
                return _counters(rows)
            # A limit was added while this waited: its statement could not see it. To let go
            # of all is to lock them in their order once more.
            transaction.set_rollback(True)


def look(meeting_id: int) -> Counters:
    """The counters as they are at this moment, not locked: to reckon with (`imagine`) only."""
    return _counters(_limits(meeting_id))


def _limits(meeting_id: int) -> SeatLimitQuerySet:
    of_meeting = SeatLimit.objects.filter(meeting=meeting_id)
    return of_meeting.select_related("category", "region", "group", "organization").in_order()


def _counters(rows: Iterable[SeatLimit]) -> Counters:
    # Places of delegations and codes, and seats of sessions, are locked along: whoever leaves
    # gives them back.
    return Counters([row for row in rows if row.scope not in APART])


class Counters:
    """The locked counters of one meeting. What is changed here is written at once."""

    def __init__(self, rows: list[SeatLimit]) -> None:
        self.rows = rows
        self.whole = rows[-1]
        assert self.whole.scope == Scope.MEETING, "every meeting has its own limit, in last place"
        self._organizations = self._spellings()

    def _spellings(self) -> dict[str, int]:
        limited = [row.organization_id for row in self.rows if row.organization_id]
        if not limited:
            return {}
        found = OrganizationVariant.objects.filter(organization__in=limited)
        return dict(found.values_list("key", "organization"))

    def of(self, person: Registration) -> list[SeatLimit]:
        """The limits that apply to a person, narrow to wide."""
        group = person.region.group_id if person.region else None
        organization = self._organizations.get(person.organization_key)
        return [
            row
            for row in self.rows
            if row is self.whole
            or row.category_id == person.category_id
            or (person.region_id and row.region_id == person.region_id)
            or (group and row.group_id == group)
            or (organization and row.organization_id == organization)
        ]

    def seat(self, person: Registration, *, goes_over: bool = False) -> str:
        """
        Seat a person who holds nothing yet. Returns what on; the row is the caller's to save.
        So a seat is held for somebody, too, to whom it is offered.

        With `goes_over`, seats beyond full limits: a deliberate act, counted apart.

        :raises NoRoom: a limit is full
        """
        limits = self.of(person)
        lacking = full(limits)
        if lacking and not goes_over:
            raise NoRoom(lacking)
        self._take(person, limits)
        return self.seat_of(person)

    def move(self, person: Registration, *, needs_seat: bool, goes_over: bool) -> str:
        """
        Give back the seats that no longer apply to a seated person and take those that now do.

        Returns what he sits on, for the caller to save. Whoever sat beyond a limit that has a
        seat now moves to it.

        A kept seat is not taken along where no other chair is left for whom it is kept: that
        would be a way past those who wait.

        :raises NoRoom: one that now applies is full, or the meeting is and a kept seat is left
        """
        wanted = self.of(person) if needs_seat else []
        held = {hold.limit_id: hold for hold in person.holds.all()}
        new = [limit for limit in wanted if limit.pk not in held]
        gone = [hold for pk, hold in held.items() if pk not in {limit.pk for limit in wanted}]
        if not new and not gone:
            return person.seat
        if (lacking := full(new) or self._lacks_chair(new, gone)) and not goes_over:
            raise NoRoom(lacking)
        # First what he takes: a kept seat among it frees the chair that is kept for what he left.
        self._take(person, new)
        self._give_back(gone)
        self.absorb_over()
        return self.seat_of(person)

    def hand_over(
        self, giver: Registration, taker: Registration, *, needs_seat: bool, goes_over: bool
    ) -> str:
        """
        Seat somebody on what somebody else had. Returns what on; the row is the caller's to
        save. Nobody else gets a seat in between.

        :raises NoRoom: a limit that applied to the giver does not apply, and one is full
        """
        giver.holds.update(registration=taker)
        taker.seat = self.seat_of(taker)
        return self.move(taker, needs_seat=needs_seat, goes_over=goes_over)

    def _lacks_chair(self, new: list[SeatLimit], gone: list[SeatHold]) -> SeatLimit | None:
        """The meeting's own limit, where it has no chair left to keep for whom he leaves."""
        if self.whole.left is None or any(hold.limit_id == self.whole.pk for hold in gone):
            return None
        by_pk = {row.pk: row for row in self.rows}
        left = [by_pk[hold.limit_id] for hold in gone if not hold.is_over]
        kept_again = sum(row.taken <= row.reserve for row in left)
        freed = sum(row.kept > 0 for row in new)
        return self.whole if kept_again - freed > self.whole.left else None

    def give_back(self, person: Registration) -> None:
        """
        Return all seats of a person.

        While people sit beyond a limit, the one of them who came first moves to the freed
        seat: the room has as many chairs as before.
        """
        self._give_back(list(person.holds.all()))
        self.absorb_over()

    def absorb_over(self) -> None:
        """Move whoever sits beyond a limit to seats that are within it now, first come first."""
        for row in self.rows:
            while row.over and (hold := self._first_over(row)):
                hold.is_over = False
                hold.save(update_fields=["is_over"])
                row.over -= 1
                self._count(row, +1)
                row.save(update_fields=["over"])
                self._note_seat(hold.registration)

    def _note_seat(self, person: Registration) -> None:
        """Write what somebody sits on now; who is only offered a seat sits on none yet."""
        if person.status == Status.CONFIRMED:
            person.seat = self.seat_of(person)
            person.save(update_fields=["seat"])

    def imagine_more(self, seats: int) -> None:
        """
        Reckon as if the meeting had so many seats more; nothing is written. Whoever sits
        beyond the limit moves to them first.
        """
        whole = self.whole
        if whole.seat_limit is not None:
            whole.seat_limit += seats
            within = min(whole.over, whole.left or 0)
            whole.taken, whole.over = whole.taken + within, whole.over - within

    def imagine(self, person: Registration) -> None:
        """Reckon as if he sat, on a seat of each limit that applies; nothing is written."""
        for row in self.of(person):
            kept = row.kept
            row.taken += 1
            self.whole.held += row.kept - kept

    def leave_line(self) -> None:
        """Somebody who waited does so no longer."""
        self.whole.waiting -= 1
        self.whole.save(update_fields=["waiting"])

    def rejoin_line(self) -> None:
        """Somebody who kept his turn waits again."""
        self.whole.waiting += 1
        self.whole.save(update_fields=["waiting"])

    def add(self, row: SeatLimit) -> None:
        """One limit more: whoever read them before has to read again."""
        self.rows.append(row)
        self.rows.sort(key=lambda each: (each.scope, each.pk))
        self.changed()

    def changed(self) -> None:
        """The limits, or whom they apply to, are others now than whoever read them knows."""
        self._organizations = self._spellings()
        self.whole.layout += 1
        self.whole.save(update_fields=["layout"])

    def drop(self, row: SeatLimit) -> None:
        """One limit less; whoever sat beyond this one only sits within now."""
        beyond = [
            hold.registration
            for hold in row.holds.filter(is_over=True).select_related("registration")
        ]
        self.rows.remove(row)
        row.delete()
        for person in beyond:
            self._note_seat(person)
        self.hold_kept()
        self.changed()

    def resettle(self) -> None:
        """
        Seat people anew where limits apply to others than before: organizations were merged,
        separated, or are gone. Nobody loses a seat; who finds none of a limit sits beyond it.
        """
        self.changed()
        self.hold_kept()
        moved = set(Registration.objects.over().filter(meeting=self.whole.meeting_id))
        gone: list[SeatHold] = []
        for row in self.rows:
            if row.scope == Scope.ORGANIZATION:
                moved |= self._take_in(row)
                gone += self._strayed(row)
        # Last, as in `move`: a kept seat that somebody takes frees a chair to keep.
        moved |= {hold.registration for hold in gone}
        self._give_back(gone)
        self.absorb_over()
        for person in moved:
            self._note_seat(person)

    def _take_in(self, row: SeatLimit) -> set[Registration]:
        """Whoever sits without a seat of a limit that is about him takes one, in order."""
        come = seated(row).exclude(pk__in=row.holds.values("registration"))
        people = list(come.order_by("status_changed_at", "pk"))
        for person in people:
            self._take(person, [row])
        return set(people)

    def _strayed(self, row: SeatLimit) -> list[SeatHold]:
        """The seats of a limit on which somebody sits whom it is no longer about."""
        holds = row.holds.exclude(registration__in=seated(row))
        return list(holds.select_related("registration"))

    def hold_kept(self) -> None:
        """Hold in the meeting what is kept for its narrow limits and not taken yet."""
        self.whole.held = sum(each.kept for each in self.rows)
        self.whole.save(update_fields=["held"])

    def _take(self, person: Registration, limits: list[SeatLimit]) -> None:
        holds = []
        for limit in limits:
            is_over = limit.is_full
            holds.append(SeatHold(registration=person, limit=limit, is_over=is_over))
            if is_over:
                limit.over += 1
                limit.save(update_fields=["over"])
            else:
                self._count(limit, +1)
        SeatHold.objects.bulk_create(holds)

    def _give_back(self, holds: list[SeatHold]) -> None:
        by_pk = {row.pk: row for row in self.rows}
        for hold in sorted(holds, key=lambda hold: -by_pk[hold.limit_id].scope):
            row = by_pk[hold.limit_id]
            if hold.is_over:
                row.over -= 1
                row.save(update_fields=["over"])
            else:
                self._count(row, -1)
            hold.delete()

    def _count(self, row: SeatLimit, by: int) -> None:
        """One seat more or less within the limit; a seat kept for it is freed or kept again."""
        kept = row.kept
        row.taken += by
        if row.kept > kept and self.whole.is_full:
            # Whoever sat on it went to sit elsewhere in the room: no chair is left to keep.
            row.reserve -= 1
            row.reserved_until = row.reserved_until if row.reserve else None
        if row.kept != kept:
            self.whole.held += row.kept - kept
            self.whole.save(update_fields=["held"])
        row.save(update_fields=["taken", "reserve", "reserved_until"])

    def _first_over(self, row: SeatLimit) -> SeatHold | None:
        """Whoever sat down beyond the limit first, if there is a seat within it now."""
        if row.is_full:
            return None
        return (
            row.holds.filter(is_over=True)
            .select_related("registration")
            .order_by("registration__status_changed_at", "registration")
            .first()
        )

    @staticmethod
    def seat_of(person: Registration) -> str:
        """What a person sits on, from the rows."""
        holds = list(SeatHold.objects.filter(registration=person).values_list("is_over", flat=True))
        if not holds:
            return Seat.NONE
        return Seat.OVER if any(holds) else Seat.WITHIN
