"""
How a mail would be read: as somebody of the meeting, or as somebody invented.

Whoever is looked at keeps his keys: every link and code in a preview is made for somebody who
does not exist, and opens nothing.
"""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from events import when
from events.models import Approval, Category, Meeting
from notifications import outbox
from notifications.rendering import Rendered
from registrations import (
    announcement_letters,
    letters,
    links,
    mail_facts,
    own_texts,
    reminder_people,
    reminders,
    throttle,
    tickets,
)
from registrations.delegations import letters as to_heads
from registrations.invitations import letters as to_invited
from registrations.models import (
    Announcement,
    Delegation,
    Invitation,
    MailText,
    Registration,
    Scope,
    SeatLimit,
    Status,
)
from registrations.rewording import Words

# Trial mails that one organizer may send himself in an hour.
MOST_TRIALS = 30
_STATUS = {
    "received": Status.PENDING,
    "waitlisted": Status.WAITLISTED,
    "offered": Status.WAITLISTED,
    "offer_over": Status.WAITLISTED,
    "declined": Status.DECLINED,
    "cancelled": Status.CANCELLED,
    "changes_received": Status.PENDING,
    "reminder_waiting": Status.WAITLISTED,
}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A mail as it would be read. `html` stands alone: its pictures are in it."""

    subject: str
    text: str
    html: str


def is_written(kind: str, meeting: Meeting) -> bool:
    """Whether a mail of that kind is ever written, as the meeting is set up now."""
    if kind == "received":
        return meeting.approval == Approval.MANUAL
    if kind == "waitlisted":
        return meeting.has_waiting_list
    if kind in ("offered", "offer_over"):
        return meeting.offer_hours is not None
    if kind == "promoted":
        return meeting.has_waiting_list
    if kind in ("changes_received", "confirmed_again"):
        return meeting.reviews_changes
    if kind == "delegation_wishes":
        return meeting.heads_decide_first
    if kind == "programme_changed":
        return meeting.sessions.exists()
    if kind in reminder_people.KINDS:
        rules = meeting.reminder_rules.all()
        return any(rule.is_enabled and reminder_people.kind_of(rule) == kind for rule in rules)
    return True


def show(
    *,
    meeting: Meeting,
    kind: str,
    language: str,
    at: datetime,
    words: Words | None = None,
    registration: Registration | None = None,
) -> Preview:
    """
    The mail in `words` that perhaps nobody saved yet (None: in those that hold), as it would
    come to `registration` or to somebody invented. Nothing is written.

    :raises TextNotAccepted: something in braces that means nothing there
    """
    rendered = outbox.preview(
        letter(meeting=meeting, kind=kind, language=language, at=at, words=words,
               registration=registration)
    )  # fmt: skip
    return _shown(rendered)


@transaction.atomic(durable=True)
def send_trial(
    *,
    meeting: Meeting,
    kind: str,
    language: str,
    to: User,
    at: datetime,
    words: Words | None = None,
) -> None:
    """
    Send the mail, made out to somebody invented, to the organizer who asks, and nobody else.

    :raises TextNotAccepted: something in braces that means nothing there
    :raises Throttled: too many of them in an hour
    """
    sample = letter(meeting=meeting, kind=kind, language=language, at=at, words=words)
    _send_trial(sample, meeting=meeting, language=language, to=to, at=at)


def _send_trial(
    sample: outbox.Letter, *, meeting: Meeting, language: str, to: User, at: datetime
) -> None:
    throttle.hit(f"mail-trial:{to.pk}", limit=MOST_TRIALS, seconds=3600, at=at)
    outbox.enqueue(
        key=f"trial:{meeting.pk}:{to.pk}:{uuid.uuid4()}",
        kind="trial",
        to=to.email,
        to_name=to.get_full_name(),
        language=language,
        template=sample["template"],
        snapshot=sample["snapshot"],
        subjects=[f"meeting:{meeting.pk}"],
        # An invitation to a calendar that nobody has would stay there.
        enclosures=[name for name in sample.get("enclosures", ()) if name != "calendar"],
        reply_to=meeting.contact_email,
        sender_name=sample.get("sender_name", ""),
    )


def letter(
    *,
    meeting: Meeting,
    kind: str,
    language: str,
    at: datetime,
    words: Words | None = None,
    registration: Registration | None = None,
) -> outbox.Letter:
    """The letter, made out to nobody; not to be sent to a participant."""
    meeting = copy.copy(meeting)
    if words is not None:
        own = words.checked(own_texts.placeholders_of(kind))
        text = MailText(
            kind=kind, language=language, subject=own.subject, paragraphs=own.paragraphs
        )
        meeting.has_own_texts = bool(own)
        vars(meeting)["own_texts"] = [text]
    with translation.override(language):
        if kind in to_invited.KINDS:
            return to_invited.compose(kind, _invitation(meeting, language, at=at), at=at)
        if kind in to_heads.KINDS:
            said: dict[str, dict[str, Any]] = {
                "delegation_closing": {"named": 2},
                "delegation_wishes": {"waiting": 2},
            }
            delegation = _delegation(meeting, language, at=at)
            return to_heads.compose(kind, delegation, at=at, **said.get(kind, {}))
        person = _shadow(meeting, registration, kind, language, at=at)
        facts = _facts(kind, person, at=at)
        sample = letters.specimen(kind, person, **facts)
    if kind in reminder_people.KINDS:
        sample["unsubscribe_url"] = links.unsubscribe_url(person)
    return sample


def _facts(kind: str, person: Registration, *, at: datetime) -> dict[str, Any]:
    """What that kind of letter says besides."""
    meeting = person.meeting
    if kind in ("confirmed", "promoted", "confirmed_again"):
        return {"enclosures": ["ticket"]}
    if kind == "reminder":
        online = reminders.joins_online(person)
        return {"joins_online": online, "enclosures": [] if online else ["ticket"]}
    if kind == "waitlisted":
        return {
            "position": 3,
            "waits_for": "",
            "policy": meeting.waiting_policy,
            "offer_hours": meeting.offer_hours,
        }
    if kind == "offered":
        answer_by = at + timedelta(hours=meeting.offer_hours or 24)
        return {
            "answer_by": when.moment(answer_by, meeting.zone),
            "answer_by_local": when.local_line(answer_by, meeting.zone, person.zone),
            "accept_url": links.offer_url(person),
            "decline_url": links.refuse_offer_url(person),
        }
    if kind == "meeting_changed":
        return {"what": "place", "was": _("Hall 1"), "now": mail_facts.place_of(meeting)}
    changes = [{"field": _("position"), "was": _("Expert"), "now": _("Head of department")}]
    said: dict[str, dict[str, Any]] = {
        "offer_over": {"why": "lapsed", "is_passed_over": False},
        "declined": {"reason": ""},
        "cancelled": {
            "by_organizer": False,
            "by_head": "",
            "is_replaced": False,
            "register_url": links.page_url("register", meeting.slug),
        },
        "details_changed": {"changes": changes},
        "changes_received": {"changes": changes, "was_confirmed": True},
        "programme_changed": {
            "session": _("Round table"),
            "what": "room",
            "was": _("Hall 1"),
            "now": _("Hall 2"),
            "chosen": [],
        },
        "called_off": {"reason": ""},
    }
    return said.get(kind, {})


def somebody(meeting: Meeting, language: str, *, at: datetime) -> Registration:
    """Somebody invented who is on the list."""
    with translation.override(language):
        return _shadow(meeting, None, "", language, at=at)


def _shadow(
    meeting: Meeting, registration: Registration | None, kind: str, language: str, *, at: datetime
) -> Registration:
    """That person, or an invented one, with keys that open nothing."""
    if registration is None:
        person = Registration(
            category=_category(meeting),
            family_name=_("Sample"),
            given_name=_("Mary"),
            patronymic="",
            number="0000000",
            registered_at=at,
            status_changed_at=at,
        )
        if language.startswith("ru"):
            person.patronymic = "Сергеевна"
    else:
        person = copy.copy(registration)
    person.meeting = meeting
    person.uid, person.ticket_code = uuid.uuid4(), tickets.new_code()
    person.email = person.email or f"nobody@{settings.MAIL_DOMAIN}"
    person.language = language
    person.submitted_by_name = person.submitted_by_email = ""
    person.status = _STATUS.get(kind, Status.CONFIRMED)
    return person


def _invitation(meeting: Meeting, language: str, *, at: datetime) -> Invitation:
    return Invitation(
        meeting=meeting,
        name=_("Sample Mary"),
        email=f"nobody@{settings.MAIL_DOMAIN}",
        category=_category(meeting),
        language=language,
        allows_substitute=True,
        expires_at=at + timedelta(days=7),
    )


def _delegation(meeting: Meeting, language: str, *, at: datetime) -> Delegation:
    delegation = Delegation(
        meeting=meeting,
        name=_("Sample region"),
        category=_category(meeting),
        head_name=_("Mary Sample"),
        head_email=f"nobody@{settings.MAIL_DOMAIN}",
        language=language,
    )
    delegation.places = SeatLimit(scope=Scope.DELEGATION, seat_limit=5)
    return delegation


def _category(meeting: Meeting) -> Category:
    return min(meeting.categories.all(), key=lambda one: (one.position, one.pk))


def announcement(
    draft: Announcement,
    *,
    language: str,
    at: datetime,
    words: Mapping[str, Words] | None = None,
    registration: Registration | None = None,
) -> Preview:
    """
    A message to many as it would come to `registration` or to somebody invented, in `words`
    that perhaps nobody saved yet.

    :raises TextNotAccepted: something in braces that means nothing there
    """
    sample = _specimen(draft, words, registration, language=language, at=at)
    # The files stand beside the preview.
    return _shown(outbox.preview(sample | {"enclosures": []}))


@transaction.atomic(durable=True)
def send_announcement_trial(
    draft: Announcement,
    *,
    language: str,
    to: User,
    at: datetime,
    words: Mapping[str, Words] | None = None,
) -> None:
    """
    Send a message to many, with its files, to the organizer who asks, and nobody else; made
    out to somebody invented, in `words` that perhaps nobody saved yet.

    :raises TextNotAccepted: something in braces that means nothing there
    :raises Throttled: too many trials in an hour
    """
    sample = _specimen(draft, words, None, language=language, at=at)
    _send_trial(sample, meeting=draft.meeting, language=sample["language"], to=to, at=at)


def _specimen(
    draft: Announcement,
    words: Mapping[str, Words] | None,
    registration: Registration | None,
    *,
    language: str,
    at: datetime,
) -> outbox.Letter:
    meeting, draft = draft.meeting, copy.copy(draft)
    if words is not None:
        checked = {name: said.checked(own_texts.ANNOUNCEMENT) for name, said in words.items()}
        draft.words = {
            name: {"subject": said.subject, "paragraphs": said.paragraphs}
            for name, said in checked.items()
        }
    with translation.override(language):
        person = _shadow(meeting, registration, "", language, at=at)
    return announcement_letters.specimen(draft, person)


def _shown(rendered: Rendered) -> Preview:
    html = rendered.html
    for enclosure in rendered.enclosures:
        if enclosure.inline_id:
            picture = base64.b64encode(enclosure.content).decode("ascii")
            data = f"data:{enclosure.content_type};base64,{picture}"
            html = html.replace(f"cid:{enclosure.inline_id}", data)
    return Preview(subject=rendered.subject, text=rendered.text, html=html)
