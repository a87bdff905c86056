"""
A country changes its clocks: the wall clock of a meeting in a hall stands, its moments follow.

Whoever joins online is bound by the moment: where the meeting is online alone, that stays and
the clock shows something else then. Who has to read another time than he was told is told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts import journal
from events import when
from events.models import AgendaItem, Format, Meeting, MeetingStatus
from registrations import calendar, clocks, convening, letters, moving, seats, session_seats
from registrations.clocks import Clock
from registrations.models import AccessCode, Delegation, Invitation, SeatLimit, ZoneClock

logger = logging.getLogger(__name__)

MOMENTS = (
    "starts_at",
    "ends_at",
    "doors_at",
    "registration_opens_at",
    "registration_closes_at",
    "edits_close_at",
)
# What else the organizer says on the venue's clock. An offer's end is none of these: he has
# said in how many hours.
ELSEWHERE: list[tuple[type[models.Model], tuple[str, ...]]] = [
    (AgendaItem, ("starts_at",)),
    (Delegation, ("closes_at",)),
    (Invitation, ("expires_at",)),
    (AccessCode, ("opens_at", "closes_at")),
    (SeatLimit, ("reserved_until",)),
]


@dataclass
class Followed:
    """What became of one meeting; `failed`: its moments are still those of the old clock."""

    slug: str
    zone: str
    fields: list[str] = field(default_factory=list)
    told: int = 0
    failed: bool = False


def follow(*, at: datetime) -> list[Followed]:
    """
    Compare each zone's clock with the one that is kept, and bring what is still to come in
    line with it. Returns the meetings that this was about. Again is harmless, also at once.
    """
    ahead = Meeting.objects.filter(ends_at__gt=at).values_list("time_zone", flat=True)
    return [one for zone in sorted(set(ahead)) for one in _follow_zone(zone=zone, at=at)]


@transaction.atomic(durable=True)
def _follow_zone(*, zone: str, at: datetime) -> list[Followed]:
    clocks.remember(zone, at=at)
    # The row is the turn: whoever comes second finds the new clock in it.
    kept = ZoneClock.objects.select_for_update().get(zone=zone)
    was, now = clocks.known(kept), clocks.read(zone, at=at)
    if (was.since, was.offsets) == (now.since, now.offsets):
        return []
    found = [
        _follow_or_say(meeting, was, at=at)
        for meeting in Meeting.objects.filter(time_zone=zone, ends_at__gt=at).order_by("pk")
    ]
    kept.since, kept.offsets, kept.known_at = now.since, now.offsets, at
    kept.save(update_fields=["since", "offsets", "known_at"])
    return [one for one in found if one is not None]


def _follow_or_say(meeting: Meeting, was: Clock, *, at: datetime) -> Followed | None:
    try:
        with transaction.atomic():
            return _follow(meeting, was, at=at)
    except IntegrityError:
        # On the new clock it would end before it begins, or somebody be in two sessions at
        # once: that an organizer has to decide.
        logger.exception("Meeting %s could not follow its clock", meeting.slug)
        _note(meeting, "meeting.clock_not_followed", at=at)
        return Followed(meeting.slug, meeting.time_zone, failed=True)


def _follow(meeting: Meeting, was: Clock, *, at: datetime) -> Followed | None:
    seats.lock(meeting.pk)
    meeting = convening.locked(meeting)
    before = meeting.starts_at, meeting.ends_at
    if meeting.format == Format.ONLINE:
        # The moment stands: what the clock was to show at it is now shown at another one.
        before = _as_told(meeting, was, before[0]), _as_told(meeting, was, before[1])
        fields = [] if before == (meeting.starts_at, meeting.ends_at) else ["clock"]
    else:
        fields = _move(meeting, was, at=at)
    if not fields:
        return None
    meeting.sequence += 1
    meeting.version += 1
    meeting.save(update_fields=[*MOMENTS, "sequence", "version"])
    told = 0
    if meeting.status == MeetingStatus.PUBLISHED and at < min(before[0], meeting.starts_at):
        told = _tell(meeting, before)
    action = "meeting.clock_stands" if fields == ["clock"] else "meeting.clock_followed"
    _note(meeting, action, at=at, fields=fields, told=told)
    return Followed(meeting.slug, meeting.time_zone, fields=fields, told=told)


def _as_told(meeting: Meeting, was: Clock, moment: datetime) -> datetime:
    return clocks.same_reading(moment, was=was, zone=meeting.zone)


def _move(meeting: Meeting, was: Clock, *, at: datetime) -> list[str]:
    """Each moment that is still to come to where its clock shows the same. Returns which."""

    def moved(row: models.Model, names: tuple[str, ...]) -> dict[str, datetime]:
        said = {name: getattr(row, name) for name in names}
        known = {name: moment for name, moment in said.items() if moment and moment > at}
        found = {name: _as_told(meeting, was, moment) for name, moment in known.items()}
        return {name: moment for name, moment in found.items() if moment != known[name]}

    changed = moved(meeting, MOMENTS)
    for name, moment in changed.items():
        setattr(meeting, name, moment)
    fields = list(changed)
    sessions = {}
    for session in meeting.sessions.order_by("pk"):
        if new := moved(session, ("starts_at", "ends_at")):
            old = {"starts_at": session.starts_at, "ends_at": session.ends_at}
            sessions[session.pk] = old | new
    session_seats.set_times(sessions, at=at)
    for kind, names in ELSEWHERE:
        rows = kind._default_manager.filter(meeting=meeting)
        changes = [(row.pk, new) for row in rows.order_by("pk") if (new := moved(row, names))]
        for pk, new in changes:
            rows.filter(pk=pk).update(**new)
        fields += [kind._meta.model_name or ""] * bool(changes)
    return fields + ["session"] * bool(sessions)


def _tell(meeting: Meeting, before: tuple[datetime, datetime]) -> int:
    """Write to whoever has to look at another time on his own clock. Returns to how many."""
    told = 0
    for registration in moving.everybody(meeting):
        if not calendar.joins_online(registration):
            continue
        language = registration.language[:2]
        now = meeting.starts_at, meeting.ends_at
        if meeting.format == Format.ONLINE:
            said = [
                when.span(*moments, meeting.zone, language=language) for moments in (before, now)
            ]
        else:
            span = when.span(*now, meeting.zone, language=language)
            own = registration.zone
            lines = [
                when.local_line(moments[0], meeting.zone, own, language=language)
                for moments in (before, now)
            ]
            said = [f"{span}; {line}" if line else span for line in lines]
        if said[0] != said[1]:
            letters.write_meeting_changed(
                registration, what="time", was=said[0], now=said[1], sequence=meeting.sequence
            )
            told += 1
    return told


def _note(meeting: Meeting, action: str, *, at: datetime, **changes: Any) -> None:
    subjects = [f"meeting:{meeting.pk}"]
    changes = {"zone": meeting.time_zone, **changes}
    journal.record(by=journal.SYSTEM, at=at, action=action, subjects=subjects, changes=changes)
