"""
The whole life of a meeting's reminders for one person, whatever the clocks, the moves of the
meeting and the failures of the scheduler: what may never happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Meeting
from registrations.models import ReminderRule, RuleKind
from registrations.reminder_plan import (
    GRACE,
    MARGIN,
    THANKS_UNTIL,
    Drop,
    Send,
    due,
    earliest,
    is_late,
    overtaken,
    patience,
    plan,
)

RUSSIAN = [
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan",
    "Asia/Kamchatka",
]  # fmt: skip
# With summer time in both halves of the world, by half an hour, and none; both ends of the date
# line; quarters of an hour.
OTHERS = [
    "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "Pacific/Auckland",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Cairo", "UTC",
]  # fmt: skip
ZONES = [ZoneInfo(name) for name in RUSSIAN + OTHERS]
# Around these the clocks of some of them change, forwards or backwards.
CHANGES = [
    datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC),
    datetime(2027, 4, 3, 15, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC),
    datetime(2027, 11, 7, 6, tzinfo=UTC), datetime(2027, 9, 25, 14, tzinfo=UTC),
]  # fmt: skip
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sent:
    """A reminder that went, by which rule, for which start, and how that came."""

    rule: ReminderRule
    meeting: Meeting
    at: datetime
    planned: datetime
    overdue: bool


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda n: timedelta(minutes=n))


clock_times = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
starts = st.one_of(
    st.builds(lambda at, n: at + n, st.sampled_from(CHANGES), minutes(-3 * 1440, 3 * 1440)),
    st.builds(lambda n: datetime(2027, 1, 1, tzinfo=UTC) + n, minutes(0, 365 * 1440)),
)
rules = st.one_of(
    st.builds(
        lambda n, at: ReminderRule(kind=RuleKind.DAYS_BEFORE, amount=n, at_time=at),
        st.integers(0, 10), clock_times,
    ),
    st.builds(lambda n: ReminderRule(kind=RuleKind.HOURS_BEFORE, amount=n), st.integers(1, 72)),
    st.builds(
        lambda n, at: ReminderRule(kind=RuleKind.DAYS_AFTER, amount=n, at_time=at),
        st.integers(1, 7), clock_times,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Life:
    """A meeting that may move once, somebody who registers, and a scheduler that may fail."""

    meetings: tuple[Meeting, ...]  # as it was, and as it is after the move
    moved_at: datetime
    rules: tuple[ReminderRule, ...]
    zone: ZoneInfo | None
    confirmed_at: datetime
    outages: tuple[tuple[datetime, datetime], ...]

    def meeting(self, now: datetime) -> Meeting:
        return self.meetings[-1] if now >= self.moved_at else self.meetings[0]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    venue, start = draw(st.sampled_from(ZONES)), draw(starts)
    long = draw(minutes(30, 2 * 1440))
    moved_at = start - draw(minutes(0, 12 * 1440))
    moved = [start]
    if draw(st.booleans()):
        moved.append(max(moved_at, start + draw(minutes(-5 * 1440, 5 * 1440))))
    begins = start - timedelta(days=16)
    outages = []
    for _ in range(draw(st.integers(0, 2))):
        down = start - draw(minutes(-5 * 1440, 11 * 1440))
        outages.append((down, down + draw(minutes(5, 2 * 1440))))
    return Life(
        meetings=tuple(
            Meeting(time_zone=venue.key, starts_at=at, ends_at=at + long) for at in moved
        ),
        moved_at=moved_at,
        rules=tuple(draw(st.lists(rules, min_size=1, max_size=3))),
        zone=draw(st.none() | st.sampled_from(ZONES)),
        confirmed_at=begins + draw(minutes(0, 18 * 1440)),
        outages=tuple(outages),
    )


def beats(life: Life) -> list[datetime]:
    """
    Every moment at which a scheduler that looks each minute could do anything: when a plan
    says so, and the minute after; at the move; when it comes up again; and twice, since two
    schedulers do no harm.
    """
    now = life.confirmed_at
    last = max(m.ends_at for m in life.meetings) + timedelta(days=14)
    found = []
    while now <= last:
        found += [now, now]
        coming = [last + MINUTE, *(up for _down, up in life.outages), life.moved_at]
        for rule in life.rules:
            match _plan(life, rule, now):
                case Send(at=at):
                    coming.append(at)
            coming.append(earliest(rule, life.meeting(now), life.zone))
        after = min((at for at in coming if at > now), default=last + MINUTE)
        now = after
    return [now for now in found if not any(down <= now < up for down, up in life.outages)]


def _plan(life: Life, rule: ReminderRule, now: datetime) -> Send | Drop:
    return plan(
        rule=rule, meeting=life.meeting(now), zone=life.zone, confirmed_at=life.confirmed_at,
        now=now,
    )  # fmt: skip


def play(life: Life) -> list[Sent]:
    """What the sweep does (registrations.reminders), without rows."""
    said: set[tuple[int, datetime]] = set()
    sent: list[Sent] = []
    for now in beats(life):
        meeting = life.meeting(now)
        plans = [(rule, _plan(life, rule, now)) for rule in life.rules]
        for number, (rule, decision) in enumerate(plans):
            occasion = (number, meeting.starts_at)
            if occasion in said or now < earliest(rule, meeting, life.zone):
                continue
            if isinstance(decision, Drop):
                said.add(occasion)
                continue
            if decision.at > now:
                continue
            said.add(occasion)
            overdue = is_late(decision, rule=rule, meeting=meeting, now=now)
            others = [(due(r, meeting), d) for r, d in plans if r is not rule]
            if overdue and overtaken(due(rule, meeting), others, now=now):
                continue
            sent.append(Sent(rule, meeting, now, decision.at, overdue))
    return sent


def is_awake(at: datetime, zone: ZoneInfo) -> bool:
    return time(8) <= at.astimezone(zone).time() <= time(21)


def never(life: Life) -> None:
    """What may never happen."""
    sent = play(life)
    for one in sent:
        own = life.zone or one.meeting.zone
        due_at = due(one.rule, one.meeting)
        # At night: only the few minutes by which a look may follow its moment.
        assert is_awake(one.planned, own)
        assert one.at - one.planned <= GRACE
        # To whom it does not concern yet.
        assert one.at >= life.confirmed_at
        assert due_at >= life.confirmed_at
        if one.rule.thanks:
            assert one.at >= max(due_at, one.meeting.ends_at)
            assert one.at <= due_at + THANKS_UNTIL + timedelta(hours=48)
            continue
        # After the start, or too late to help.
        assert one.at < one.meeting.starts_at + GRACE
        assert one.planned < one.meeting.starts_at
        if one.planned > due_at:
            bounds = patience(one.meeting.starts_at - due_at)
            night = timedelta(hours=14)  # from nine in the evening, and an hour of summer time
            slipped = max(due_at, life.confirmed_at)
            assert one.planned <= one.meeting.starts_at - MARGIN
            assert one.planned <= slipped + bounds.late + night + timedelta(hours=36)
    # Twice: one rule speaks once of one start.
    occasions = [(id(one.rule), one.meeting.starts_at) for one in sent]
    assert len(occasions) == len(set(occasions))
    # Several late ones in one breath.
    for now in {one.at for one in sent}:
        late = {due(one.rule, one.meeting) for one in sent if one.at == now and one.overdue}
        assert len(late) <= 1
    # Of a start that is no more.
    for one in sent:
        assert one.meeting is life.meeting(one.at)


SLOW_MACHINES = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=500, deadline=None, suppress_health_check=SLOW_MACHINES)
@given(lives())
def test_what_may_never_happen(life):
    never(life)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=SLOW_MACHINES)
@given(lives())
def test_what_may_never_happen_in_ten_thousand_lives(life):
    never(life)


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW_MACHINES)
@given(lives())
def test_a_scheduler_that_never_fails_is_never_late(life):
    """But for who registers after the moment that was moved into his day."""
    whole = Life(life.meetings[:1], life.moved_at, life.rules, life.zone, life.confirmed_at, ())

    for one in play(whole):
        if not one.rule.thanks and one.planned > due(one.rule, one.meeting):
            assert earliest(one.rule, one.meeting, life.zone) < life.confirmed_at
