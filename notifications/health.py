"""How the post office is: what waits and since when, what stands still, what needs a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from notifications import epoch, relay
from notifications.models import Relay

# One in fifty refused as spam, within ten minutes, and not by chance.
ALARM_SHARE, ALARM_LEAST = 0.02, 5
# What is due and has not left by then needs a look; whoever waits for it is told sooner.
LATE_AFTER_SECONDS, TOLD_AFTER_SECONDS = 300, 120

# One pass over what waits.
_WAITING = """
SELECT priority, count(*), count(*) FILTER (WHERE not_before <= STATEMENT_TIMESTAMP()),
    EXTRACT(EPOCH FROM STATEMENT_TIMESTAMP() - min(not_before))::float8
FROM notifications_message WHERE state IN ('queued', 'deferred') GROUP BY priority
ORDER BY priority
"""
# Each by its own index: there are few of them among very many.
_OPEN = """
SELECT (SELECT count(*) FROM notifications_message WHERE state = 'leased'),
    (SELECT count(*) FROM notifications_message WHERE state = 'ambiguous'),
    (SELECT count(*) FROM notifications_message WHERE state = 'failed')
"""
_LATELY = """
SELECT count(*), count(*) FILTER (
    WHERE outcome = 'failed' AND code BETWEEN 550 AND 554
      AND (reply ~ '^\\s*5\\.7\\.' OR (code = 554 AND reply !~ '^\\s*5\\.\\d'))
)
FROM notifications_attempt WHERE ended_at > STATEMENT_TIMESTAMP() - interval '10 minutes'
"""
_DAY = """
SELECT count(*), count(*) FILTER (WHERE outcome = 'ambiguous'), (
    SELECT count(*) FROM notifications_spared
    WHERE held_back_at > STATEMENT_TIMESTAMP() - interval '1 day'
), (
    SELECT COALESCE(sum(held_back), 0) FROM notifications_spared
    WHERE held_back_at > STATEMENT_TIMESTAMP() - interval '1 day'
)
FROM notifications_attempt WHERE ended_at > STATEMENT_TIMESTAMP() - interval '1 day'
"""


# What is due to one meeting's people, and whether the mail server takes mail at all.
_DELAY = """
SELECT count(*), min(not_before),
    COALESCE(min(not_before) <= STATEMENT_TIMESTAMP() - make_interval(secs => %s), false),
    (SELECT needs_admin FROM notifications_relay WHERE name = %s AND failures > 0),
    EXISTS (SELECT FROM notifications_epoch WHERE paused_since IS NOT NULL)
FROM notifications_message
WHERE subjects -> 0 = %s::jsonb AND state IN ('queued', 'deferred')
  AND not_before <= STATEMENT_TIMESTAMP()
  AND (expires_at IS NULL OR expires_at > STATEMENT_TIMESTAMP())
"""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What waits under one priority, and how much of it is due."""

    priority: int
    waiting: int
    due: int


@dataclass(frozen=True, kw_only=True)
class Health:
    """One look at the post office. `needs` names what needs a person, the worst first."""

    paused_since: datetime | None
    relay: Relay | None
    oldest_due_seconds: float
    lanes: tuple[Lane, ...]
    leased: int
    uncertain: int
    failed: int
    tries_in_ten_minutes: int
    refused_in_ten_minutes: int
    tries_in_a_day: int
    uncertain_in_a_day: int
    # Mailboxes that strangers cause too much mail to, and how much of it was left out.
    spared_in_a_day: int
    held_back: int

    @property
    def uncertain_of_10_000(self) -> float:
        """How often of ten thousand tries nobody knows whether the mail arrived."""
        return self.uncertain_in_a_day / max(1, self.tries_in_a_day) * 10_000

    @property
    def is_refused(self) -> bool:
        """Receivers take us for a sender of spam: more than one in fifty was refused."""
        few = self.refused_in_ten_minutes < ALARM_LEAST
        share = self.refused_in_ten_minutes / max(1, self.tries_in_ten_minutes)
        return not few and share > ALARM_SHARE

    @property
    def needs(self) -> list[str]:
        """Codes: paused, relay_settings, relay_down, refused, late, uncertain."""
        known = {
            "paused": self.paused_since is not None,
            "relay_settings": self.relay is not None and self.relay.needs_admin,
            "relay_down": self.relay is not None and not self.relay.needs_admin,
            "refused": self.is_refused,
            "late": self.oldest_due_seconds > LATE_AFTER_SECONDS,
            "uncertain": self.uncertain > 0,
        }
        return [code for code, holds in known.items() if holds]


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Letters about one meeting that should have left, and since when."""

    waiting: int
    since: datetime
    # Sending is paused, or the mail server refuses us, until an administrator does something.
    needs_admin: bool


def delay(subject: str) -> Delay | None:
    """
    Whether letters about "meeting:3" wait longer than they should. One query.

    Told at once while no mail leaves at all, else from two minutes on. Letters name the widest
    subject first, and only that one is looked for: there is an index of those that wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELAY, [TOLD_AFTER_SECONDS, relay.name(), json.dumps(subject)])
        row = cursor.fetchone() or (0, None, False, None, False)
    waiting, since, is_late, refuses_us, is_paused = row
    if since is None or not (is_late or is_paused or refuses_us is not None):
        return None
    return Delay(waiting=waiting, since=since, needs_admin=bool(refuses_us or is_paused))


def look() -> Health:
    """How it is now, in six queries, whatever the number of messages that were ever sent."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting = cursor.fetchall()
        cursor.execute(_OPEN)
        leased, uncertain, failed = cursor.fetchone() or (0, 0, 0)
        cursor.execute(_LATELY)
        tries, refused = cursor.fetchone() or (0, 0)
        cursor.execute(_DAY)
        tries_in_a_day, uncertain_in_a_day, spared, held_back = cursor.fetchone() or (0, 0, 0, 0)
    return Health(
        paused_since=epoch.state().paused_since,
        relay=relay.trouble(),
        oldest_due_seconds=max([0.0, *(row[3] for row in waiting)]),
        lanes=tuple(Lane(priority=row[0], waiting=row[1], due=row[2]) for row in waiting),
        leased=leased,
        uncertain=uncertain,
        failed=failed,
        tries_in_ten_minutes=tries,
        refused_in_ten_minutes=refused,
        tries_in_a_day=tries_in_a_day,
        uncertain_in_a_day=uncertain_in_a_day,
        spared_in_a_day=spared,
        held_back=int(held_back),
    )
