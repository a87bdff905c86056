"""When a meeting's participants are reminded: the organizer's rules, all at once."""

from __future__ import annotations

from datetime import datetime, time

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
    version: int | None,
    at: datetime,
    by: Actor,
) -> None:
    """
    Save the meeting's reminder rules. What is due by them is found by the next sweep.

    A rule is what it says: one that says now what another row said takes that row over. So
    two rules may be exchanged, and nobody is reminded twice by the same words.

    :raises RuleTwice: two rules say the same
    :raises StaleVersion: somebody else was quicker
    """
    meeting = editing.begin(meeting, version=version)
    if len({_said(rule) for rule in kept}) < len(kept):
        raise RuleTwice(_("Two of these reminders are the same."))
    rows = {_said(row): row for row in meeting.reminder_rules.all()}
    wanted = {_said(rule): rule for rule in kept}
    gone = [row.pk for said, row in rows.items() if said not in wanted]
    meeting.reminder_rules.filter(pk__in=gone).delete()
    for said, rule in wanted.items():
        if row := rows.get(said):
            row.is_enabled = rule.is_enabled
            row.save(update_fields=["is_enabled"])
        else:
            kind, amount, at_time, audience = said
            meeting.reminder_rules.create(
                kind=kind, amount=amount, at_time=at_time, audience=audience,
                is_enabled=rule.is_enabled,
            )  # fmt: skip
    journal.record(
        by=by,
        at=at,
        action="meeting.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"fields": ["reminders"]},
    )


def _said(rule: ReminderRule) -> tuple[str, int, time | None, str]:
    return rule.kind, rule.amount, rule.at_time, rule.audience
