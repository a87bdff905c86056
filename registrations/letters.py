"""
What we write to participants: one function per letter, one set of templates per function.

A letter is a snapshot of facts in the person's language; its words are put around them
when it is delivered. The facts are strings already: a mail never computes a date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.utils import translation

from accounts.journal import Actor
from accounts.models import Via
from events import when
from events.models import Session
from notifications import outbox, sparing
from registrations import calendar, links, mail_facts, own_texts, reminder_people
from registrations.models import Offer, Registration, Status

TEMPLATES = "registrations/mail/"
# Address and name of somebody who gets a copy.
Addressee = tuple[str, str]


def subjects(registration: Registration) -> list[str]:
    """How the journal and the outbox name this registration, widest first."""
    return [f"meeting:{registration.meeting_id}", f"registration:{registration.pk}"]


def write_answer(
    registration: Registration,
    *,
    position: int | None = None,
    waits_for: str = "",
    copy_to: Addressee | None = None,
    with_calendar: bool = True,
) -> None:
    """The answer to an application: whatever it became; a copy to whoever made it."""
    if registration.status == Status.CONFIRMED:
        write_confirmed(registration, with_calendar=with_calendar, copy_to=copy_to)
    elif registration.status == Status.WAITLISTED:
        write_waitlisted(registration, position=position, waits_for=waits_for, copy_to=copy_to)
    else:
        asked = registration.awaits_head_of
        _write("received", registration, copy_to=copy_to, head_of=asked.name if asked else "")


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
        for one in _letters(letter, registration, **facts)
    ]


def write_confirmed(
    registration: Registration, *, with_calendar: bool = True, copy_to: Addressee | None = None
) -> None:
    """You are registered: facts, number, QR, and the calendar entry (not at the door)."""
    _write(
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
    said = _elsewhere(registration, gone)
    _write("confirmed", registration, **said | {"enclosures": ["ticket", *said["enclosures"]]})


def _elsewhere(registration: Registration, gone: Collection[Session]) -> dict[str, Any]:
    """The entry of whoever comes in another way now, and those that leave the calendar."""
    said: dict[str, Any] = {"enclosures": ["calendar"]}
    if gone:
        with translation.override(registration.language):
            said["programme"] = calendar.programme(registration, [], gone=gone)
        said["enclosures"].append("programme")
    return said


def write_waitlisted(
    registration: Registration,
    *,
    position: int | None,
    waits_for: str = "",
    copy_to: Addressee | None = None,
    known: dict[str, Any] | None = None,
) -> None:
    """
    You wait, where in the line and for whose seats; please do not travel yet.

    `known`: the `snapshot`, from a caller who holds the counters by now.
    """
    _write(
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
    withdraw_waiting(registration)
    _write("promoted", registration, enclosures=["ticket", "calendar"])


def write_offered(registration: Registration, offer: Offer) -> None:
    """A seat is free for you: by when to answer, on the venue's clock and on yours, and where."""
    venue, own = registration.meeting.zone, registration.zone
    language = registration.language
    withdraw_waiting(registration)
    _write(
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
    _write(
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
    _write(
        "declined",
        registration,
        reason=registration.decision_reason if registration.shows_reason else "",
        **_out_of_calendar(registration, sessions, if_=was == Status.CONFIRMED),
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
    _write(
        "cancelled",
        registration,
        by_organizer=not head and by.via not in (Via.LINK, Via.PUBLIC),
        by_head=head,
        is_replaced=is_replaced,
        register_url=mail_facts.page("register", registration.meeting),
        **_out_of_calendar(registration, sessions, if_=was == Status.CONFIRMED),
    )


def write_changes_received(registration: Registration, *, changes: list[dict[str, str]]) -> None:
    """Your changes are being checked: old and new, and that nothing is lost meanwhile."""
    _write(
        "changes_received", registration, changes=changes, was_confirmed=registration.was_confirmed
    )


def write_confirmed_again(registration: Registration) -> None:
    """Your changes are accepted: confirmed as before, with ticket and calendar."""
    _write("confirmed_again", registration, enclosures=["ticket", "calendar"])


def write_link(registration: Registration, *, at: datetime) -> None:
    """The link to the registration again, to the address on file."""
    _write("link", registration, occasion=f"{at:%Y%m%d%H%M%S}", proxy=False)


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
        template=TEMPLATES + "links",
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
    _write(
        "details_changed",
        registration,
        occasion=str(version),
        changes=changes,
        is_elsewhere=is_elsewhere,
        **_elsewhere(registration, gone) if is_elsewhere else {},
    )


def write_meeting_changed(
    registration: Registration, *, what: str, was: str, now: str, sequence: int
) -> None:
    """Time or place or "both" changed (`what`): old and new first, the calendar follows."""
    confirmed = registration.status == Status.CONFIRMED
    _write(
        "meeting_changed",
        registration,
        occasion=str(sequence),
        what=what,
        was=was,
        now=now,
        enclosures=["calendar"] if confirmed else [],
        expires_at=registration.meeting.starts_at,
    )


def write_programme_changed(
    registration: Registration,
    *,
    session: Session,
    what: str,
    was: str,
    now: str,
    chosen: list[Session],
    gone: Session | None,
) -> None:
    """
    A session that you chose has another time, another room, does not take place ("removed"),
    or is now at the time of another one of yours ("released"): old and new, and the calendar
    entries of all that you have chosen; `gone` leaves the calendar.
    """
    meeting = registration.meeting
    ordered = sorted(chosen, key=lambda one: one.starts_at)
    with translation.override(registration.language):
        facts: dict[str, Any] = {
            "session": session.text("title", main_language=meeting.language),
            "chosen": [
                {
                    "when": when.span(one.starts_at, one.ends_at, meeting.zone),
                    "title": one.text("title", main_language=meeting.language),
                    "room": one.text("room", main_language=meeting.language),
                }
                for one in ordered
            ],
            "programme": calendar.programme(registration, ordered, gone=[gone] if gone else []),
        }
    _write(
        "programme_changed",
        registration,
        occasion=f"{session.uid}:{session.sequence}",
        what=what,
        was=was,
        now=now,
        enclosures=["programme"],
        expires_at=meeting.ends_at,
        **facts,
    )


def write_called_off(
    registration: Registration, *, reason: str, sessions: Collection[Session] = ()
) -> None:
    """
    The meeting is cancelled: why, whom to ask, and the entry leaves the calendar, with those
    of the `sessions` that were chosen.
    """
    confirmed = registration.status == Status.CONFIRMED
    _write(
        "called_off",
        registration,
        reason=reason,
        expires_at=registration.meeting.ends_at,
        **_out_of_calendar(registration, sessions, if_=confirmed),
    )


def _out_of_calendar(
    registration: Registration, sessions: Collection[Session], *, if_: bool
) -> dict[str, Any]:
    """What takes back what was put into a calendar, if anything was."""
    said: dict[str, Any] = {"method": "CANCEL", "enclosures": ["calendar"] if if_ else []}
    if if_ and sessions:
        with translation.override(registration.language):
            said["programme"] = calendar.programme(registration, [], gone=sessions)
        said["enclosures"].append("programme")
    return said


def specimen(letter: str, registration: Registration, **said: Any) -> outbox.Letter:
    """A letter that is only looked at: the one to the person, who has an address."""
    return next(_letters(letter, registration, proxy=False, **said))


def withdraw_reminders(registration: Registration, *, reason: str) -> None:
    """No reminder that waits in the outbox is sent any more."""
    outbox.withdraw(
        subject=f"registration:{registration.pk}", kinds=reminder_people.KINDS, reason=reason
    )


def withdraw_waiting(registration: Registration) -> None:
    """Whoever gets a seat, or is offered one, is not told any more that there is none."""
    subject = f"registration:{registration.pk}"
    outbox.withdraw(subject=subject, kinds=[reminder_people.WAITING], reason="seat_free")


def withdraw_bulk(registration: Registration, *, reason: str) -> None:
    """Neither a reminder nor an announcement that waits in the outbox is sent any more."""
    outbox.withdraw(
        subject=f"registration:{registration.pk}",
        kinds=[*reminder_people.KINDS, "announcement"],
        reason=reason,
    )


def withdraw_offer(registration: Registration) -> None:
    """An offer that waits in the outbox is not sent any more: it is answered, or over."""
    subject = f"registration:{registration.pk}"
    outbox.withdraw(subject=subject, kinds=["offered"], reason="offer_over")


def withdraw_all(registration: Registration, *, reason: str) -> None:
    """Nothing that waits in the outbox for this person is sent any more."""
    outbox.withdraw(subject=f"registration:{registration.pk}", reason=reason)


def _write(letter: str, registration: Registration, **said: Any) -> None:
    """Put the letter into the outbox, and the copy of whoever is to have one."""
    for one in _letters(letter, registration, **said):
        if one["to"] in registration.spared:
            outbox.drop(reason=sparing.REASON, **one)
        else:
            outbox.enqueue(**one)


def _letters(
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
