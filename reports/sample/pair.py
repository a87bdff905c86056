"""Both sample meetings at once: make them, or find them where they are made already."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from accounts.journal import Actor
from accounts.models import User, Via
from attendance.models import Presence, Scan
from events import access
from events.models import AccessLink, Meeting, Purpose
from notifications.models import Message
from registrations.models import AccessCode, Delegation, Invitation, Registration
from reports import freezing
from reports.models import Basis, Style
from reports.sample import loading, meetings, morning, schedule

DESKS: Final = 2
# How long the figures' links are good for: a sample is looked at for months.
YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """
    What a newcomer needs to walk through the sample.

    The desks are the upcoming meeting's, which somebody can still be let in to; the press
    link is the past one's, where there is a number to state.
    """

    meeting: str
    past_meeting: str
    desk_links: list[str]
    press_link: str
    upcoming_press_link: str

    def as_json(self) -> dict[str, str | list[str]]:
        return asdict(self)


def there_is_something_real() -> bool:
    """Whether the installation has meetings that are no sample."""
    return Meeting.objects.exclude(is_sample=True).exists()


def find() -> Pair | None:
    """The sample, if it is complete."""
    sample = {meeting.slug: meeting for meeting in Meeting.objects.filter(is_sample=True)}
    past, coming = sample.get(meetings.PAST), sample.get(meetings.UPCOMING)
    if past is None or coming is None:
        return None
    press, past_press = coming.access_links.press().first(), past.access_links.press().first()
    # The press links are made last: with them the sample is complete.
    if press is None or past_press is None:
        return None
    desks = list(coming.access_links.desks().filter(revoked_at=None)[:DESKS])
    return Pair(
        meeting=coming.slug,
        past_meeting=past.slug,
        desk_links=[access.url(link) for link in desks],
        press_link=access.url(past_press),
        upcoming_press_link=access.url(press),
    )


def make(*, owner: User, now: datetime, seed: int) -> Pair:
    """Make both meetings anew; what an interrupted attempt has left is cleared away first."""
    with connection.cursor() as cursor:
        # A thousand small transactions that can be made again: none waits for the disk.
        cursor.execute("SET synchronous_commit TO off")
    for rest in Meeting.objects.filter(is_sample=True):
        _clear(rest)
    cast = loading.past_meeting(owner=owner, seed=seed)
    morning.let_in(cast, seed=seed)
    press = _press_link(cast.meeting, at=morning.SET_UP_AT, until=now + YEAR, by=cast.by)
    freezing.freeze(
        meeting=cast.meeting,
        basis=Basis.CHECKED_IN,
        style=Style.EXACT,
        at=schedule.FROZEN_AT,
        by=Actor(who=press.label, via=Via.LINK),
        link=press,
    )
    coming = loading.upcoming_meeting(owner=owner, seed=seed, now=now)
    until = coming.meeting.ends_at + timedelta(hours=12)
    for number in range(1, DESKS + 1):
        access.issue(
            meeting=coming.meeting,
            purpose=Purpose.DESK,
            label=f"Стойка {number}",
            number=number,
            expires_at=until,
            at=now,
            by=coming.by,
        )
    _press_link(coming.meeting, at=now, until=now + YEAR, by=coming.by)
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
    made = find()
    assert made is not None, "whatever was made is found"
    return made


def _press_link(meeting: Meeting, *, at: datetime, until: datetime, by: Actor) -> AccessLink:
    return access.issue(
        meeting=meeting, purpose=Purpose.PRESS, label="Пресс-служба", expires_at=until, at=at, by=by
    )


def _clear(meeting: Meeting) -> None:
    """Delete a sample. The journal keeps that it was there."""
    scans = Scan.objects.filter(checkpoint__meeting=meeting)
    Presence.objects.filter(checkpoint__meeting=meeting).delete()
    scans.filter(voids__isnull=False).delete()
    scans.delete()
    Message.objects.about(f"meeting:{meeting.pk}").delete()
    Invitation.objects.filter(meeting=meeting).delete()
    Registration.objects.filter(meeting=meeting).delete()
    Delegation.objects.filter(meeting=meeting).delete()
    AccessCode.objects.filter(meeting=meeting).delete()
    meeting.delete()
