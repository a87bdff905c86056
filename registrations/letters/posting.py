"""
How a letter to a participant comes to be: a snapshot of facts in the person's language, the
copy for whoever registered the person, and the outbox. A mail never computes a date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.utils import translation

from events.models import Session
from notifications import outbox, sparing
from registrations import calendar, mail_facts, own_texts
from registrations.models import Registration

TEMPLATES = "registrations/mail/"
# Address and name of somebody who gets a copy.
Addressee = tuple[str, str]


def subjects(registration: Registration) -> list[str]:
    """How the journal and the outbox name this registration, widest first."""
    return [f"meeting:{registration.meeting_id}", f"registration:{registration.pk}"]


def post(letter: str, registration: Registration, **said: Any) -> None:
    """Put the letter into the outbox, and the copy of whoever is to have one."""
    for one in letters(letter, registration, **said):
        if one["to"] in registration.spared:
            outbox.drop(reason=sparing.REASON, **one)
        else:
            outbox.enqueue(**one)


def letters(
    letter: str,
    registration: Registration,
    *,
    occasion: str = "",
    enclosures: list[str] | None = None,
    method: str = "REQUEST",
    expires_at: datetime | None = None,
    proxy: bool = True,
    copy_to: Addressee | None = None,
    known: dict[str, Any] | None = None,
    **facts: Any,
) -> Iterator[outbox.Letter]:
    """
    The letter to the person and to whoever registered the person; or, where this one letter
    has a reader more, `copy_to`.

    The key names the occasion (letter, registration, its status version): said once.
    """
    occasion = occasion or str(registration.calendar_sequence)
    base = (known or mail_facts.snapshot(registration, method=method)) | facts
    base |= own_texts.words(
        registration.meeting, kind=letter, language=registration.language, facts=base
    )
    to = [(registration.email, registration.full_name, False)]
    if proxy and registration.submitted_by_email:
        copy_to = (registration.submitted_by_email, registration.submitted_by_name)
    if copy_to:
        to.append((*copy_to, True))
    for email, name, is_proxy in to:
        if not email or (is_proxy and email.lower() == registration.email.lower()):
            continue
        yield outbox.Letter(
            key=f"{letter}:{registration.uid}:{occasion}" + (":copy" if is_proxy else ""),
            kind=letter,
            to=email,
            to_name=name,
            language=registration.language,
            template=TEMPLATES + letter,
            snapshot=base | (_greeted(name, registration.language) if is_proxy else {}),
            subjects=subjects(registration),
            # Without an end of its own it is tried for as long as notifications.kinds says.
            expires_at=expires_at,
            enclosures=[] if is_proxy else enclosures or [],
            thread=str(registration.uid),
            reply_to=registration.meeting.contact_email,
            sender_name=base["host"],
        )


def _greeted(name: str, language: str) -> dict[str, Any]:
    """What differs in a copy: it greets whoever registered somebody else."""
    with translation.override(language):
        return {"for_proxy": True, "greeting": mail_facts.hello(name)}


def specimen(letter: str, registration: Registration, **said: Any) -> outbox.Letter:
    """A letter that is only looked at: the one to the person, who has an address."""
    return next(letters(letter, registration, proxy=False, **said))


def out_of_calendar(
    registration: Registration, sessions: Collection[Session], *, if_: bool
) -> dict[str, Any]:
    """What takes back what was put into a calendar, if anything was."""
    said: dict[str, Any] = {"method": "CANCEL", "enclosures": ["calendar"] if if_ else []}
    if if_ and sessions:
        with translation.override(registration.language):
            said["programme"] = calendar.programme(registration, [], gone=sessions)
        said["enclosures"].append("programme")
    return said


def elsewhere(registration: Registration, gone: Collection[Session]) -> dict[str, Any]:
    """The entry of whoever comes in another way now, and those that leave the calendar."""
    said: dict[str, Any] = {"enclosures": ["calendar"]}
    if gone:
        with translation.override(registration.language):
            said["programme"] = calendar.programme(registration, [], gone=gone)
        said["enclosures"].append("programme")
    return said
