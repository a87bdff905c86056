"""The letters of a message to many: in which language, in which words, and when they leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from events.models import Meeting
from notifications import outbox
from registrations import announcement_files, letters, links, mail_facts, own_texts, waking
from registrations.models import Announcement, Registration
from registrations.own_texts import Words

KIND = "announcement"
# How long nothing leaves, so that it can be taken back.
UNDO = timedelta(seconds=60)
# So near to the start, and while the meeting lasts, nobody is spared at night.
URGENT = timedelta(hours=24)
# An announcement that comes later than this helps nobody.
FRESH = timedelta(hours=24)


def subject(announcement: Announcement) -> str:
    """How the journal and the outbox name it."""
    return f"announcement:{announcement.pk}"


def words_of(announcement: Announcement) -> dict[str, Words]:
    """Subject and text by language."""
    return {language: Words(**said) for language, said in announcement.words.items()}


def language_for(announcement: Announcement, language: str) -> str:
    """In which of its languages somebody reads it: his own, else the meeting's, else any."""
    written = [one for one, said in announcement.words.items() if said.get("paragraphs")]
    wanted = (language[:2], announcement.meeting.language[:2])
    return next((one for one in wanted if one in written), next(iter(written), wanted[1]))


def specimen(announcement: Announcement, registration: Registration) -> outbox.Letter:
    """The letter to one person, to be looked at."""
    enclosed = announcement_files.enclosures(announcement) if announcement.pk else []
    return letter(announcement, registration, enclosed=enclosed)


def moment(meeting: Meeting, zone: ZoneInfo, at: datetime) -> datetime:
    """When a letter of that moment leaves for somebody on that clock."""
    if meeting.starts_at - URGENT <= at <= meeting.ends_at:
        return at
    return at if waking.awake(at, [zone]) else waking.by_day(at, zone)


def letter(
    announcement: Announcement, registration: Registration, *, enclosed: list[str]
) -> outbox.Letter:
    """The letter to one person, whose `meeting` is set; his language becomes that of the words."""
    meeting = registration.meeting
    language = language_for(announcement, registration.language)
    # Greeting, date and words are in one language, also where it is not the person's first.
    registration.language = language
    facts = mail_facts.snapshot(registration)
    words = words_of(announcement).get(language, Words())
    own = own_texts.filled(words.subject, words.paragraphs, own_texts.values(KIND, language, facts))
    said: dict[str, Any] = {
        name: facts[name]
        for name in ("greeting", "host", "title", "short_title", "is_sample", "when",
                     "contact", "manage_url")
    }  # fmt: skip
    sent_at = announcement.sent_at or announcement.created_at
    leaves_at = moment(meeting, registration.zone or meeting.zone, sent_at + UNDO)
    with translation.override(language):
        return outbox.Letter(
            key=f"{KIND}:{announcement.uid}:{registration.uid}",
            kind=KIND,
            to=registration.email,
            to_name=registration.full_name,
            language=language,
            template=letters.TEMPLATES + KIND,
            snapshot=said | {"own": own},
            subjects=[*letters.subjects(registration), subject(announcement)],
            not_before=leaves_at,
            expires_at=leaves_at + FRESH,
            enclosures=enclosed,
            thread=str(registration.uid),
            reply_to=meeting.contact_email,
            sender_name=facts["host"],
            unsubscribe_url=links.unsubscribe_url(registration),
        )
