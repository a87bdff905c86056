"""
One message to many: a draft, a look at whom it reaches, a minute to think better of it.

Who is meant is written down when it is sent, in the same transaction; a worker then writes
the letters, some hundred at a time. A worker that dies leaves a batch unwritten, never half:
whoever was written to is marked in the transaction of the letter, whose key is unique besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting, MeetingStatus
from notifications import bell, outbox
from registrations import announcement_files, idempotency, own_texts
from registrations.announcement_letters import KIND, letter, subject, words_of
from registrations.announcement_reach import agreed, fate_now, fates, meant
from registrations.idempotency import Claim
from registrations.models import (
    Announcement,
    AnnouncementFile,
    AnnouncementRecipient,
    AnnouncementState,
    Fate,
    Registration,
    RegistrationQuerySet,
)
from registrations.own_texts import Words
from registrations.transitions import StaleVersion

TASK = "registrations.tasks.write_announcements"
BATCH = 200


class NobodyToWrite(Refused):
    """Nobody is meant, or nobody of them can be written to."""

    code = "nobody_to_write"


class AnnouncementGone(Refused):
    """It was sent already, or taken back, and cannot be changed any more."""

    code = "announcement_moved_on"


class NotReady(Refused):
    """Something is missing before it can be sent."""

    code = "announcement_not_ready"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is written, to whom. `words` by language; `criteria` as the list filters."""

    words: Mapping[str, Words]
    criteria: Mapping[str, str] = field(default_factory=dict)
    is_advertising: bool = False


@transaction.atomic(durable=True)
def draft(
    *, meeting: Meeting, wish: Wish, at: datetime, by: Actor, claim: Claim | None = None
) -> Announcement:
    """
    Keep a message that is not sent yet. The same request again gives the same draft.

    :raises TextNotAccepted: something in braces that means nothing there, or too long
    """
    made = Announcement(meeting=meeting, created_by=by.user, created_at=at)
    _say(made, wish)
    if first := idempotency.begin(claim, answer={"uid": str(made.uid)}, at=at):
        return Announcement.objects.get(uid=first["uid"])
    made.save(force_insert=True)
    _note(made, "announcement.drafted", at=at, by=by)
    return made


@transaction.atomic(durable=True)
def change(
    *, announcement: Announcement, wish: Wish, version: int | None, at: datetime, by: Actor
) -> Announcement:
    """
    Change a draft.

    :raises AnnouncementGone: it was sent already
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises TextNotAccepted: something in braces that means nothing there, or too long
    """
    announcement = _locked_draft(announcement, version)
    _say(announcement, wish)
    announcement.version += 1
    announcement.save(update_fields=["words", "criteria", "is_advertising", "version"])
    _note(announcement, "announcement.changed", at=at, by=by)
    return announcement


@transaction.atomic(durable=True)
def attach(
    *, announcement: Announcement, name: str, content: bytes, at: datetime, by: Actor
) -> AnnouncementFile:
    """
    Put a file to a draft; one of the same name is replaced.

    :raises AnnouncementGone: it was sent already
    :raises FileNotAccepted: not a sort that is taken, or too much
    """
    announcement = _locked_draft(announcement)
    file = announcement_files.add(announcement, name=name, content=content)
    # What a file is called may be personal: the journal knows its kind.
    _note(announcement, "announcement.changed", at=at, by=by, attached=file.content_type)
    return file


@transaction.atomic(durable=True)
def detach(*, announcement: Announcement, file: str, at: datetime, by: Actor) -> None:
    """
    Take a file away from a draft. Twice is harmless.

    :raises AnnouncementGone: it was sent already
    """
    announcement = _locked_draft(announcement)
    if announcement.files.filter(uid=file).delete()[0]:
        _note(announcement, "announcement.changed", at=at, by=by, detached=1)


@transaction.atomic(durable=True)
def discard(*, announcement: Announcement, at: datetime, by: Actor) -> None:
    """
    Throw a draft away. Twice is harmless.

    :raises AnnouncementGone: it was sent already
    """
    if not Announcement.objects.filter(pk=announcement.pk).exists():
        return
    found = _locked_draft(announcement)
    _note(found, "announcement.discarded", at=at, by=by)
    found.delete()


@transaction.atomic(durable=True)
def send(
    *,
    announcement: Announcement,
    people: RegistrationQuerySet,
    version: int | None,
    at: datetime,
    by: Actor,
) -> Announcement:
    """
    Send it to `people`, who are the meeting's: nothing leaves for a minute. Twice is once.

    :raises AnnouncementGone: it was taken back
    :raises NotReady: a language has a subject without a text, or nothing is written, or the
        meeting is not published
    :raises NobodyToWrite: nobody of them can be written to
    :raises StaleVersion: it was changed since it was looked at
    """
    announcement = _locked(announcement)
    if announcement.state in (AnnouncementState.WRITING, AnnouncementState.WRITTEN):
        return announcement
    announcement = _as_draft(announcement, version)
    _refuse_unready(announcement)
    people = meant(people.filter(meeting=announcement.meeting))
    recipients = [
        AnnouncementRecipient(announcement=announcement, registration_id=pk, fate=fate)
        for pk, fate in fates(announcement, people)
    ]
    counted = Counter(recipient.fate for recipient in recipients)
    if not counted[Fate.WAITING]:
        raise NobodyToWrite(_("Nobody of those you chose can be written to."))
    AnnouncementRecipient.objects.bulk_create(recipients, batch_size=2000)
    announcement.state, announcement.sent_at = AnnouncementState.WRITING, at
    announcement.version += 1
    announcement.save(update_fields=["state", "sent_at", "version"])
    _note(announcement, "announcement.sent", at=at, by=by, people=counted[Fate.WAITING])
    bell.ring(TASK)
    return announcement


