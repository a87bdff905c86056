"""The list of a delegation as its head reads it: who is on it, who no longer, and their mails."""

from __future__ import annotations

from dataclasses import dataclass

from notifications import outbox
from notifications.models import Message, State
from registrations.models import Delegation, DelegationRole, Registration, Status

_HANDED_OVER = (State.SENT, State.AMBIGUOUS)
_WAITING = (State.QUEUED, State.LEASED, State.DEFERRED)


@dataclass
class Member:
    """One line of the list: the person, and what became of the last mail to it."""

    registration: Registration
    mail: Message | None

    @property
    def mail_state(self) -> str:
        """One word of: no_address, bounced, sent, waiting, none (nothing was or will be sent)."""
        if not self.registration.email:
            return "no_address"
        if self.mail is None:
            return "none"
        if self.mail.came_back:
            return "bounced"
        if self.mail.state in _HANDED_OVER:
            return "sent"
        return "waiting" if self.mail.state in _WAITING else "none"


def members(delegation: Delegation) -> list[Member]:
    """Who is on the list, the head first."""
    people = delegation.people.live().select_related("category", "region", "replaces")
    return with_mails(sorted(people.order_by("sort_key", "pk"), key=_rank))


def with_mails(people: list[Registration]) -> list[Member]:
    """These people, and what became of the last mail to each."""
    mails = outbox.latest([f"registration:{one.pk}" for one in people])
    return [Member(one, mails.get(f"registration:{one.pk}")) for one in people]


def former(delegation: Delegation) -> list[Registration]:
    """
    Who was named and is not on the list any more: declined or cancelled, by whomever. Whoever
    was replaced stands beside the newcomer, and whose data is erased is nobody's to read.
    """
    gone = delegation.people.filter(
        status__in=[Status.DECLINED, Status.CANCELLED],
        replacements=None,
        merged_into=None,
        erased_at=None,
    )
    return list(gone.order_by("sort_key", "pk"))


def _rank(member: Registration) -> int:
    return DelegationRole.values.index(member.delegation_role)
