"""
Which mails of a meeting have words of the organizer's own, and what stands in braces there.

The words are filled in when a letter is written and kept with it: what waits in the outbox
keeps the words that held when it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from events.models import Meeting
from registrations import placeholders
from registrations.models import LONGEST_SUBJECT, LONGEST_TEXT, MailText
from registrations.placeholders import TextNotAccepted

_ALL = {
    "name": "person",
    "title": "title",
    "short_title": "short_title",
    "when": "when",
    "venue": "venue",
    "host": "host",
    "contact": "contact",
}
_PERSON = _ALL | {"number": "number", "link": "manage_url"}
_DELEGATION = _ALL | {"delegation": "delegation", "deadline": "closes", "link": "list_url"}
_INVITATION = _ALL | {"deadline": "answer_by", "category": "category", "link": "invitation_url"}

# Of each kind of mail whose words may be changed: what may stand in braces, and which fact of
# the letter is put there. In the order of a participant's way.
FACTS: dict[str, Mapping[str, str]] = {
    "invitation": _INVITATION,
    "invitation_reminder": _INVITATION,
    "delegation_opened": _DELEGATION,
    "delegation_closing": _DELEGATION,
    "delegation_wishes": _DELEGATION,
    "received": _PERSON,
    "confirmed": _PERSON,
    "waitlisted": _PERSON | {"position": "position"},
    "offered": _PERSON | {"deadline": "answer_by"},
    "offer_over": _PERSON,
    "promoted": _PERSON,
    "declined": _PERSON,
    "reminder": _PERSON,
    "reminder_waiting": _PERSON,
    "thanks": _PERSON,
    "changes_received": _PERSON,
    "confirmed_again": _PERSON,
    "details_changed": _PERSON,
    "programme_changed": _PERSON | {"session": "session", "was": "was", "now": "now"},
    "meeting_changed": _PERSON | {"was": "was", "now": "now"},
    "cancelled": _PERSON,
    # To those who were invited or asked for a delegation, too.
    "called_off": _ALL | {"reason": "reason"},
    "link": _PERSON,
}
KINDS = tuple(FACTS)
# What may stand in braces in a message of the organizer to many.
ANNOUNCEMENT = tuple(_PERSON)


@dataclass(frozen=True, kw_only=True)
class Words:
    """Subject and text in one language; "" leaves either to the standard words."""

    subject: str = ""
    paragraphs: str = ""

    def checked(self, allowed: Collection[str]) -> Words:
        """
        As they are stored.

        :raises TextNotAccepted: too long, or something in braces that is not allowed
        """
        subject = placeholders.one_line(self.subject)
        paragraphs = placeholders.paragraphs(self.paragraphs)
        if len(subject) > LONGEST_SUBJECT or len(paragraphs) > LONGEST_TEXT:
            raise TextNotAccepted(_("This text is too long."))
        for text in (subject, paragraphs):
            placeholders.check(text, allowed)
        return Words(subject=subject, paragraphs=paragraphs)

    def __bool__(self) -> bool:
        return bool(self.subject or self.paragraphs)


def placeholders_of(kind: str) -> tuple[str, ...]:
    """What may stand in braces in a mail of that kind."""
    return tuple(FACTS[kind])


def of(meeting: Meeting) -> Iterable[MailText]:
    """
    All own words of a meeting. Costs nothing where there are none, and one statement for a
    meeting that was read once where there are; nothing if they were read with it (prospectus).
    """
    if not meeting.has_own_texts:
        return ()
    known: list[MailText] | None = vars(meeting).get("own_texts")
    if known is None:
        known = vars(meeting)["own_texts"] = list(meeting.mail_texts.all())
    return known


def words(
    meeting: Meeting, *, kind: str, language: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """
    The organizer's own words as a letter with those facts says them: {"own": …} for its
    snapshot, or {} where the standard words hold.
    """
    for text in of(meeting):
        if (text.kind, text.language) == (kind, language):
            return {"own": filled(text.subject, text.paragraphs, values(kind, language, facts))}
    return {}


def filled(subject: str, paragraphs: str, known: Mapping[str, str]) -> dict[str, Any]:
    """Subject and paragraphs with their values; JSON."""
    own: dict[str, Any] = {}
    if subject:
        own["subject"] = placeholders.fill_line(subject, known)
    if paragraphs:
        own["paragraphs"] = placeholders.fill(paragraphs, known)
    return own


def values(kind: str, language: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """What is put in place of each placeholder."""
    known = {name: _said(facts.get(key)) for name, key in FACTS.get(kind, _PERSON).items()}
    if not known["venue"]:
        with translation.override(language):
            known["venue"] = _("online")
    return known


def _said(fact: Any) -> str:
    return "" if fact is None else str(fact)
