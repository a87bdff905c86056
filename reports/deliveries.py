"""What became of a message to many: for all of them together, and for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Substr
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from events.when import language_now
from notifications import outbox
from notifications.models import WAITING, Message, State
from registrations import placeholders
from registrations.announcement_letters import KIND, language_for, subject, words_of
from registrations.models import Announcement, AnnouncementRecipient, AnnouncementState, Fate

TONES = {
    State.SENT: "yes",
    State.QUEUED: "wait",
    State.LEASED: "wait",
    State.DEFERRED: "wait",
    State.FAILED: "no",
    State.AMBIGUOUS: "no",
    State.EXPIRED: "no",
}


def title(announcement: Announcement) -> str:
    """The subject, in the reader's language where it has one; names stay in their braces."""
    words = words_of(announcement).get(language_for(announcement, language_now()))
    if not words or not words.subject:
        return _("Message without a subject")
    known = {name: announcement.meeting.text(name) for name in ("title", "short_title")}
    return placeholders.fill_line(words.subject, known)


def standing(announcement: Announcement, *, waits: bool) -> tuple[str, str]:
    """How it is, in words and as a tone; `waits`: some of its letters have not left yet."""
    words = str(announcement.get_state_display())
    match announcement.state:
        case AnnouncementState.WRITTEN if not waits:
            return pgettext("message to many", "sent"), "yes"
        case AnnouncementState.WRITING | AnnouncementState.WRITTEN:
            return words, "wait"
        case AnnouncementState.TAKEN_BACK:
            return words, "no"
    return words, ""


def waiting(announcements: Iterable[Announcement]) -> dict[str, tuple[datetime, int]]:
    """
    Of which of these messages to many letters wait to be sent: by uid, the moment of the first
    of them and how many there are.
    """
    # Each by itself: the index knows “contains”, and all that waits would be too much to look at.
    of_these = [Q(subjects__contains=[subject(one)]) for one in announcements if one.sent_at]
    if not of_these:
        return {}
    letters = Message.objects.filter(reduce(or_, of_these), state__in=WAITING)
    of_each = letters.annotate(uid=Substr("dedupe_key", len(KIND) + 2, 36))
    rows = of_each.order_by().values_list("uid")
    found = rows.annotate(first=Min("not_before"), number=Count("pk"))
    return {uid: (first, number) for uid, first, number in found}


def counts(announcement: Announcement) -> dict[str, int]:
    """
    How many: `meant`, `sent`, `waiting`, `troubled`, `withdrawn` letters, and whom nobody
    writes to: `no_address`, `unsubscribed`, `no_consent`, `left_out`. All add up to `meant`.
    """
    fates = _counted(announcement.recipients.order_by(), "fate")
    states = _counted(_letters(announcement).order_by(), "state")
    troubled = (State.FAILED, State.AMBIGUOUS, State.EXPIRED)
    return {
        "meant": sum(fates.values()),
        "sent": states[State.SENT],
        "waiting": sum(states[state] for state in (*WAITING, State.LEASED)) + fates[Fate.WAITING],
        "troubled": sum(states[state] for state in troubled),
        "withdrawn": states[State.WITHDRAWN] + fates[Fate.TAKEN_BACK],
        "no_address": fates[Fate.NO_ADDRESS],
        "unsubscribed": fates[Fate.UNSUBSCRIBED],
        "no_consent": fates[Fate.NO_CONSENT],
        "left_out": states[State.DROPPED],
    }


def is_waiting(announcement: Announcement) -> bool:
    """Whether there is something that could be taken back."""
    if announcement.recipients.filter(fate=Fate.WAITING).exists():
        return True
    return bool(_letters(announcement).withdrawable().exists())


def lines(
    announcement: Announcement, recipients: list[AnnouncementRecipient]
) -> list[dict[str, Any]]:
    """Each of these people: what became of the letter, in words, and its tone."""
    keys = {f"{KIND}:{announcement.uid}:{one.registration.uid}": one for one in recipients}
    found = {
        message.dedupe_key: message
        for message in _letters(announcement).filter(dedupe_key__in=keys).defer("snapshot")
    }
    return [_line(one, found.get(key)) for key, one in keys.items()]


def _line(recipient: AnnouncementRecipient, message: Message | None) -> dict[str, Any]:
    if message is None or recipient.fate != Fate.WRITTEN:
        return {
            "registration": recipient.registration,
            "state": recipient.fate,
            "words": recipient.get_fate_display(),
            "tone": "wait" if recipient.fate == Fate.WAITING else "",
            "explanation": "",
            "moment": None,
        }
    return {
        "registration": recipient.registration,
        "state": message.state,
        "words": message.get_state_display(),
        "tone": TONES.get(State(message.state), ""),
        "explanation": message.explanation,
        "moment": message.sent_at or message.not_before,
    }


def _counted(rows: Any, field: str) -> Counter[str]:
    """How many rows have each value."""
    return Counter(dict(rows.values_list(field).annotate(n=Count("pk"))))


def _letters(announcement: Announcement) -> Any:
    return outbox.about(subject(announcement)).of_kinds([KIND]).order_by("pk")
