"""Who has answered: delegations as the organizer sees them, and regions that nobody represents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from events.models import Meeting, Region
from notifications import outbox
from notifications.models import Message
from registrations.delegations import letters
from registrations.models import Delegation, Registration, Status

# Fewer than this share of its places named is few.
FEW = 0.5
STATES = ("full", "named", "few", "refused", "bounced", "waits", "unasked", "no_address")


@dataclass
class Answer:
    """One delegation, and where it stands."""

    delegation: Delegation
    confirmed: int
    mail: Message | None
    is_open: bool

    @property
    def named(self) -> int:
        return self.delegation.places.used

    @property
    def state(self) -> str:
        """
        One word of STATES; who waits was asked and has not answered.
        """
        delegation, places = self.delegation, self.delegation.places
        if self.named:
            if places.is_full:
                return "full"
            few = places.seat_limit is not None and self.named < places.seat_limit * FEW
            return "few" if few else "named"
        if delegation.refused_at is not None:
            return "refused"
        if self.mail is not None and self.mail.came_back:
            return "bounced"
        if delegation.asked_at is not None:
            return "waits"
        return "unasked" if delegation.head_email else "no_address"

    @property
    def has_answered(self) -> bool:
        return bool(self.named) or self.delegation.refused_at is not None


@dataclass
class Answers:
    """All delegations of a meeting, and the regions that nobody represents so far."""

    lines: list[Answer]
    missing: list[Region]

    @property
    def answered(self) -> int:
        return sum(line.has_answered for line in self.lines)

    @property
    def named(self) -> int:
        return sum(line.named for line in self.lines)

    @property
    def few(self) -> list[Answer]:
        return [line for line in self.lines if line.state == "few"]


def answers(meeting: Meeting, *, at: datetime) -> Answers:
    """Where each delegation of the meeting stands at that moment."""
    delegations = list(
        Delegation.objects.filter(meeting=meeting)
        .select_related("region", "category", "places")
        .annotate(confirmed=Count("people", filter=Q(people__status=Status.CONFIRMED)))
        .by_name()
    )
    for one in delegations:
        one.meeting = meeting
    return Answers(lines_of(delegations, at=at), missing_regions(meeting))


def lines_of(delegations: Sequence[Delegation], *, at: datetime) -> list[Answer]:
    """Where each of these stands; `confirmed` where they are annotated with it."""
    mails = outbox.latest([f"delegation:{one.pk}" for one in delegations], letters.KINDS)
    return [
        Answer(
            one, getattr(one, "confirmed", 0), mails.get(f"delegation:{one.pk}"), one.is_open(at)
        )
        for one in delegations
    ]


def missing_regions(meeting: Meeting) -> list[Region]:
    """The regions of the meeting's list that nobody on its list represents."""
    people = Registration.objects.live().filter(meeting=meeting).counted()
    # To SQL, no region is in a list in which one is unknown.
    represented = people.filter(region__isnull=False).values("region")
    missing = meeting.region_set.regions.active().in_order().exclude(pk__in=represented)
    return list(missing.select_related("group"))
