"""
Offers of a seat: until when somebody may answer, holding the seat for him, letting it go.

The seat that is held counts as taken in every limit that is about the person, so nobody
else finds it free; whom a freed one goes to is decided by `waitlist`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts import journal
from accounts.journal import Actor
from registrations import letters, waking
from registrations.models import Offer, Registration, lists_close
from registrations.seats import Counters

# Nobody answers to the second: an offer ends at a quarter of an hour.
ROUND = timedelta(minutes=15)


def answer_by(registration: Registration, *, at: datetime) -> datetime:
    """
    Until when an offer made at that moment may be answered: the meeting's hours, rounded up.

    An end in the night is moved to the morning on the person's clock, so that whoever was
    asked in the evening can still answer after getting up. Never later than the lists close:
    after that nobody is moved up by the program.
    """
    meeting = registration.meeting
    hours = meeting.offer_hours
    assert hours is not None, "only a meeting that offers seats has offers made"
    wanted = _rounded_up(at + timedelta(hours=hours))
    wanted = waking.by_day(wanted, registration.zone or meeting.zone)
    return min(wanted, lists_close(meeting))


def make(
    counters: Counters,
    registration: Registration,
    *,
    at: datetime,
    by: Actor,
    goes_over: bool = False,
) -> Offer:
    """
    Hold a seat in all limits for somebody who waits, locked by the caller, and tell him.

    :raises NoRoom: a limit is full, and not deliberately over it
    """
    counters.seat(registration, goes_over=goes_over)
    offer = Offer.objects.create(
        registration=registration, made_at=at, answer_by=answer_by(registration, at=at)
    )
    _touch(registration)
    letters.write_offered(registration, offer)
    changes: dict[str, Any] = {"answer_by": offer.answer_by.isoformat()}
    if goes_over:
        changes["over_capacity"] = True
    note(registration, "offer.made", at=at, by=by, changes=changes)
    return offer


def can_be_asked(registration: Registration) -> bool:
    """Whether the letter reaches anybody who could answer it."""
    return bool(registration.email or registration.submitted_by_email)


def open_of(registration: Registration) -> Offer | None:
    """The offer as it is now, whatever was read with the row; the counters are locked."""
    return Offer.objects.filter(registration=registration).first()


def let_go(
    counters: Counters, registration: Registration, offer: Offer, *, missed_offers: int
) -> None:
    """
    The offer is over and its seat free; the person waits on, behind those who let fewer
    pass. To whom the seat goes is for the caller to see to (`waitlist.fill`).
    """
    # By a query: the letter that follows still names the offer by its key.
    Offer.objects.filter(pk=offer.pk).delete()
    counters.give_back(registration)
    letters.withdraw_offer(registration)
    registration.missed_offers = missed_offers
    registration.save(update_fields=["missed_offers"])
    _touch(registration)


def end(counters: Counters, registration: Registration, *, at: datetime, by: Actor) -> None:
    """End the offer to somebody whose place changes otherwise; nothing where there is none."""
    if offer := open_of(registration):
        let_go(counters, registration, offer, missed_offers=registration.missed_offers)
        note(registration, "offer.withdrawn", at=at, by=by)


def end_all(counters: Counters, *, at: datetime, by: Actor, why: str = "") -> int:
    """
    End all offers of a meeting, whose lists close or which is called off; return how many.

    `why` is what each person is told (letters.write_offer_over); nothing where it is "".
    """
    ended = 0
    for registration, offer in _open(counters):
        let_go(counters, registration, offer, missed_offers=registration.missed_offers)
        if why:
            letters.write_offer_over(registration, offer, why=why)
        note(registration, "offer.withdrawn", at=at, by=by)
        ended += 1
    return ended


def keep_within_lists(counters: Counters, *, at: datetime, by: Actor) -> None:
    """
    The lists of a meeting close at another moment: no offer is open longer than they are.

    Who has to answer earlier now is told the new moment.
    """
    for registration, offer in _open(counters):
        closes_at = lists_close(registration.meeting)
        if offer.answer_by <= closes_at:
            continue
        if closes_at <= at:
            let_go(counters, registration, offer, missed_offers=registration.missed_offers)
            letters.write_offer_over(registration, offer, why="closed")
            note(registration, "offer.withdrawn", at=at, by=by)
            continue
        offer.answer_by = closes_at
        offer.save(update_fields=["answer_by"])
        _touch(registration)
        letters.withdraw_offer(registration)
        letters.write_offered(registration, offer)


def note(
    registration: Registration,
    action: str,
    *,
    at: datetime,
    by: Actor,
    changes: dict[str, Any] | None = None,
) -> None:
    """What the journal says of an offer."""
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(registration), changes=changes
    )


def _open(counters: Counters) -> list[tuple[Registration, Offer]]:
    """The open offers of the locked counters' meeting, with their people, locked as well."""
    people = (
        Registration.objects.waitlisted()
        .filter(meeting=counters.whole.meeting_id, offer__isnull=False)
        .select_related("meeting", "meeting__region_set", "category", "region", "offer")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    return [(person, person.offer) for person in people]


def _touch(registration: Registration) -> None:
    """Whoever has read the registration before is told that it has changed (ETag)."""
    registration.version += 1
    registration.save(update_fields=["version"])


def _rounded_up(at: datetime) -> datetime:
    past = (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % ROUND
    return at + (ROUND - past if past else past)
