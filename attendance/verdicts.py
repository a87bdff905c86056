"""What the steward reads: for each outcome a tone, a sign, a word and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attendance.models import Outcome


@dataclass(frozen=True)
class Verdict:
    """`tone` is yes, wait or no; `sign` names a drawing in the page's set of signs."""

    tone: str
    sign: str
    word: str | Promise
    advice: str | Promise


# These say that the person came: presence is folded from them, and they can be undone.
STANDING = frozenset({Outcome.ACCEPTED, Outcome.ALREADY_IN})

VERDICTS = {
    Outcome.ACCEPTED: Verdict("yes", "yes", _("Welcome"), _("Hand over the badge.")),
    Outcome.ALREADY_IN: Verdict(
        "wait", "again", _("Already in"), _("Compare the name. If it is this person, let in again.")
    ),
    Outcome.PENDING: Verdict(
        "wait", "clock", _("Awaiting decision"), _("Ask to go to the organizer's desk.")
    ),
    Outcome.WAITLISTED: Verdict(
        "wait", "clock", _("On the waiting list"), _("Ask to go to the organizer's desk.")
    ),
    Outcome.ONLINE: Verdict(
        "wait", "screen", _("Registered for online"), _("If there is room, let in.")
    ),
    Outcome.CANCELLED: Verdict(
        "no", "no", _("Registration cancelled"), _("Ask to go to the organizer's desk.")
    ),
    Outcome.DECLINED: Verdict(
        "no", "no", _("Not on the list"), _("Ask to go to the organizer's desk.")
    ),
    Outcome.OTHER_MEETING: Verdict(
        "no", "other", _("Another meeting"), _("Show where and when that meeting is.")
    ),
    Outcome.UNKNOWN: Verdict(
        "no", "unknown", _("Not recognized"), _("Search by name, or register at the door.")
    ),
    Outcome.CLOSED: Verdict(
        "no", "no", _("The meeting is cancelled"), _("Ask to go to the organizer's desk.")
    ),
    Outcome.VOIDED: Verdict("wait", "again", _("Undone"), ""),
}


def box_of(sort_key: str) -> str:
    """The letter of the box in which the badge lies: badges are printed in this order."""
    return next((c.upper() for c in sort_key if c.isalpha()), "")
