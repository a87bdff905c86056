"""What a rule of reminders will do: to how many it goes when, and to how many not, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, Subquery, Value, When

from events.models import Meeting
from notifications import sparing, suppressing
from notifications.models import State
from registrations import reminder_people
from registrations.models import ReminderRule
from registrations.reminder_plan import BEFORE_CONFIRMATION, REACH, Drop, due, plan

# What has become of a letter that was written already; and who cannot be written to.
SENT, WAITS = "sent", "waits"
NO_ADDRESS, UNSUBSCRIBED = "no_address", "unsubscribed"


@dataclass(frozen=True, kw_only=True)
class Group:
    """So many people get it at that moment; it is that clock which they live by."""

    at: datetime
    zone: ZoneInfo
    people: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """
    One rule: `groups` still get it, in order of time; `sent` and `waiting` have it; to the
    others it does not go (`left_out`: reasons, keys of notifications.explanations).
    """

    rule: ReminderRule
    due_at: datetime
    groups: tuple[Group, ...]
    sent: int
    waiting: int
    left_out: dict[str, int]

    @property
    def people(self) -> int:
        """How many still get it."""
        return sum(group.people for group in self.groups)

    @property
    def next_at(self) -> datetime:
        """When the first of them does; where there is nobody, when it is due."""
        return self.groups[0].at if self.groups else self.due_at

    @property
    def sides(self) -> tuple[Group, ...]:
        """The groups whose clocks are furthest west and east."""
        by_offset = sorted(self.groups, key=lambda g: g.at.astimezone(g.zone).utcoffset() or 0)
        return tuple(dict.fromkeys([by_offset[0], by_offset[-1]])) if by_offset else ()


def forecast(rule: ReminderRule, meeting: Meeting, *, at: datetime) -> Forecast:
    """Count whom the rule means, in two queries whatever their number."""
    due_at = due(rule, meeting)
    # Up to there nothing that they did can have come after the moment that is meant for them.
    long_ago = due_at - REACH
    people = reminder_people.meant(rule, meeting).annotate(clock=reminder_people.CLOCK)
    cannot = Case(
        When(email="", then=Value(NO_ADDRESS)),
        When(unsubscribed_at__isnull=False, then=Value(UNSUBSCRIBED)),
        When(reminder_people.is_stopped(meeting), then=Value(suppressing.STOPPED)),
        When(reminder_people.is_spared(), then=Value(sparing.REASON)),
        When(status_changed_at__gt=due_at, then=Value(BEFORE_CONFIRMATION.reason)),
        default=Value(""),
        output_field=CharField(),
    )
    has_begun = at >= long_ago
    letter = reminder_people.said(rule, meeting)
    people = people.annotate(
        cannot=cannot,
        since=Case(When(status_changed_at__gt=long_ago, then=F("status_changed_at"))),
        state=Subquery(letter.values("state")[:1]) if has_begun else _nothing(),
        why=Subquery(letter.values("reason")[:1]) if has_begun else _nothing(),
    )
    rows = people.order_by().values_list("clock", "cannot", "since", "state", "why")
    moments, left_out, had = Counter[tuple[datetime, ZoneInfo]](), Counter[str](), Counter[str]()
    for clock, reason, since, state, why, number in rows.annotate(number=Count("pk")):
        zone = ZoneInfo(clock) if clock else None
        if state in (State.DROPPED, State.WITHDRAWN, State.EXPIRED, State.FAILED):
            # Without the day since when.
            left_out[(why or "too_late").partition(":")[0]] += number
        elif state is not None:
            had[SENT if state in (State.SENT, State.AMBIGUOUS) else WAITS] += number
        elif reason:
            left_out[reason] += number
        else:
            decision = plan(
                rule=rule, meeting=meeting, zone=zone, confirmed_at=since or long_ago, now=at
            )
            if isinstance(decision, Drop):
                left_out[decision.reason] += number
            else:
                moments[decision.at, zone or meeting.zone] += number
    groups = (
        Group(at=moment, zone=lives_by, people=number)
        for (moment, lives_by), number in moments.items()
    )
    return Forecast(
        rule=rule,
        due_at=due_at,
        groups=tuple(sorted(groups, key=lambda g: (g.at, -g.people, g.zone.key))),
        sent=had[SENT],
        waiting=had[WAITS],
        left_out=dict(left_out.most_common()),
    )


def forecasts(meeting: Meeting, *, at: datetime) -> list[Forecast]:
    """Every rule of the meeting that is switched on, in the order in which they go."""
    rules = meeting.reminder_rules.filter(is_enabled=True).select_related(
        "category", "region", "region__region_set", "delegation", "session"
    )
    return sorted((forecast(rule, meeting, at=at) for rule in rules), key=lambda f: f.due_at)


def _nothing() -> Value:
    return Value(None, output_field=CharField(null=True))
