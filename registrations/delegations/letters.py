"""What heads of delegations are written: please name your people; the list closes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from events import when
from notifications import outbox
from registrations import letters, links, mail_facts, own_texts
from registrations.delegations import keys
from registrations.models import Delegation

KINDS = ("delegation_opened", "delegation_closing", "delegation_wishes")


def subjects(delegation: Delegation) -> list[str]:
    """How the journal and the outbox name this delegation, widest first."""
    return [f"meeting:{delegation.meeting_id}", f"delegation:{delegation.pk}"]


def write_opened(delegation: Delegation, *, at: datetime) -> None:
    """Please name your people: how many, until when, and the link."""
    _write("delegation_opened", delegation, at=at)


def write_closing(delegation: Delegation, *, named: int, at: datetime) -> None:
    """The list closes on that day; so many of so many are named."""
    _write("delegation_closing", delegation, at=at, named=named)


def write_wishes(delegation: Delegation, *, waiting: int, at: datetime) -> None:
    """So many people who registered themselves want to come with you: yes or no?"""
    _write("delegation_wishes", delegation, at=at, waiting=waiting)


def write_called_off(delegation: Delegation, *, reason: str, at: datetime) -> None:
    """The meeting is cancelled: why, and whom to ask."""
    ends_at = delegation.meeting.ends_at
    _write("called_off", delegation, at=at, expires_at=ends_at, reason=reason, for_proxy=False)


def withdraw(delegation: Delegation, *, reason: str) -> None:
    """Nothing that waits in the outbox for the head is sent any more."""
    outbox.withdraw(subject=f"delegation:{delegation.pk}", reason=reason)


def _write(letter: str, delegation: Delegation, *, at: datetime, **facts: Any) -> None:
    outbox.enqueue(**compose(letter, delegation, at=at, **facts))


def compose(
    letter: str,
    delegation: Delegation,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    **facts: Any,
) -> outbox.Letter:
    """A letter to the head, not written yet."""
    meeting = delegation.meeting
    with translation.override(delegation.language):
        snapshot: dict[str, Any] = {
            "host": mail_facts.host_name(meeting),
            "greeting": mail_facts.hello(delegation.head_name)
            if delegation.head_name
            else _("Hello,"),
            "person": delegation.head_name,
            "delegation": delegation.name,
            "quota": delegation.places.seat_limit,
            "closes": when.moment(delegation.deadline, meeting.zone),
            "title": meeting.text("title"),
            "short_title": meeting.text("short_title"),
            "is_sample": meeting.is_sample,
            "when": when.span(meeting.starts_at, meeting.ends_at, meeting.zone),
            "date": when.day(meeting.starts_at, meeting.zone),
            "venue": mail_facts.place_of(meeting),
            "list_url": keys.url(delegation),
            "meeting_url": links.page_url("meeting", meeting.slug),
            "contact": mail_facts.contact_of(meeting),
        } | facts
    snapshot |= own_texts.words(meeting, kind=letter, language=delegation.language, facts=snapshot)
    return outbox.Letter(
        # Pressing twice within a minute is one wish.
        key=f"{letter}:{delegation.pk}:{at:%Y%m%d%H%M}",
        kind=letter,
        to=delegation.head_email,
        to_name=delegation.head_name,
        language=delegation.language,
        template=letters.TEMPLATES + letter,
        snapshot=snapshot,
        subjects=subjects(delegation),
        expires_at=expires_at or delegation.deadline,
        thread=f"delegation-{delegation.pk}",
        reply_to=meeting.contact_email,
        sender_name=snapshot["host"],
    )
