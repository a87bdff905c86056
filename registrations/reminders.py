"""
Reminders: from the organizer's rules to letters, each at an hour when people are awake.

When a reminder goes is a pure function (registrations.reminder_plan), and whom a rule means
is a query (registrations.reminder_people). Nothing is planned ahead: whoever looks every
minute finds what is due, and the key of the letter remembers that it was said. So a scheduler
that was down, or two of them, do no harm, and a reminder always tells what holds at that
moment; and a meeting that moves leaves nothing behind.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from events.models import Format, Meeting
from notifications import outbox
from notifications.models import Care, Message, State
from registrations import letters, links, mail_facts, own_texts, reminder_people
from registrations.models import AttendanceMode, Registration, ReminderRule, RuleKind, RuleStatus
from registrations.reminder_plan import (
    MARGIN,
    OVERTAKEN,
    REACH,
    THANKS_UNTIL,
    Drop,
    Send,
    due,
    earliest,
    is_late,
    overtaken,
    plan,
)

logger = logging.getLogger(__name__)

# Reminders that were not sent because nothing ran are put on record for so long.
LOOKS_BACK = timedelta(days=2)
# How many days after the end thanks may be said at the most.
THANKS_AT_MOST = 30
BATCH = 200


def send_due(*, at: datetime) -> int:
    """
    Write every reminder whose moment has come. Returns how many letters were written.

    Any number may look at once: one works through a meeting, the others pass it by. A rule
    that fails is left to the next look, and to whoever reads the log. Meetings that begin
    first go first.
    """
    after = timedelta(days=THANKS_AT_MOST + 1) + THANKS_UNTIL + LOOKS_BACK
    rules = (
        ReminderRule.objects.filter(
            Q(meeting__starts_at__gt=at - LOOKS_BACK)
            | Q(kind=RuleKind.DAYS_AFTER, meeting__ends_at__gt=at - after),
            is_enabled=True,
            meeting__published_at__isnull=False,
            meeting__cancelled_at=None,
        )
        .select_related("meeting")
        .order_by("meeting__starts_at", "pk")
    )
    by_meeting: dict[int, list[ReminderRule]] = {}
    for rule in rules:
        by_meeting.setdefault(rule.meeting_id, []).append(rule)
    written = 0
    for of_one in by_meeting.values():
        for rule in of_one:
            try:
                written += _send_by(rule, of_one, at=at)
            except Exception:  # one meeting's rule must not silence the others
                logger.exception("Could not send reminders of rule %s", rule.pk)
    return written


def _send_by(rule: ReminderRule, others: list[ReminderRule], *, at: datetime) -> int:
    """One rule's reminders, in batches, so that no lock is held for long."""
    due_at = due(rule, rule.meeting)
    if at < due_at - (timedelta() if rule.thanks else REACH):
        return 0
    if rule.thanks and at > due_at + REACH + THANKS_UNTIL + LOOKS_BACK:
        return 0
    ready = [
        name
        for name in reminder_people.clocks(rule.meeting)
        if earliest(rule, rule.meeting, ZoneInfo(name) if name else None) <= at
    ]
    written, after = 0, 0
    while ready:
        batch = _send_batch(rule=rule, others=others, clocks=ready, after=after, at=at)
        if batch is None:
            break
        written += batch.written
        after = batch.last
    return written


@dataclass(frozen=True)
class _Batch:
    written: int
    last: int


@dataclass(frozen=True)
class _Letters:
    """What is written of one batch, and what is left out of it, by the reason."""

    sent: list[outbox.Letter] = field(default_factory=list)
    dropped: dict[str, list[outbox.Letter]] = field(default_factory=dict)


@transaction.atomic(durable=True)
def _send_batch(
    *,
    rule: ReminderRule,
    others: list[ReminderRule],
    clocks: list[str],
    after: int,
    at: datetime,
) -> _Batch | None:
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
    wanted = reminder_people.reachable(reminder_people.meant(rule, meeting))
    people = list(
        reminder_people.unspoken(wanted, rule, meeting)
        .annotate(clock=reminder_people.CLOCK)
        .filter(clock__in=clocks, status_changed_at__lte=due_at, pk__gt=after)
        .select_related("category", "region")
        # Somebody who is just being cancelled or erased is looked at a minute later.
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")[:BATCH]
    )
    if not people:
        return None
    for registration in people:
        registration.meeting = meeting
    found = _sort(rule, others, people, at=at)
    for reason, left_out in found.dropped.items():
        outbox.drop_many(left_out, reason=reason)
    written = outbox.enqueue_many(found.sent) if found.sent else 0
    return _Batch(written=written, last=people[-1].pk)


