"""What is written to one participant about what has become of his own registration."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import translation

from accounts.journal import Actor
from accounts.models import Via
from events import when
from events.models import Session
from notifications import outbox
from registrations import links, mail_facts
from registrations.letters import posting, unsaid
from registrations.models import Offer, Registration, Status


def write_answer(
    registration: Registration,
    *,
    position: int | None = None,
    waits_for: str = "",
    copy_to: posting.Addressee | None = None,
    with_calendar: bool = True,
) -> None:
    """The answer to an application: whatever it became; a copy to whoever made it."""
    if registration.status == Status.CONFIRMED:
        write_confirmed(registration, with_calendar=with_calendar, copy_to=copy_to)
    elif registration.status == Status.WAITLISTED:
        write_waitlisted(registration, position=position, waits_for=waits_for, copy_to=copy_to)
    else:
        asked = registration.awaits_head_of
        posting.post("received", registration, copy_to=copy_to, head_of=asked.name if asked else "")


def answers(
    registration: Registration,
    *,
    priority: int,
    position: int | None = None,
    waits_for: str = "",
) -> list[outbox.Letter]:
    """
    The same answer, not written yet: for many people at once, who wait behind whoever has
    just pressed a button.
    """
    letter, facts = "received", dict[str, Any]()
    if registration.status == Status.CONFIRMED:
        letter, facts = "confirmed", {"enclosures": ["ticket", "calendar"]}
    elif registration.status == Status.WAITLISTED:
        letter = "waitlisted"
        facts = _line(registration, position=position, waits_for=waits_for)
    return [
        outbox.Letter(**one | {"priority": priority})
        for one in posting.letters(letter, registration, **facts)
    ]


def write_confirmed(
    registration: Registration,
    *,
    with_calendar: bool = True,
    copy_to: posting.Addressee | None = None,
) -> None:
    """You are registered: facts, number, QR, and the calendar entry (not at the door)."""
    posting.post(
        "confirmed",
        registration,
        enclosures=["ticket", "calendar"] if with_calendar else ["ticket"],
        copy_to=copy_to,
    )


def write_confirmed_elsewhere(
    registration: Registration, *, gone: Collection[Session] = ()
) -> None:
    """
    You are registered, now that you have chosen to come, or to join online: the calendar
    follows, and the sessions `gone`, which are held in the hall, leave it.
    """
    said = posting.elsewhere(registration, gone)
    posting.post(
        "confirmed", registration, **said | {"enclosures": ["ticket", *said["enclosures"]]}
    )


def write_waitlisted(
    registration: Registration,
    *,
    position: int | None,
    waits_for: str = "",
    copy_to: posting.Addressee | None = None,
    known: dict[str, Any] | None = None,
) -> None:
    """
    You wait, where in the line and for whose seats; please do not travel yet.

    `known`: the `snapshot`, from a caller who holds the counters by now.
    """
    posting.post(
        "waitlisted",
        registration,
        known=known,
        copy_to=copy_to,
        **_line(registration, position=position, waits_for=waits_for),
    )


def _line(registration: Registration, *, position: int | None, waits_for: str) -> dict[str, Any]:
    """What is said of the waiting list: the place in it, and how one comes to a seat."""
    meeting = registration.meeting
    return {
        "position": position,
        "waits_for": waits_for,
        "policy": meeting.waiting_policy,
        "offer_hours": meeting.offer_hours,
    }


def write_promoted(registration: Registration) -> None:
    """A seat became free and is yours."""
    unsaid.withdraw_waiting(registration)
    posting.post("promoted", registration, enclosures=["ticket", "calendar"])


def write_offered(registration: Registration, offer: Offer) -> None:
    """A seat is free for you: by when to answer, on the venue's clock and on yours, and where."""
    venue, own = registration.meeting.zone, registration.zone
    language = registration.language
    unsaid.withdraw_waiting(registration)
    posting.post(
        "offered",
        registration,
        # A corrected address, or lists that close earlier, are told the same offer again.
        occasion=f"{offer.pk}:{offer.answer_by:%Y%m%d%H%M}:{registration.link_generation}",
        answer_by=when.moment(offer.answer_by, venue, language=language),
        answer_by_local=when.local_line(offer.answer_by, venue, own, language=language),
        accept_url=links.offer_url(registration),
        decline_url=links.refuse_offer_url(registration),
        expires_at=offer.answer_by,
    )


