"""Two days before a list closes its head is reminded, by day, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import journal
from events.models import MeetingStatus
from registrations import waking
from registrations.delegations import letters
from registrations.models import Delegation

AHEAD = timedelta(days=2)
# Later than this nobody can act on it any more.
MARGIN = timedelta(hours=2)


def remind_due(*, at: datetime) -> int:
    """
    Write to the heads who were asked, whose list closes within two days and is not full.

    By day on the head's clock and the venue's. Whoever was reminded in these two days already
    is left alone, so any number of sweeps do no harm. Returns how many were written to.
    """
    asked = Delegation.objects.with_addresses().filter(
        asked_at__isnull=False,
        refused_at=None,
        meeting__status=MeetingStatus.PUBLISHED,
        meeting__starts_at__gt=at,
    )
    due = asked.select_related("meeting", "places", "region").order_by("pk")
    return sum(_remind(one, at=at) for one in due if _is_due(one, at=at))


def _is_due(delegation: Delegation, *, at: datetime) -> bool:
    deadline, meeting = delegation.deadline, delegation.meeting
    begins = deadline - AHEAD
    last = max(filter(None, [delegation.asked_at, delegation.reminded_at]))
    own = delegation.region.time_zone if delegation.region else ""
    zones = [meeting.zone, ZoneInfo(own) if own else meeting.zone]
    return (
        begins <= at <= deadline - MARGIN
        and last < begins
        and not delegation.places.is_full
        and waking.awake(at, zones)
    )


@transaction.atomic(durable=True)
def _remind(delegation: Delegation, *, at: datetime) -> bool:
    delegation = (
        Delegation.objects.select_for_update(of=("self",))
        .select_related("meeting", "places", "region")
        .get(pk=delegation.pk)
    )
    if not _is_due(delegation, at=at):
        return False
    letters.write_closing(delegation, named=delegation.places.used, at=at)
    delegation.reminded_at = at
    delegation.save(update_fields=["reminded_at"])
    journal.record(
        by=journal.SYSTEM, at=at, action="delegation.asked", subjects=letters.subjects(delegation)
    )
    return True