def _sort(
    rule: ReminderRule, others: list[ReminderRule], people: list[Registration], *, at: datetime
) -> _Letters:
    """Whose moment has come, and who is left out and why; nobody else is in it."""
    found, late = _Letters(), list[Registration]()
    for registration in people:
        decision = _decide(rule, registration, at=at)
        if isinstance(decision, Drop):
            found.dropped.setdefault(decision.reason, []).append(_letter(rule, registration))
        elif decision.at <= at:
            if is_late(decision, rule=rule, meeting=registration.meeting, now=at):
                late.append(registration)
            else:
                found.sent.append(_letter(rule, registration))
    behind = _overtaken(rule, others, late, at=at) if late else set()
    for registration in late:
        if registration.pk in behind:
            dropped = found.dropped.setdefault(OVERTAKEN.reason, [])
            dropped.append(_letter(rule, registration))
        else:
            found.sent.append(_letter(rule, registration))
    return found


def _overtaken(
    rule: ReminderRule, others: list[ReminderRule], late: list[Registration], *, at: datetime
) -> set[int]:
    """Those of the late to whom a rule that was due later speaks now, or has spoken."""
    meeting, keys = late[0].meeting, [registration.pk for registration in late]
    behind: set[int] = set()
    newer = [one for one in others if due(rule, meeting) < due(one, meeting) <= at]
    for one in newer:
        for registration in reminder_people.meant(one, meeting).filter(pk__in=keys):
            registration.meeting = meeting
            decision = _decide(one, registration, at=at)
            if overtaken(due(rule, meeting), [(due(one, meeting), decision)], now=at):
                behind.add(registration.pk)
        spoken = {reminder_people.key(one, registration): registration.pk for registration in late}
        there = Message.objects.filter(dedupe_key__in=spoken).exclude(state=State.DROPPED)
        behind |= {spoken[name] for name in there.values_list("dedupe_key", flat=True)}
    return behind


def _decide(rule: ReminderRule, registration: Registration, *, at: datetime) -> Send | Drop:
    return plan(
        rule=rule,
        meeting=registration.meeting,
        zone=registration.zone,
        confirmed_at=registration.status_changed_at,
        now=at,
    )


def _letter(rule: ReminderRule, registration: Registration) -> outbox.Letter:
    meeting, due_at = registration.meeting, due(rule, registration.meeting)
    facts = mail_facts.snapshot(registration)
    kind = reminder_people.kind_of(rule)
    own = own_texts.words(meeting, kind=kind, language=registration.language, facts=facts)
    letter: outbox.Letter = {
        "key": reminder_people.key(rule, registration),
        "kind": kind,
        "to": registration.email,
        "to_name": registration.full_name,
        "language": registration.language,
        "template": letters.TEMPLATES + kind,
        "snapshot": facts | {"joins_online": joins_online(registration)} | own,
        "subjects": letters.subjects(registration),
        "thread": str(registration.uid),
        "reply_to": meeting.contact_email,
        "sender_name": facts["host"],
        "unsubscribe_url": links.unsubscribe_url(registration),
    }
    if rule.thanks:
        letter["expires_at"] = due_at + REACH + THANKS_UNTIL
        return letter
    lead = meeting.starts_at - due_at
    # Shortly before the start a second one disturbs more than a missing one.
    letter["care"] = Care.B if lead <= MARGIN else Care.A
    # If mail is delayed, a reminder must still leave time to act, or not come at all.
    letter["expires_at"] = meeting.starts_at - min(MARGIN, lead / 2)
    has_ticket = rule.status == RuleStatus.CONFIRMED and not joins_online(registration)
    letter["enclosures"] = ["ticket"] if has_ticket else []
    return letter


def joins_online(registration: Registration) -> bool:
    """Whether the person needs a link to join, and no ticket."""
    return (
        registration.meeting.format == Format.ONLINE
        or registration.attendance_mode == AttendanceMode.ONLINE
    )
