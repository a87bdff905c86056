"""
The one table of what is written: for each kind, which is worse (losing it or doubling it), who
goes first, and for how long it is tried. docs/mail.md shows it; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from notifications.models import Care

# Lower goes first.
ANSWER, CHANGE, REMINDER, BULK = 1, 4, 7, 9
THREE_DAYS, ONE_DAY = timedelta(hours=72), timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """
    How a kind of letter is treated.

    `gives_up_after`: the receiver has asked for patience for so long; an outage of the mail
    server does not count. None where a letter has an end of its own (`expires_at`) and is
    tried until then. `is_stale_after`: not sent at all any more, whoever was to blame.
    `to_many`: goes to everybody alike; not to an address that was never told of what it is
    about, since strangers had it written to enough (notifications.sparing).
    """

    care: Care
    priority: int
    gives_up_after: timedelta | None = THREE_DAYS
    is_stale_after: timedelta | None = None
    to_many: bool = False


_ANSWER = Kind(care=Care.A, priority=ANSWER)
_CHANGE = Kind(care=Care.A, priority=CHANGE)
# Until the meeting begins, which the letter says itself.
_NEWS = Kind(care=Care.A, priority=CHANGE, gives_up_after=None, to_many=True)
# B shortly before the start: the letter says so itself.
_REMINDER = Kind(care=Care.A, priority=REMINDER, gives_up_after=None, to_many=True)
# A letter that many people get at once, and each must get.
_INVITATION = Kind(care=Care.A, priority=BULK)
_BULK = Kind(
    care=Care.B, priority=BULK, gives_up_after=ONE_DAY, is_stale_after=ONE_DAY, to_many=True
)
# What the table does not name: must arrive, and has no claim to go first.
OTHER = Kind(care=Care.A, priority=5)

KINDS: dict[str, Kind] = {
    "received": _ANSWER,
    "confirmed": _ANSWER,
    "waitlisted": _ANSWER,
    "promoted": _ANSWER,
    "offered": _ANSWER,
    "declined": _ANSWER,
    "changes_received": _ANSWER,
    "confirmed_again": _ANSWER,
    "link": _ANSWER,
    "links": _ANSWER,
    "trial": _ANSWER,
    "cancelled": _CHANGE,
    "offer_over": _CHANGE,
    "details_changed": _CHANGE,
    "webhook_paused": _CHANGE,
    "meeting_changed": _NEWS,
    "called_off": _NEWS,
    "programme_changed": _NEWS,
    "reminder": _REMINDER,
    "reminder_waiting": _REMINDER,
    # Who was there is thanked once, or not at all.
    "thanks": Kind(care=Care.B, priority=BULK, gives_up_after=None, to_many=True),
    "invitation": _INVITATION,
    "invitation_reminder": _INVITATION,
    "delegation_opened": _INVITATION,
    "delegation_closing": _INVITATION,
    "delegation_wishes": _INVITATION,
    "announcement": _BULK,
}


TO_MANY = tuple(name for name, kind in KINDS.items() if kind.to_many)


def of(kind: str) -> Kind:
    """How that kind is treated."""
    return KINDS.get(kind, OTHER)
