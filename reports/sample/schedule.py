"""The past meeting minute by minute: who registered, was decided on or gave up, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from registrations.models import Source
from reports.sample.past import SEED, SUBSTITUTES, ZONE
from reports.sample.people import Fate, Person


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that somebody did before the meeting: to `people[index]`, at that moment."""

    at: datetime
    act: str  # register, approve, decline, cancel, substitute, promote
    index: int
    # Who comes instead.
    other: int = -1


HOLIDAYS: Final = {date(2019, 12, 31)} | {date(2020, 1, day) for day in range(1, 9)}
DRAFTED_AT: Final = datetime(2019, 12, 9, 10, 0, tzinfo=ZONE)
PUBLISHED_AT: Final = datetime(2019, 12, 9, 12, 30, tzinfo=ZONE)
HEADS_ASKED_AT: Final = datetime(2019, 12, 9, 16, 0, tzinfo=ZONE)
OPENS_AT: Final = datetime(2019, 12, 10, 9, 0, tzinfo=ZONE)
FULL_AT: Final = datetime(2020, 1, 17, 12, 0, tzinfo=ZONE)
CLOSES_AT: Final = datetime(2020, 1, 22, 18, 0, tzinfo=ZONE)
ROOM_CHANGED_AT: Final = datetime(2020, 1, 22, 10, 0, tzinfo=ZONE)
# The default rules: seven days and one day before, at ten.
REMINDED_AT: Final = (
    datetime(2020, 1, 17, 10, 0, 20, tzinfo=ZONE),
    datetime(2020, 1, 23, 10, 0, 20, tzinfo=ZONE),
)
# The lists are closed, and the eve goes on: each kind of amendment, then a second list.
LISTED_AT: Final = CLOSES_AT + timedelta(minutes=5)
GAVE_UP_LATE_AT: Final = datetime(2020, 1, 23, 11, 20, tzinfo=ZONE)
CALLED_AT: Final = datetime(2020, 1, 23, 11, 45, tzinfo=ZONE)
CORRECTED_AT: Final = datetime(2020, 1, 23, 12, 30, tzinfo=ZONE)
REPLACED_LATE_AT: Final = datetime(2020, 1, 23, 16, 40, tzinfo=ZONE)
LISTED_AGAIN_AT: Final = datetime(2020, 1, 23, 17, 30, tzinfo=ZONE)
REPLACED_AFTER_ALL_AT: Final = datetime(2020, 1, 23, 20, 10, tzinfo=ZONE)
STARTS_AT: Final = datetime(2020, 1, 24, 10, 0, tzinfo=ZONE)
ENDS_AT: Final = datetime(2020, 1, 24, 13, 0, tzinfo=ZONE)
DOORS_AT: Final = datetime(2020, 1, 24, 9, 20, tzinfo=ZONE)
FROZEN_AT: Final = datetime(2020, 1, 24, 12, 40, tzinfo=ZONE)
# Two mistyped their address; one mail was refused at first and delivered later.
BOUNCED: Final = 2
EARLY: Final = (
    Fate.ATTENDED, Fate.NO_SHOW, Fate.SUBSTITUTED, Fate.FREED, Fate.WITHDRAWN, Fate.DECLINED,
)  # fmt: skip


def steps(people: list[Person], seed: int = SEED) -> list[Step]:
    """What happened between the opening and the day itself, in order."""
    chance = Random(seed + 1)  # noqa: S311 -- a sample, not a secret
    by_fate: dict[Fate, list[int]] = {fate: [] for fate in Fate}
    for index, person in enumerate(people):
        by_fate[person.fate].append(index)
    substitutes = [_substitute(people, region) for region in SUBSTITUTES]

    done: list[Step] = []
    moments = _working_moments(chance)
    early = [i for fate in EARLY for i in sorted(by_fate[fate]) if i not in substitutes]
    # Who gives the place to a colleague, or thinks better of it, is early.
    late = [i for i in early if people[i].fate not in {Fate.SUBSTITUTED, Fate.WITHDRAWN}]
    chance.shuffle(late)
    first = [i for i in early if i not in set(late)]
    for index, at in zip([*first, *late], sorted(chance.sample(moments, len(early))), strict=True):
        done.append(Step(at=at, act="register", index=index))
        done.append(_decision(people[index], index, at))
    # One colleague is named in good time, two on the eve: one is not on the second list.
    gave_up = [
        datetime(2020, 1, 16, 10, 0, tzinfo=ZONE), REPLACED_LATE_AT, REPLACED_AFTER_ALL_AT,
    ]  # fmt: skip
    pairs = zip(gave_up, by_fate[Fate.SUBSTITUTED], substitutes, strict=True)
    for at, leaving, coming in pairs:
        done.append(Step(at=at, act="substitute", index=leaving, other=coming))
    at = FULL_AT + timedelta(hours=2)
    for index in [*by_fate[Fate.PROMOTED], *by_fate[Fate.WAITLISTED]]:
        done.append(Step(at=at, act="register", index=index))
        done.append(Step(at=at + timedelta(hours=24 * 3, minutes=9), act="approve", index=index))
        at += timedelta(minutes=37)
    # The program passes on the first seat that gets free; the second, the lists being
    # closed, the organizer.
    freed_at = (datetime(2020, 1, 21, 9, 30, tzinfo=ZONE), GAVE_UP_LATE_AT)
    for index, at in zip(by_fate[Fate.FREED], freed_at, strict=True):
        done.append(Step(at=at, act="cancel", index=index))
    done.append(Step(at=CALLED_AT, act="promote", index=by_fate[Fate.PROMOTED][-1]))
    for index, minute in zip(by_fate[Fate.PENDING], (5, 50), strict=True):
        at = datetime(2020, 1, 22, 16, minute, tzinfo=ZONE)
        done.append(Step(at=at, act="register", index=index))
    return sorted(done, key=lambda step: step.at)


def _substitute(people: list[Person], region: str) -> int:
    """The colleague who came in somebody's place."""
    return next(
        n
        for n, person in enumerate(people)
        if person.region == region
        and person.fate == Fate.ATTENDED
        and person.source == Source.DELEGATION
        and person.category == "member"
    )


def _decision(person: Person, index: int, at: datetime) -> Step:
    """The organizers decide twice a day; whoever thinks better of it does so before."""
    if person.fate == Fate.WITHDRAWN:
        return Step(at=at + timedelta(minutes=25), act="cancel", index=index)
    act = "decline" if person.fate == Fate.DECLINED else "approve"
    decided = datetime.combine(at.date(), time(12 if at.hour < 12 else 18), ZONE)
    return Step(at=decided + timedelta(seconds=20 + index), act=act, index=index)


def _working_moments(chance: Random) -> list[datetime]:
    """Moments in working hours between the opening and the day when all seats were taken."""
    days = [OPENS_AT.date() + timedelta(days=n) for n in range((FULL_AT - OPENS_AT).days)]
    working = [day for day in days if day.weekday() < 5 and day not in HOLIDAYS]
    return [
        datetime.combine(day, time(hour, minute), ZONE) + timedelta(seconds=chance.randrange(60))
        for day in working
        for hour in range(9, 18)
        for minute in range(0, 60, 4)
    ]
