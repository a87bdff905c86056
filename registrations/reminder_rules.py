"""When a meeting's participants are reminded: the organizer's rules, all at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events import editing
from events.models import Meeting
from registrations.models import ReminderRule


class RuleTwice(Refused):
    code = "reminder_rule_twice"


@transaction.atomic(durable=True)
def arrange(
    *,
    meeting: Meeting,
    kept: list[ReminderRule],
    removed: list[ReminderRule],
    version: int | None,
    at: datetime,
    by: Actor,
) -> None:
    """
    Save the meeting's reminder rules. What is due by them is found by the next sweep.

    :raises RuleTwice: two rules say the same
    :raises StaleVersion: somebody else was quicker
    """
    meeting = editing.begin(meeting, version=version)
    said = [(rule.kind, rule.amount, rule.at_time, rule.audience) for rule in kept]
    if len(set(said)) < len(said):
        raise RuleTwice(_("Two of these reminders are the same."))
    meeting.reminder_rules.filter(pk__in=[rule.pk for rule in removed if rule.pk]).delete()
    for rule in kept:
        rule.meeting = meeting
        if rule.pk is None:
            rule.save(force_insert=True)
        else:
            rule.save(update_fields=["kind", "amount", "at_time", "audience", "is_enabled"])
    journal.record(
        by=by,
        at=at,
        action="meeting.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"fields": ["reminders"]},
    )
