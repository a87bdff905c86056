"""A desk: a browser that was let in by a desk link, for one shift at one checkpoint."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import journal, links
from accounts.journal import Actor
from accounts.models import User, Via
from accounts.refusals import Refused
from attendance.models import Checkpoint, Device
from events import access
from events.models import Meeting, Purpose

# A shift: a meeting's day with its setting up. The next day begins at the link again.
SHIFT = timedelta(hours=16)
# Where a browser keeps its token: one cookie for the page, one for the API, each sent
# nowhere else. A cookie travels by itself, the header OWN_PAGE only from our own page:
# no other site can forge a scan.
PAGE_COOKIE = ("__Secure-" if settings.HTTPS else "") + "desk_page"
API_COOKIE = ("__Secure-" if settings.HTTPS else "") + "desk"
OWN_PAGE = "X-Desk"


class DeskClosed(Refused):
    """The shift has ended, the link was revoked or renewed, or the token is not known."""

    code = "device_revoked"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Who scans, where, and in which languages and at whose clock to answer."""

    meeting_id: int
    checkpoint_id: int
    label: str
    language: str
    region_language: str
    time_zone: str
    device_id: int | None = None
    user_id: int | None = None
    may_admit: bool = True

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def actor(self) -> Actor:
        """Whom the journal names."""
        return Actor(who=f"desk: {self.label}", via=Via.LINK)


@transaction.atomic(durable=True)
def start(*, token: str, at: datetime, user_agent: str = "") -> tuple[Device, str]:
    """
    Exchange a desk link for this browser's own token, which lasts one shift.

    Return the device and the token's clear text, which is never shown again. The link
    by itself neither scans nor lists names.

    :raises events.access.LinkUnknown, events.access.LinkExpired: the link opens nothing
    """
    link = access.resolve(token=token, purpose=Purpose.DESK, at=at)
    checkpoint = door_of(link.meeting)
    clear = secrets.token_urlsafe(32)
    device = Device.objects.create(
        access_link=link,
        link_generation=link.generation,
        checkpoint=checkpoint,
        label=link.label,
        token_hash=links.hashed(clear),
        created_at=at,
        expires_at=min(link.expires_at, at + SHIFT),
        user_agent=user_agent[:300],
    )
    link.last_used_at = at
    link.save(update_fields=["last_used_at"])
    journal.record(
        by=Actor(who=f"desk: {device.label}", via=Via.LINK),
        at=at,
        action="desk.started",
        subjects=[f"meeting:{link.meeting_id}", f"access_link:{link.pk}", f"device:{device.pk}"],
    )
    return device, clear


@transaction.atomic(durable=True)
def end(*, desk: Desk, at: datetime) -> None:
    """End the shift: the token opens nothing from now on. Twice is harmless."""
    mine = Device.objects.filter(pk=desk.device_id or 0, revoked_at=None)
    if mine.update(revoked_at=at):
        journal.record(
            by=desk.actor,
            at=at,
            action="desk.ended",
            subjects=[f"meeting:{desk.meeting_id}", f"device:{desk.device_id}"],
        )


# Written out: every scan begins with it, and the ORM takes longer to compose it than
# PostgreSQL to answer it.
FIND = """
SELECT d.id, d.label, d.checkpoint_id, l.may_admit, c.meeting_id,
    m.language, m.time_zone, s.language
FROM attendance_device d
JOIN events_accesslink l ON l.id = d.access_link_id
JOIN attendance_checkpoint c ON c.id = d.checkpoint_id
JOIN events_meeting m ON m.id = c.meeting_id
JOIN events_regionset s ON s.id = m.region_set_id
WHERE d.token_hash = %s AND d.revoked_at IS NULL AND d.expires_at > %s
    AND l.revoked_at IS NULL AND l.expires_at > %s AND l.generation = d.link_generation
"""


def find(token: str, *, at: datetime) -> Desk:
    """
    The desk that a device token opens: neither it nor its link is revoked or has run out,
    and the link is still the one that it started with.

    :raises DeskClosed: see there
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND, [links.hashed(token), at, at])
        row = cursor.fetchone()
    if row is None:
        raise DeskClosed(_("This desk is closed. Open the desk link again to start."))
    return Desk(
        device_id=row[0],
        label=row[1],
        checkpoint_id=row[2],
        may_admit=row[3],
        meeting_id=row[4],
        language=row[5],
        time_zone=row[6],
        region_language=row[7],
    )


def of(device: Device) -> Desk:
    """The desk of a device row."""
    meeting = device.checkpoint.meeting
    return Desk(
        device_id=device.pk,
        label=device.label,
        checkpoint_id=device.checkpoint_id,
        may_admit=device.access_link.may_admit,
        meeting_id=meeting.pk,
        language=meeting.language,
        time_zone=meeting.time_zone,
        region_language=meeting.region_set.language,
    )


def organizers(*, meeting: Meeting, user: User, label: str) -> Desk:
    """A desk without a device: an organizer, or a command, that writes to the log."""
    return Desk(
        user_id=user.pk,
        label=label,
        checkpoint_id=door_of(meeting).pk,
        meeting_id=meeting.pk,
        language=meeting.language,
        time_zone=meeting.time_zone,
        region_language=meeting.region_set.language,
    )


def door_of(meeting: Meeting) -> Checkpoint:
    """The meeting's door, made when first needed."""
    return Checkpoint.objects.get_or_create(meeting=meeting, code="door")[0]
