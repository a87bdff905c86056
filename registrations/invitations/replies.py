"""Who has answered: invitations as the organizer sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q

from events.models import Meeting
from notifications import outbox
from notifications.models import Message, State
from registrations.invitations import letters
from registrations.models import Invitation, InvitationQuerySet


class Reply(StrEnum):
    """What has become of an invitation."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    REMINDED = "reminded"
    SENT = "sent"
    UNSENT = "unsent"


class Group(StrEnum):
    """What the list can be narrowed to."""

    ALL = "all"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Counts:
    """How many there are of each, those taken back apart."""

    invited: int
    accepted: int
    declined: int
    unsent: int

    @property
    def answered(self) -> int:
        return self.accepted + self.declined

    @property
    def waiting(self) -> int:
        return self.invited - self.answered


@dataclass
class Line:
    """One invitation, and where it stands."""

    invitation: Invitation
    reply: Reply
    is_open: bool
    may_send: bool
    may_remind: bool


def reply(invitation: Invitation, mail: Message | None, *, at: datetime) -> Reply:
    """What has become of an invitation by that moment."""
    if invitation.is_accepted:
        return Reply.ACCEPTED
    if invitation.withdrawn_at is not None:
        return Reply.WITHDRAWN
    if invitation.declined_at is not None:
        return Reply.DECLINED
    if at >= invitation.deadline:
        return Reply.EXPIRED
    if invitation.sent_at is None:
        return Reply.UNSENT
    if mail is not None and mail.state == State.FAILED:
        return Reply.BOUNCED
    return Reply.REMINDED if invitation.reminded_at else Reply.SENT


def counts(meeting: Meeting) -> Counts:
    """All invitations of the meeting in numbers."""
    found = Invitation.objects.filter(meeting=meeting).aggregate(
        invited=Count("pk", filter=Q(withdrawn_at=None)),
        accepted=Count("pk", filter=Q(registration__isnull=False)),
        declined=Count("pk", filter=Q(declined_at__isnull=False, withdrawn_at=None)),
        unsent=Count(
            "pk",
            filter=Q(sent_at=None, registration=None, declined_at=None, withdrawn_at=None),
        ),
    )
    return Counts(**found)


def of(meeting: Meeting, group: str = Group.ALL) -> InvitationQuerySet:
    """The meeting's invitations of that group, by name."""
    found = Invitation.objects.filter(meeting=meeting).by_name()
    match group:
        case Group.WAITING:
            return found.unanswered()
        case Group.ACCEPTED:
            return found.accepted()
        case Group.DECLINED:
            return found.declined()
        case Group.WITHDRAWN:
            return found.withdrawn()
        case _:
            return found


def lines(meeting: Meeting, invitations: Iterable[Invitation], *, at: datetime) -> list[Line]:
    """Where each of these stands at that moment. One statement, for their mails."""
    shown = list(invitations)
    mails = outbox.latest([f"invitation:{one.pk}" for one in shown], letters.KINDS)
    found = []
    for one in shown:
        one.meeting = meeting
        said = reply(one, mails.get(f"invitation:{one.pk}"), at=at)
        waits = one.is_open(at) and one.declined_at is None
        found.append(
            Line(
                invitation=one,
                reply=said,
                is_open=one.is_open(at),
                may_send=waits and one.sent_at is None,
                may_remind=waits and one.sent_at is not None and one.reminded_at is None,
            )
        )
    return found