def write_offer_over(registration: Registration, offer: Offer, *, why: str) -> None:
    """
    The offered seat is yours no longer, and that you are still on the waiting list. `why`:
    "lapsed" (no answer in time), "withdrawn" (by the organizer), "closed" (the lists).
    """
    posting.post(
        "offer_over",
        registration,
        occasion=f"{offer.pk}:{why}",
        why=why,
        is_passed_over=registration.is_passed_over,
        expires_at=registration.meeting.starts_at,
    )


def write_declined(
    registration: Registration, *, was: str, sessions: Collection[Session] = ()
) -> None:
    """
    No, politely; the reason only where the organizer shows it. Whoever `was` confirmed takes
    the meeting out of the calendar, and the `sessions` that he had chosen.
    """
    posting.post(
        "declined",
        registration,
        reason=registration.decision_reason if registration.shows_reason else "",
        **posting.out_of_calendar(registration, sessions, if_=was == Status.CONFIRMED),
    )


def write_cancelled(
    registration: Registration,
    *,
    was: str,
    by: Actor,
    head: str = "",
    is_replaced: bool = False,
    sessions: Collection[Session] = (),
) -> None:
    """
    Your participation is cancelled, by whom, and the entry leaves the calendar, with those of
    the `sessions` that were chosen.

    `head`: the head of the delegation who did it; `is_replaced`: somebody comes instead.
    """
    posting.post(
        "cancelled",
        registration,
        by_organizer=not head and by.via not in (Via.LINK, Via.PUBLIC),
        by_head=head,
        is_replaced=is_replaced,
        register_url=mail_facts.page("register", registration.meeting),
        **posting.out_of_calendar(registration, sessions, if_=was == Status.CONFIRMED),
    )


def write_changes_received(registration: Registration, *, changes: list[dict[str, str]]) -> None:
    """Your changes are being checked: old and new, and that nothing is lost meanwhile."""
    posting.post(
        "changes_received", registration, changes=changes, was_confirmed=registration.was_confirmed
    )


def write_confirmed_again(registration: Registration) -> None:
    """Your changes are accepted: confirmed as before, with ticket and calendar."""
    posting.post("confirmed_again", registration, enclosures=["ticket", "calendar"])


def write_link(registration: Registration, *, at: datetime) -> None:
    """The link to the registration again, to the address on file."""
    posting.post("link", registration, occasion=f"{at:%Y%m%d%H%M%S}", proxy=False)


def write_links(registrations: list[Registration], *, to: str, language: str, at: datetime) -> None:
    """All links that an address has at one meeting, to whoever reads its mailbox."""
    first = registrations[0]
    meeting, is_copy = first.meeting, to.lower() != first.email.lower()
    with translation.override(language):
        facts: dict[str, Any] = {
            "host": mail_facts.host_name(meeting),
            "title": meeting.text("title"),
            "short_title": meeting.text("short_title"),
            "is_sample": meeting.is_sample,
            "when": when.span(meeting.starts_at, meeting.ends_at, meeting.zone),
            "people": [
                {
                    "name": person.full_name,
                    "status": str(person.get_status_display()),
                    "url": links.manage_url(person),
                }
                for person in registrations
            ],
        }
    outbox.enqueue(
        # Pressing twice within a minute is one wish. A person and whoever registered him may
        # ask in the same minute: these are two.
        key=f"links:{meeting.pk}:{first.uid}:{at:%Y%m%d%H%M}" + (":copy" if is_copy else ""),
        kind="links",
        to=to,
        language=language,
        template=posting.TEMPLATES + "links",
        snapshot=facts,
        subjects=[
            f"meeting:{meeting.pk}",
            *(f"registration:{person.pk}" for person in registrations),
        ],
        reply_to=meeting.contact_email,
        sender_name=facts["host"],
    )


def write_details_changed(
    registration: Registration,
    *,
    changes: list[dict[str, str]],
    version: int,
    is_elsewhere: bool = False,
    gone: Collection[Session] = (),
) -> None:
    """
    Somebody else changed your details: old and new, and whom to write if it is wrong. If you
    come in another way now (`is_elsewhere`), also where to be or how to join; the calendar
    follows, and the sessions `gone` leave it.
    """
    posting.post(
        "details_changed",
        registration,
        occasion=str(version),
        changes=changes,
        is_elsewhere=is_elsewhere,
        **posting.elsewhere(registration, gone) if is_elsewhere else {},
    )
