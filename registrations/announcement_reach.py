"""Whom a message to many reaches: who is meant, who can be written to, and who is asleep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, OuterRef, Q, When

from registrations import reminder_people
from registrations.announcement_letters import UNDO, moment
from registrations.models import (
    Announcement,
    Consent,
    ConsentKind,
    Fate,
    Registration,
    RegistrationQuerySet,
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whom an announcement would reach if it was sent now."""

    people: int
    now: int
    later: int
    no_address: int
    unsubscribed: int
    no_consent: int
    # Mail to them came back or was stopped, or strangers gave the address too often.
    stopped: int

    @property
    def written_to(self) -> int:
        return self.now + self.later


def reach(announcement: Announcement, people: RegistrationQuerySet, *, at: datetime) -> Reach:
    """Whom it would reach now, of `people`, and who gets it only in the morning. Looks only."""
    people = meant(people)
    reachable = people.filter(_may_be_written_to(announcement)).annotate(
        stopped=Case(
            When(
                Q(reminder_people.is_stopped(announcement.meeting))
                | Q(reminder_people.is_spared()),
                then=True,
            ),
            default=False,
        )
    )
    zones = reachable.order_by().values_list("time_zone", "region__time_zone", "stopped")
    now = later = stopped = 0
    leaves_at = at + UNDO
    for own, of_region, is_stopped, count in zones.annotate(n=Count("pk")):
        if is_stopped:
            stopped += count
            continue
        name = own or of_region
        zone = ZoneInfo(name) if name else announcement.meeting.zone
        if moment(announcement.meeting, zone, leaves_at) > leaves_at:
            later += count
        else:
            now += count
    counted = Counter(fate for _pk, fate in fates(announcement, people))
    return Reach(
        people=sum(counted.values()),
        now=now,
        later=later,
        no_address=counted[Fate.NO_ADDRESS],
        unsubscribed=counted[Fate.UNSUBSCRIBED],
        no_consent=counted[Fate.NO_CONSENT],
        stopped=stopped,
    )


def meant(people: RegistrationQuerySet) -> RegistrationQuerySet:
    """Those of them who are still somebody, in no order."""
    return people.filter(erased_at=None).order_by()


def agreed() -> Exists:
    """Whether somebody has agreed to other mail and has not taken that back."""
    given = Consent.objects.filter(
        registration=OuterRef("pk"),
        document__kind=ConsentKind.ADVERTISING,
        withdrawn_at=None,
    )
    return Exists(given)


def _may_be_written_to(announcement: Announcement) -> Q:
    may = ~Q(email="") & Q(unsubscribed_at=None)
    return may & Q(agreed()) if announcement.is_advertising else may


def fates(announcement: Announcement, people: RegistrationQuerySet) -> Iterable[tuple[int, Fate]]:
    """Of each of them, whether he can be written to, and if not, why."""
    asked = people.annotate(agreed=agreed())
    rows = asked.values_list("pk", "email", "unsubscribed_at", "agreed")
    for pk, email, unsubscribed_at, has_agreed in rows.order_by("pk"):
        if not email:
            yield pk, Fate.NO_ADDRESS
        elif unsubscribed_at:
            yield pk, Fate.UNSUBSCRIBED
        elif announcement.is_advertising and not has_agreed:
            yield pk, Fate.NO_CONSENT
        else:
            yield pk, Fate.WAITING


def fate_now(announcement: Announcement, registration: Registration) -> Fate:
    """What changed since it was sent is respected, down to the moment of writing."""
    if registration.erased_at or not registration.email:
        return Fate.NO_ADDRESS
    if registration.unsubscribed_at:
        return Fate.UNSUBSCRIBED
    has_agreed: bool = registration.agreed  # type: ignore[attr-defined]  # annotated
    return Fate.WRITTEN if has_agreed or not announcement.is_advertising else Fate.NO_CONSENT
