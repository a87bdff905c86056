"""What invited people are written: please come; please answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from events import prose, when
from events.models import in_language
from notifications import outbox
from registrations import full_names, letters, links, mail_facts, own_texts
from registrations.invitations import keys
from registrations.models import Invitation

KINDS = ("invitation", "invitation_reminder")


def subjects(invitation: Invitation) -> list[str]:
    """How the journal and the outbox name this invitation, widest first."""
    return [f"meeting:{invitation.meeting_id}", f"invitation:{invitation.pk}"]


def write_invitation(invitation: Invitation, *, at: datetime) -> None:
    """You are invited: by whom, to what, as what, until when to answer, and the link."""
    _write("invitation", invitation, at=at)


def write_reminder(invitation: Invitation, *, at: datetime) -> None:
    """Please answer by that day."""
    _write("invitation_reminder", invitation, at=at)


def write_called_off(invitation: Invitation, *, reason: str, at: datetime) -> None:
    """The meeting is cancelled: why, and whom to ask."""
    ends_at = invitation.meeting.ends_at
    _write("called_off", invitation, at=at, expires_at=ends_at, reason=reason, for_proxy=False)


def withdraw(invitation: Invitation, *, reason: str) -> None:
    """Nothing that waits in the outbox for this person is sent any more."""
    outbox.withdraw(subject=f"invitation:{invitation.pk}", reason=reason)


def _write(letter: str, invitation: Invitation, *, at: datetime, **facts: Any) -> None:
    outbox.enqueue(**compose(letter, invitation, at=at, **facts))


def compose(
    letter: str,
    invitation: Invitation,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    **facts: Any,
) -> outbox.Letter:
    """A letter to whoever is invited, not written yet."""
    meeting = invitation.meeting
    with translation.override(invitation.language):
        snapshot: dict[str, Any] = {
            "host": mail_facts.host_name(meeting),
            "hosts": _hosts(invitation),
            "greeting": greeting(invitation),
            "person": invitation.name,
            "instead_of": invitation.instead_of,
            "category": invitation.category.text(main_language=meeting.language),
            "title": meeting.text("title"),
            "short_title": meeting.text("short_title"),
            "summary": prose.plain(meeting.text("summary")),
            "is_sample": meeting.is_sample,
            "when": when.span(meeting.starts_at, meeting.ends_at, meeting.zone),
            "date": when.day(meeting.starts_at, meeting.zone, seen_at=at),
            "venue": mail_facts.place_of(meeting),
            "answer_by": when.moment(invitation.deadline, meeting.zone, seen_at=at),
            "may_send_another": invitation.allows_substitute,
            "invitation_url": keys.url(invitation),
            "accept_url": keys.url(invitation, "invitation-accept"),
            "decline_url": keys.url(invitation, "invitation-decline"),
            "meeting_url": links.page_url("meeting", meeting.slug),
            "contact": mail_facts.contact_of(meeting),
        } | facts
    snapshot |= own_texts.words(meeting, kind=letter, language=invitation.language, facts=snapshot)
    return outbox.Letter(
        # Once for each link: whoever gets another one is invited anew.
        key=f"{letter}:{invitation.uid}:{invitation.link_generation}",
        kind=letter,
        to=invitation.email,
        to_name=invitation.name,
        language=invitation.language,
        template=letters.TEMPLATES + letter,
        snapshot=snapshot,
        subjects=subjects(invitation),
        expires_at=expires_at or invitation.deadline,
        thread=f"invitation-{invitation.uid}",
        reply_to=meeting.contact_email,
        sender_name=snapshot["host"],
    )


def greeting(invitation: Invitation) -> str:
    """Given name and patronymic, as in the other letters; a mailbox is greeted without one."""
    family, given, patronymic = full_names.split(invitation.name)
    parts = [given or family]
    if given and patronymic and (translation.get_language() or "").startswith("ru"):
        parts.append(patronymic)
    called = " ".join(filter(None, parts))
    return mail_facts.hello(called) if called else _("Hello,")


def _hosts(invitation: Invitation) -> list[str]:
    meeting = invitation.meeting
    return [
        in_language(host.name, host.name_alt, main_language=meeting.language)
        for host in sorted(meeting.hosts.all(), key=lambda host: (host.position, host.pk))
    ]
