"""Another time or place: what moves along with a meeting, and everybody who is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import translation

from events import when
from events.models import Meeting
from registrations import letters, mail_facts, session_seats
from registrations.models import Registration

WHEN_FIELDS = ("starts_at", "ends_at", "time_zone")
WHERE_FIELDS = ("venue", "venue_alt", "address", "address_alt", "online_url")


class Facts:
    """Time and place as they were, to be said as "old"."""

    def __init__(self, meeting: Meeting) -> None:
        self.starts_at, self.ends_at, self.zone = meeting.starts_at, meeting.ends_at, meeting.zone
        self.place = {
            language: self._place(meeting, language) for language, _name in settings.LANGUAGES
        }

    @staticmethod
    def _place(meeting: Meeting, language: str) -> str:
        with translation.override(language):
            return mail_facts.place_of(meeting)

    def time(self, language: str) -> str:
        return when.span(self.starts_at, self.ends_at, self.zone, language=language)


def without_stale_places(meeting: Meeting, changes: dict[str, Any]) -> dict[str, Any]:
    """
    A place that moved and was not translated anew has no second-language text any more:
    rather the main one for everybody than the old one for some.
    """
    stale = {
        f"{name}_alt": ""
        for name in ("venue", "address")
        if changes.get(name, getattr(meeting, name)) != getattr(meeting, name)
        and changes.get(f"{name}_alt", getattr(meeting, f"{name}_alt"))
        == getattr(meeting, f"{name}_alt")
    }
    return changes | stale


def with_moments_moved_along(meeting: Meeting, changes: dict[str, Any]) -> dict[str, Any]:
    """
    A closing that was filled in with the old start would promise registration for a meeting
    that has been. What is set to something else in the same breath stays as it is set.
    """
    was, ends_at = meeting.starts_at, changes.get("ends_at", meeting.ends_at)
    starts_at = changes.get("starts_at", was)
    if starts_at == was:
        return changes
    kept = {
        name: getattr(meeting, name)
        for name in ("doors_at", "registration_closes_at", "edits_close_at")
        if changes.get(name, getattr(meeting, name)) == getattr(meeting, name)
    }
    moved: dict[str, datetime | None] = {}
    if doors_at := kept.pop("doors_at", None):
        moved["doors_at"] = doors_at + (starts_at - was)
    for name, closes_at in kept.items():
        if closes_at and (closes_at == was or closes_at > ends_at):
            moved[name] = starts_at
    opens_at = changes.get("registration_opens_at", meeting.registration_opens_at)
    closes_at = moved.get("registration_closes_at")
    if opens_at and closes_at and closes_at <= opens_at:
        # It opens when the meeting has begun already: then it is open until the end.
        moved["registration_closes_at"] = None
    return changes | moved


def moved_by(meeting: Meeting, before: Facts) -> timedelta:
    """
    By how much the meeting as a whole has moved: with beginning and end, or away from its
    old time. One that only begins earlier, or ends later, has not: its sessions stay.
    """
    by = meeting.starts_at - before.starts_at
    is_whole = meeting.ends_at - before.ends_at == by
    is_away = meeting.starts_at >= before.ends_at or meeting.ends_at <= before.starts_at
    return by if is_whole or is_away else timedelta(0)


def carry_programme(meeting: Meeting, by: timedelta, *, at: datetime) -> None:
    """Every line of the programme and every session begins so much later, as the meeting does."""
    if by:
        meeting.agenda.update(starts_at=F("starts_at") + by)
        session_seats.move_along(meeting.pk, by, at=at)


def tell(meeting: Meeting, before: Facts, changed: list[str]) -> None:
    """Write to everybody on the list what it was `before` and is now; calendars follow."""
    timed = bool(set(changed) & set(WHEN_FIELDS))
    now = Facts(meeting)
    for registration in everybody(meeting):
        language = registration.language[:2]
        registration.calendar_sequence += 1
        registration.save(update_fields=["calendar_sequence"])
        was_said, now_said = [], []
        if timed:
            was_said.append(before.time(language))
            now_said.append(now.time(language))
        placed = before.place[language] != now.place[language]
        if placed:
            was_said.append(before.place[language])
            now_said.append(now.place[language])
        if timed:
            letters.withdraw_reminders(registration, reason="meeting moved")
        letters.write_meeting_changed(
            registration,
            what=("both" if placed else "time") if timed else "place",
            was="; ".join(was_said),
            now="; ".join(now_said),
            sequence=meeting.sequence,
        )


def everybody(meeting: Meeting) -> list[Registration]:
    """Whoever is neither cancelled nor declined, with the meeting as it is now."""
    people = (
        Registration.objects.live()
        .filter(meeting=meeting)
        .select_related("category", "region")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    found = list(people)
    for registration in found:
        registration.meeting = meeting
    return found
