"""
One message to many: a draft, a look at whom it reaches, a minute to think better of it.

Who is meant is written down when it is sent, in the same transaction; a worker then writes
the letters, some hundred at a time. A worker that dies leaves a batch unwritten, never half:
whoever was written to is marked in the transaction of the letter, whose key is unique besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting, MeetingStatus
from notifications import bell, outbox
from registrations import announcement_files, idempotency, letters, links, own_texts, waking
from registrations.idempotency import Claim
from registrations.models import (
    Announcement,
    AnnouncementFile,
    AnnouncementRecipient,
    AnnouncementState,
    Consent,
    ConsentKind,
    Fate,
    Registration,
    RegistrationQuerySet,
)
from registrations.own_texts import Words
from registrations.transitions import StaleVersion

TASK = "registrations.tasks.write_announcements"
KIND = "announcement"
# How long nothing leaves, so that it can be taken back.
UNDO = timedelta(seconds=60)
# So near to the start, and while the meeting lasts, nobody is spared at night.
URGENT = timedelta(hours=24)
# An announcement that comes later than this helps nobody.
FRESH = timedelta(hours=24)
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


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whom an announcement would reach if it was sent now."""

    people: int
    now: int
    later: int
    no_address: int
    unsubscribed: int
    no_consent: int

    @property
    def written_to(self) -> int:
        return self.now + self.later


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


def reach(announcement: Announcement, people: RegistrationQuerySet, *, at: datetime) -> Reach:
    """Whom it would reach now, of `people`, and who gets it only in the morning. Looks only."""
    people = _meant(people)
    reachable = people.filter(_may_be_written_to(announcement))
    zones = reachable.order_by().values_list("time_zone", "region__time_zone")
    now = later = 0
    leaves_at = at + UNDO
    for own, of_region, count in zones.annotate(n=Count("pk")):
        name = own or of_region
        zone = ZoneInfo(name) if name else announcement.meeting.zone
        if _moment(announcement.meeting, zone, leaves_at) > leaves_at:
            later += count
        else:
            now += count
    fates = Counter(fate for _pk, fate in _fates(announcement, people))
    return Reach(
        people=sum(fates.values()),
        now=now,
        later=later,
        no_address=fates[Fate.NO_ADDRESS],
        unsubscribed=fates[Fate.UNSUBSCRIBED],
        no_consent=fates[Fate.NO_CONSENT],
    )


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
    people = _meant(people.filter(meeting=announcement.meeting))
    recipients = [
        AnnouncementRecipient(announcement=announcement, registration_id=pk, fate=fate)
        for pk, fate in _fates(announcement, people)
    ]
    fates = Counter(recipient.fate for recipient in recipients)
    if not fates[Fate.WAITING]:
        raise NobodyToWrite(_("Nobody of those you chose can be written to."))
    AnnouncementRecipient.objects.bulk_create(recipients, batch_size=2000)
    announcement.state, announcement.sent_at = AnnouncementState.WRITING, at
    announcement.version += 1
    announcement.save(update_fields=["state", "sent_at", "version"])
    _note(announcement, "announcement.sent", at=at, by=by, people=fates[Fate.WAITING])
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
        .annotate(agreed=_agreed())
        # Somebody who is just being erased or corrected is written to with the next batch.
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")[:BATCH]
    )
    fates: dict[Fate, list[int]] = {}
    to_write = []
    for registration in people:
        registration.meeting = meeting
        fate = _fate_now(announcement, registration)
        fates.setdefault(fate, []).append(registration.pk)
        if fate == Fate.WRITTEN:
            to_write.append(registration)
    enclosed = announcement_files.enclosures(announcement)
    outbox.enqueue_many([_letter(announcement, one, enclosed=enclosed) for one in to_write])
    for fate, pks in fates.items():
        waiting.filter(registration__in=pks).update(fate=fate)
    if not waiting.exists():
        announcement.state = AnnouncementState.WRITTEN
        announcement.save(update_fields=["state"])
    return len(people)


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
    return _letter(announcement, registration, enclosed=enclosed)


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


def _meant(people: RegistrationQuerySet) -> RegistrationQuerySet:
    return people.filter(erased_at=None).order_by()


def _agreed() -> Exists:
    given = Consent.objects.filter(
        registration=OuterRef("pk"),
        document__kind=ConsentKind.ADVERTISING,
        withdrawn_at=None,
    )
    return Exists(given)


def _may_be_written_to(announcement: Announcement) -> Q:
    may = ~Q(email="") & Q(unsubscribed_at=None)
    return may & Q(_agreed()) if announcement.is_advertising else may


def _fates(announcement: Announcement, people: RegistrationQuerySet) -> Iterable[tuple[int, Fate]]:
    """Of each of them, whether he can be written to, and if not, why."""
    agreed = people.annotate(agreed=_agreed())
    rows = agreed.values_list("pk", "email", "unsubscribed_at", "agreed")
    for pk, email, unsubscribed_at, has_agreed in rows.order_by("pk"):
        if not email:
            yield pk, Fate.NO_ADDRESS
        elif unsubscribed_at:
            yield pk, Fate.UNSUBSCRIBED
        elif announcement.is_advertising and not has_agreed:
            yield pk, Fate.NO_CONSENT
        else:
            yield pk, Fate.WAITING


def _fate_now(announcement: Announcement, registration: Registration) -> Fate:
    """What changed since it was sent is respected, down to the moment of writing."""
    if registration.erased_at or not registration.email:
        return Fate.NO_ADDRESS
    if registration.unsubscribed_at:
        return Fate.UNSUBSCRIBED
    agreed: bool = registration.agreed  # type: ignore[attr-defined]  # annotated
    return Fate.WRITTEN if agreed or not announcement.is_advertising else Fate.NO_CONSENT


def _moment(meeting: Meeting, zone: ZoneInfo, at: datetime) -> datetime:
    """When a letter of that moment leaves for somebody on that clock."""
    if meeting.starts_at - URGENT <= at <= meeting.ends_at:
        return at
    return at if waking.awake(at, [zone]) else waking.by_day(at, zone)


def _letter(
    announcement: Announcement, registration: Registration, *, enclosed: list[str]
) -> outbox.Letter:
    meeting = registration.meeting
    language = language_for(announcement, registration.language)
    # Greeting, date and words are in one language, also where it is not the person's first.
    registration.language = language
    facts = letters.snapshot(registration)
    words = words_of(announcement).get(language, Words())
    own = own_texts.filled(words.subject, words.paragraphs, own_texts.values(KIND, language, facts))
    said: dict[str, Any] = {
        name: facts[name]
        for name in ("greeting", "host", "title", "short_title", "is_sample", "when",
                     "contact", "manage_url")
    }  # fmt: skip
    sent_at = announcement.sent_at or announcement.created_at
    leaves_at = _moment(meeting, registration.zone or meeting.zone, sent_at + UNDO)
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
