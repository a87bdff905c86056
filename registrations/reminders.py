"""
Reminders: from the organizer's rules to letters, each at an hour when people are awake.

When a reminder goes is a pure function of the rule, the meeting, the person's clock and
now (`plan`). Nothing is planned ahead: whoever looks every minute finds what is due, and
the key of the letter remembers that it was said. So a scheduler that was down, or two of
them, do no harm, and a reminder always tells what holds at that moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from events.models import Format, Meeting
from notifications import outbox
from notifications.models import Care, Message
from registrations import letters, links, own_texts, waking
from registrations.models import (
    AttendanceMode,
    Audience,
    Registration,
    RegistrationQuerySet,
    ReminderRule,
    RuleKind,
)

logger = logging.getLogger(__name__)

# A late reminder helps only who can still act on it.
MARGIN = timedelta(hours=2)
# The scheduler looks every minute; so late is not late.
GRACE = timedelta(minutes=10)
# How far before its due time a reminder may be moved: two clocks are awake together for at
# least two hours of any day.
REACH = timedelta(hours=36)
# Reminders that were not sent because nothing ran are put on record for so long.
LOOKS_BACK = timedelta(days=2)
BATCH = 100
KIND = "reminder"


@dataclass(frozen=True)
class Send:
    """The reminder goes at that moment; a moment that is past means now."""

    at: datetime


@dataclass(frozen=True)
class Drop:
    """The reminder is left out. `reason` is a key of notifications.explanations."""

    reason: str


TOO_LATE = Drop("too_close_to_start")
BEFORE_CONFIRMATION = Drop("due_before_confirmation")


def due(rule: ReminderRule, meeting: Meeting) -> datetime:
    """
    The moment that the rule names: on the venue's clock in days, in real time in hours.

    A time of day that a change of clocks leaves out is read as the one an hour later.
    """
    if rule.kind == RuleKind.HOURS_BEFORE:
        # In UTC: on a local clock an hour less is another moment when clocks change.
        return meeting.starts_at.astimezone(UTC) - timedelta(hours=rule.amount)
    assert rule.at_time is not None, "the database holds no rule in days without a time"
    day = meeting.starts_at.astimezone(meeting.zone).date() - timedelta(days=rule.amount)
    return _moment(day, rule.at_time, meeting.zone)


def plan(
    *,
    rule: ReminderRule,
    meeting: Meeting,
    zone: ZoneInfo | None,
    confirmed_at: datetime,
    now: datetime,
) -> Send | Drop:
    """
    When the reminder goes to somebody whose clock is `zone` (None: the venue's), or why not.

    The latest moment not after the due time that is awake on both clocks, else on the
    person's. What that moment slipped past without being sent goes at the next such moment
    that leaves two hours before the start. Nobody is reminded of what was due before the
    participation was confirmed.
    """
    due_at = due(rule, meeting)
    if due_at < confirmed_at:
        return BEFORE_CONFIRMATION
    if due_at >= meeting.starts_at:
        return TOO_LATE
    own = zone or meeting.zone
    clocks = ([own, meeting.zone], [own])
    for awake in clocks:
        at = _latest(due_at, awake)
        if at >= max(confirmed_at, now - GRACE):
            return Send(at)
    for awake in clocks:
        at = _next(max(confirmed_at, now), awake)
        if at <= meeting.starts_at.astimezone(UTC) - MARGIN:
            return Send(at)
    return TOO_LATE


def send_due(*, at: datetime) -> int:
    """
    Write every reminder whose moment has come. Returns how many letters were written.

    Any number may look at once: one works through a meeting, the others pass it by. A rule
    that fails is left to the next look, and to whoever reads the log.
    """
    rules = (
        ReminderRule.objects.filter(
            is_enabled=True,
            meeting__published_at__isnull=False,
            meeting__cancelled_at=None,
            meeting__starts_at__gt=at - LOOKS_BACK,
        )
        .select_related("meeting")
        .order_by("meeting__starts_at", "pk")
    )
    written = 0
    for rule in rules:
        try:
            written += _send_by(rule, at=at)
        except Exception:  # one meeting's rule must not silence the others
            logger.exception("Could not send reminders of rule %s", rule.pk)
    return written


def _send_by(rule: ReminderRule, *, at: datetime) -> int:
    """One rule's reminders, in batches, so that no lock is held for long."""
    if at < due(rule, rule.meeting) - REACH:
        return 0
    written, after = 0, 0
    while True:
        batch = _send_batch(rule=rule, after=after, at=at)
        if batch is None:
            return written
        written += batch.written
        after = batch.last


@dataclass(frozen=True)
class _Batch:
    written: int
    last: int


@transaction.atomic(durable=True)
def _send_batch(*, rule: ReminderRule, after: int, at: datetime) -> _Batch | None:
    # The meeting's row is the turn: it keeps a second scheduler out, and whoever moves or
    # cancels the meeting waits until these letters can be withdrawn.
    meeting = (
        Meeting.objects.prefetch_related("hosts")
        .select_for_update(skip_locked=True, no_key=True)
        .filter(pk=rule.meeting_id, cancelled_at=None)
        .first()
    )
    if meeting is None:
        return None
    due_at = due(rule, meeting)
    people = list(
        _not_considered(rule, meeting, due_at=due_at)
        .filter(pk__gt=after)
        .select_related("category", "region")
        # Somebody who is just being cancelled or erased is looked at a minute later.
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")[:BATCH]
    )
    if not people:
        return None
    written = 0
    for registration in people:
        registration.meeting = meeting
        written += _consider(rule, registration, due_at=due_at, at=at)
    return _Batch(written=written, last=people[-1].pk)


def _not_considered(
    rule: ReminderRule, meeting: Meeting, *, due_at: datetime
) -> RegistrationQuerySet:
    """Whom the rule means and who has no letter of it yet, neither sent nor left out."""
    key = Concat(
        Value(f"{KIND}:"), Cast(OuterRef("uid"), CharField()), Value(_suffix(rule, meeting))
    )
    people = (
        Registration.objects.confirmed()
        .filter(meeting=meeting, unsubscribed_at=None, status_changed_at__lte=due_at)
        .exclude(email="")
        .exclude(Exists(Message.objects.filter(dedupe_key=key)))
    )
    if rule.audience == Audience.ALL:
        return people
    if meeting.format == Format.ONLINE:
        return people if rule.audience == Audience.ONLINE else people.none()
    return people.filter(attendance_mode=rule.audience)


def _consider(
    rule: ReminderRule, registration: Registration, *, due_at: datetime, at: datetime
) -> bool:
    decision = plan(
        rule=rule,
        meeting=registration.meeting,
        zone=registration.zone,
        confirmed_at=registration.status_changed_at,
        now=at,
    )
    match decision:
        case Send(at=moment) if moment <= at:
            return outbox.enqueue(**_letter(rule, registration, due_at=due_at))
        case Drop(reason=reason) if decision is TOO_LATE:
            outbox.drop(reason=reason, **_letter(rule, registration, due_at=due_at))
    return False


def _letter(rule: ReminderRule, registration: Registration, *, due_at: datetime) -> outbox.Letter:
    meeting = registration.meeting
    lead = meeting.starts_at - due_at
    facts = letters.snapshot(registration)
    own = own_texts.words(meeting, kind=KIND, language=registration.language, facts=facts)
    return {
        "key": f"{KIND}:{registration.uid}{_suffix(rule, meeting)}",
        "kind": KIND,
        "to": registration.email,
        "to_name": registration.full_name,
        "language": registration.language,
        "template": letters.TEMPLATES + "reminder",
        "snapshot": facts | {"joins_online": joins_online(registration)} | own,
        "subjects": letters.subjects(registration),
        # Shortly before the start a second one disturbs more than a missing one.
        "care": Care.B if lead <= MARGIN else Care.A,
        # If mail is delayed, a reminder must still leave time to act, or not come at all.
        "expires_at": meeting.starts_at - min(MARGIN, lead / 2),
        "enclosures": [] if joins_online(registration) else ["ticket"],
        "thread": str(registration.uid),
        "reply_to": meeting.contact_email,
        "sender_name": facts["host"],
        "unsubscribe_url": links.unsubscribe_url(registration),
    }


def _suffix(rule: ReminderRule, meeting: Meeting) -> str:
    """
    The part of the key that names the rule and the start at the venue's clock.

    So a meeting that moves is reminded of again, and one that changes its room is not.
    """
    start = meeting.starts_at.astimezone(meeting.zone)
    return f":{rule.pk}:{start:%Y-%m-%dT%H:%M}"


def joins_online(registration: Registration) -> bool:
    """Whether the person needs a link to join, and no ticket."""
    return (
        registration.meeting.format == Format.ONLINE
        or registration.attendance_mode == AttendanceMode.ONLINE
    )


def _latest(at: datetime, zones: list[ZoneInfo]) -> datetime:
    """The latest moment not after `at` that is awake on all the clocks."""
    return max(
        m for m in (at, *_edges(at, zones, waking.UNTIL)) if m <= at and waking.awake(m, zones)
    )


def _next(at: datetime, zones: list[ZoneInfo]) -> datetime:
    """The first moment not before `at` that is awake on all the clocks."""
    return min(
        m for m in (at, *_edges(at, zones, waking.FROM)) if m >= at and waking.awake(m, zones)
    )


def _edges(at: datetime, zones: list[ZoneInfo], edge: time) -> Iterator[datetime]:
    """Where waking begins or ends around that moment: nowhere else an awake stretch can."""
    for zone in zones:
        today = at.astimezone(zone).date()
        yield from (_moment(today + timedelta(days=n), edge, zone) for n in range(-3, 4))


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
