"""When a meeting's participants are reminded: the organizer's rules, all at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events import editing
from events.models import Meeting
from registrations.models import ReminderRule

# What a rule says: two that agree in all of it are one.
SAYS = (
    "kind", "amount", "at_time", "audience", "status", "presence", "category", "region",
    "delegation", "session",
)  # fmt: skip


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

    A rule that says now what another row said takes that row over: so two rules may be
    exchanged, and nobody is reminded twice by the same words.

    :raises RuleTwice: two rules say the same
    :raises StaleVersion: somebody else was quicker
    """
    meeting = editing.begin(meeting, version=version)
    if len({_said(rule) for rule in kept}) < len(kept):
        raise RuleTwice(_("Two of these reminders are the same."))
    rows = {_said(row): row.pk for row in meeting.reminder_rules.all()}
    wanted = {_said(rule): rule for rule in kept}
    free = {pk for said, pk in rows.items() if said not in wanted}
    for said, rule in wanted.items():
        own = rule.pk if rule.pk in free else None
        free.discard(rule.pk)
        rule.pk, rule.meeting = rows.get(said, own), meeting
    meeting.reminder_rules.filter(pk__in=free).delete()
    for rule in kept:
        if rule.pk is None:
            rule.save(force_insert=True)
        else:
            rule.save(update_fields=[*SAYS, "is_enabled"])
    journal.record(
        by=by,
        at=at,
        action="meeting.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"fields": ["reminders"]},
    )


def _said(rule: ReminderRule) -> tuple[Any, ...]:
    return tuple(getattr(rule, ReminderRule._meta.get_field(name).attname) for name in SAYS)  # type: ignore[union-attr]  # plain fields only
