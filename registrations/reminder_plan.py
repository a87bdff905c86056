"""
When a reminder goes to one person: a pure function of the rule, the meeting, the person's
clock, since when the rule concerns the person, and now. It is the whole contract:

- The rule names a moment (`due`): on the venue's clock in days, in real time in hours.
- Before the start it goes at the latest moment not after that which is awake on both clocks,
  else on the person's; after the end, at the first such moment not before it.
- Nobody is reminded of what was due before the rule concerned them: whoever registers later
  has just read all of it in the answer. Where that moment, moved earlier, had passed when
  they registered, it goes at the next one that leaves two hours before the start.
- When nothing ran at that moment, the reminder is late, and goes as long as it still helps
  (`patience`); if that ends at night, the next morning is still in time. Never after the start.
- Of several that are late for one person only the newest goes (`overtaken`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from events.models import Meeting
from registrations import waking
from registrations.models import ReminderRule, RuleKind

# A reminder that does not come on time helps only who can still act on it.
MARGIN = timedelta(hours=2)
# The scheduler looks every minute; so late is not late.
GRACE = timedelta(minutes=10)
# How far before its due time a reminder may be moved: two clocks are awake together for at
# least two hours of any day. And how far a word of thanks may be moved after it.
REACH = timedelta(hours=36)
# Thanks that come later than that are odd.
THANKS_UNTIL = timedelta(days=3)


@dataclass(frozen=True)
class Send:
    """The reminder goes at that moment; a moment that is past means now."""

    at: datetime


@dataclass(frozen=True)
class Drop:
    """The reminder is left out. `reason` is a key of notifications.explanations."""

    reason: str


@dataclass(frozen=True)
class Patience:
    """How late a reminder may be, and how long before the start it must be then."""

    late: timedelta
    margin: timedelta = MARGIN


TOO_CLOSE = Drop("too_close_to_start")
TOO_LATE = Drop("reminder_late")
OVERTAKEN = Drop("newer_reminder")
BEFORE_CONFIRMATION = Drop("due_before_confirmation")

Plan = Send | Drop


def due(rule: ReminderRule, meeting: Meeting) -> datetime:
    """
    The moment that the rule names: on the venue's clock in days, in real time in hours.

    A time of day that a change of clocks leaves out is read as the one an hour later.
    """
    if rule.kind == RuleKind.HOURS_BEFORE:
        # In UTC: on a local clock an hour less is another moment when clocks change.
        return meeting.starts_at.astimezone(UTC) - timedelta(hours=rule.amount)
    assert rule.at_time is not None, "the database holds no rule in days without a time"
    if rule.thanks:
        last = meeting.ends_at.astimezone(meeting.zone).date()
        return _moment(last + timedelta(days=rule.amount), rule.at_time, meeting.zone)
    day = meeting.starts_at.astimezone(meeting.zone).date() - timedelta(days=rule.amount)
    return _moment(day, rule.at_time, meeting.zone)


def patience(lead: timedelta) -> Patience:
    """By how long before the start the reminder was due: the nearer, the less."""
    if lead >= timedelta(days=2):
        return Patience(timedelta(hours=24))
    if lead > timedelta(hours=6):
        return Patience(timedelta(hours=6), timedelta(hours=3))
    return Patience(timedelta(minutes=45))


def earliest(rule: ReminderRule, meeting: Meeting, zone: ZoneInfo | None) -> datetime:
    """Before that moment the reminder goes to nobody with this clock."""
    due_at = due(rule, meeting)
    clocks = (zone or meeting.zone, meeting.zone)
    return next_awake(due_at, clocks) if rule.thanks else latest_awake(due_at, clocks)


def plan(
    *,
    rule: ReminderRule,
    meeting: Meeting,
    zone: ZoneInfo | None,
    confirmed_at: datetime,
    now: datetime,
) -> Plan:
    """
    When the reminder goes to somebody whose clock is `zone` (None: the venue's), or why not.

    `confirmed_at` is since when the person has the status that the rule is about.
    """
    due_at = due(rule, meeting)
    if due_at < confirmed_at:
        return BEFORE_CONFIRMATION
    own = zone or meeting.zone
    if rule.thanks:
        return _thanks(due_at, own, meeting, now=now)
    if due_at >= meeting.starts_at:
        return TOO_CLOSE
    start = meeting.starts_at.astimezone(UTC)
    ideal = _on_time(due_at, own, meeting.zone, confirmed_at=confirmed_at, start=start)
    if ideal is None:
        return TOO_CLOSE
    if now <= ideal + GRACE:
        return Send(ideal)
    # It was to come early. On the person's own clock there may still be time before it is due.
    if (at := latest_awake(due_at, (own,))) >= max(confirmed_at, now - GRACE):
        return Send(at)
    return _late(max(due_at, ideal), own, meeting.zone, start=start, due_at=due_at, now=now)


def overtaken(mine: datetime, others: Iterable[tuple[datetime, Plan]], *, now: datetime) -> bool:
    """
    Whether a late reminder that was due at `mine` has been overtaken: another of the same
    person's (when it was due, its plan) was due later and goes now.
    """
    return any(
        due_at > mine and isinstance(decision, Send) and decision.at <= now
        for due_at, decision in others
    )


def is_late(decision: Plan, *, rule: ReminderRule, meeting: Meeting, now: datetime) -> bool:
    """Whether it goes later than the rule says, and not for the sake of the person's nights."""
    return isinstance(decision, Send) and now > due(rule, meeting) + GRACE


def _on_time(
    due_at: datetime, own: ZoneInfo, venue: ZoneInfo, *, confirmed_at: datetime, start: datetime
) -> datetime | None:
    """When it goes if the scheduler never fails; None where no useful moment is left."""
    clocks = ((own, venue), (own,))
    for awake in clocks:
        if (at := latest_awake(due_at, awake)) >= confirmed_at:
            return at
    for awake in clocks:
        if (at := next_awake(confirmed_at, awake)) <= start - MARGIN:
            return at
    return None


def _late(
    since: datetime,
    own: ZoneInfo,
    venue: ZoneInfo,
    *,
    start: datetime,
    due_at: datetime,
    now: datetime,
) -> Plan:
    bounds = patience(start - due_at)
    # Nobody was written to in the night: what could not go by then goes in the morning.
    last = next_awake(since + bounds.late, (own,))
    if now > last + GRACE:
        return TOO_LATE
    for awake in ((own, venue), (own,)):
        at = next_awake(now, awake)
        if at <= min(last + GRACE, start - bounds.margin):
            return Send(at)
    return TOO_CLOSE if at > start - bounds.margin else TOO_LATE


def _thanks(due_at: datetime, own: ZoneInfo, meeting: Meeting, *, now: datetime) -> Plan:
    ideal = next_awake(due_at, (own, meeting.zone))
    if now <= ideal + GRACE:
        return Send(ideal)
    if now > ideal + THANKS_UNTIL:
        return TOO_LATE
    return Send(next_awake(now, (own,)))


# Thousands of people share a clock, and the moment that a rule names.
@lru_cache(maxsize=4096)
def latest_awake(at: datetime, zones: tuple[ZoneInfo, ...]) -> datetime:
    """The latest moment not after `at` that is awake on all the clocks."""
    return max(
        m for m in (at, *_edges(at, zones, waking.UNTIL)) if m <= at and waking.awake(m, zones)
    )


@lru_cache(maxsize=4096)
def next_awake(at: datetime, zones: tuple[ZoneInfo, ...]) -> datetime:
    """The first moment not before `at` that is awake on all the clocks."""
    return min(
        m for m in (at, *_edges(at, zones, waking.FROM)) if m >= at and waking.awake(m, zones)
    )


def _edges(at: datetime, zones: tuple[ZoneInfo, ...], edge: time) -> Iterator[datetime]:
    """Where waking begins or ends around that moment: nowhere else an awake stretch can."""
    for zone in zones:
        today = at.astimezone(zone).date()
        yield from (_moment(today + timedelta(days=n), edge, zone) for n in range(-3, 4))


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
