"""The texts that people agree to: what a new meeting starts with, and a new version of one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from events.models import Meeting
from registrations import names
from registrations.models import ConsentDocument, ConsentKind


class ConsentRequired(Refused):
    code = "consent_required"


def current(meeting: Meeting) -> list[ConsentDocument]:
    """The texts that hold now, in order; as they were read with the meeting (`offers`), if so."""
    known: list[ConsentDocument] | None = getattr(meeting, "current_documents", None)
    return list(meeting.consent_documents.current()) if known is None else known


def refuse_without(meeting: Meeting, given: Iterable[ConsentDocument], *, words: str) -> None:
    """:raises ConsentRequired: a required document was not agreed to (`missing`: its kinds)"""
    agreed = {document.pk for document in given}
    missing = [
        document.kind
        for document in current(meeting)
        if document.is_required and document.pk not in agreed
    ]
    if missing:
        raise ConsentRequired(words, missing=missing)


def default_title(language: str) -> str:
    """What the box says behind "I consent to"."""
    with translation.override(language):
        return _("the processing of personal data")


def default_text(language: str, *, host: str, contact: str, days: int) -> str:
    """
    A text with what the law asks for (152-FZ Art. 9, GDPR Art. 13): who, what for, which
    data, what is done, how long, how to take it back. The organizer's lawyer has the last word.
    """
    with translation.override(language):
        return _(
            "I consent to the processing of my personal data by %(host)s (the operator).\n\n"
            "Purpose: to register me for the meeting and to hold it: seats, badge, entry, "
            "messages about the meeting, the list of participants for the organizers.\n\n"
            "Data: family name, given name, patronymic, e-mail, phone number, organization, "
            "position, region, participation in the meeting.\n\n"
            "What is done with it: collection, recording, storage, correction, use, "
            "passing on to the organizers of the meeting, erasure; by automatic means "
            "and without.\n\n"
            "Term: until %(days)s days after the end of the meeting; the data is erased "
            "then.\n\n"
            "I can take this consent back at any time on the page of my registration or "
            "by writing to %(contact)s."
        ) % {"host": host, "contact": contact, "days": days}


def write(
    *,
    meeting: Meeting,
    title: str,
    text: str,
    at: datetime,
    title_alt: str = "",
    text_alt: str = "",
    kind: str = ConsentKind.PROCESSING,
    is_required: bool = True,
) -> ConsentDocument:
    """
    Set the current text of a kind. The same words again change nothing; other words are a
    new version, and the old one stays for the consents that were given to it. A title is a
    line, whoever writes it.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A text is replaced inside a use case's transaction.")
    title, title_alt = names.clean(title), names.clean(title_alt)
    words = "\n\0\n".join([title, text, title_alt, text_alt])
    sha256 = hashlib.sha256(words.encode()).hexdigest()
    current = meeting.consent_documents.current().filter(kind=kind).first()
    if current and (current.sha256, current.is_required) == (sha256, is_required):
        return current
    if current:
        current.replaced_at = at
        current.save(update_fields=["replaced_at"])
    return ConsentDocument.objects.create(
        meeting=meeting,
        kind=kind,
        version=current.version + 1 if current else 1,
        title=title,
        title_alt=title_alt,
        text=text,
        text_alt=text_alt,
        sha256=sha256,
        is_required=is_required,
        created_at=at,
    )