@transaction.atomic(durable=True)
def take_back(*, announcement: Announcement, at: datetime, by: Actor) -> int:
    """
    Stop every letter that has not left yet; return how many did not go. Twice is harmless.

    :raises AnnouncementGone: it is a draft, or every letter has left
    """
    # Whoever writes holds this row: between two batches nothing is half written.
    announcement = _locked(announcement)
    if announcement.state == AnnouncementState.TAKEN_BACK:
        return 0
    unwritten = announcement.recipients.filter(fate=Fate.WAITING).update(fate=Fate.TAKEN_BACK)
    stopped = unwritten + outbox.withdraw(
        subject=subject(announcement), kinds=[KIND], reason="taken_back"
    )
    if announcement.is_draft or not stopped:
        raise AnnouncementGone(_("There is nothing to take back: every letter has left."))
    announcement.state, announcement.taken_back_at = AnnouncementState.TAKEN_BACK, at
    announcement.version += 1
    announcement.save(update_fields=["state", "taken_back_at", "version"])
    _note(announcement, "announcement.taken_back", at=at, by=by, letters=stopped)
    return stopped


@transaction.atomic(durable=True)
def write_next(*, at: datetime) -> int:
    """
    Write one batch of letters of one announcement that nobody else writes just now; return how
    many people were seen to, 0 where there is nothing to do. Any number may write at once.
    """
    announcement = (
        Announcement.objects.being_written()
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("meeting")
        .order_by("pk")
        .first()
    )
    if announcement is None:
        return 0
    meeting = Meeting.objects.prefetch_related("hosts").get(pk=announcement.meeting_id)
    waiting = announcement.recipients.filter(fate=Fate.WAITING)
    people = list(
        Registration.objects.filter(pk__in=waiting.values("registration"))
        .select_related("category", "region")
        .annotate(agreed=agreed())
        # Somebody who is just being erased or corrected is written to with the next batch.
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")[:BATCH]
    )
    found: dict[Fate, list[int]] = {}
    to_write = []
    for registration in people:
        registration.meeting = meeting
        fate = fate_now(announcement, registration)
        found.setdefault(fate, []).append(registration.pk)
        if fate == Fate.WRITTEN:
            to_write.append(registration)
    enclosed = announcement_files.enclosures(announcement)
    outbox.enqueue_many([letter(announcement, one, enclosed=enclosed) for one in to_write])
    for fate, pks in found.items():
        waiting.filter(registration__in=pks).update(fate=fate)
    if not waiting.exists():
        announcement.state = AnnouncementState.WRITTEN
        announcement.save(update_fields=["state"])
    return len(people)


def _say(announcement: Announcement, wish: Wish) -> None:
    allowed = own_texts.ANNOUNCEMENT
    said = {
        language: words.checked(allowed)
        for language, words in wish.words.items()
        if language in dict(settings.LANGUAGES)
    }
    announcement.words = {
        language: {"subject": words.subject, "paragraphs": words.paragraphs}
        for language, words in said.items()
        if words
    }
    announcement.criteria = {name: value for name, value in wish.criteria.items() if value}
    announcement.is_advertising = wish.is_advertising


def _refuse_unready(announcement: Announcement) -> None:
    meeting = announcement.meeting
    if meeting.status == MeetingStatus.DRAFT or meeting.purged_at:
        raise NotReady(_("Messages go out while a meeting is published and its data is kept."))
    said = words_of(announcement).values()
    if not said or not all(words.subject and words.paragraphs for words in said):
        raise NotReady(_("Write a subject and a text, in each language that you use."))


def _locked(announcement: Announcement) -> Announcement:
    rows = Announcement.objects.select_for_update(of=("self",)).select_related("meeting")
    return rows.get(pk=announcement.pk)


def _locked_draft(announcement: Announcement, version: int | None = None) -> Announcement:
    return _as_draft(_locked(announcement), version)


def _as_draft(announcement: Announcement, version: int | None) -> Announcement:
    if not announcement.is_draft:
        raise AnnouncementGone(_("This message was sent already and cannot be changed."))
    if version is not None and version != announcement.version:
        raise StaleVersion(
            _("This message was changed in the meantime. Look at it again."),
            version=announcement.version,
        )
    return announcement


def _note(
    announcement: Announcement, action: str, *, at: datetime, by: Actor, **changes: object
) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{announcement.meeting_id}", subject(announcement)],
        changes=changes or None,
    )
