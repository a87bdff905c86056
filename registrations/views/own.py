"""What all pages behind a participant's link share: who may, in which language, what is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.journal import Actor
from accounts.models import Via
from config import failures
from config.language import speak
from events import phase, when
from events.models import MeetingStatus
from registrations import booking, calendar, links, tickets, waitlist
from registrations.models import Registration, Status
from registrations.standing import standing
from registrations.views.public import frame

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Registration, P], HttpResponseBase]
Opened = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]


ERASED = failures.Words(
    gettext_lazy("Your data has been erased"),
    gettext_lazy("Nothing about you is kept here any more, so this link opens nothing."),
)


def opens_by_link(page: Page[P]) -> Opened[P]:
    """Give a page the registration of its link, in the language that one was made in."""

    @wraps(page)
    def opened(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        registration = links.find(token)
        speak(request, registration.language)
        if registration.erased_at:
            return failures.page(request, 410, words=ERASED)
        response = page(request, registration, *args, **kwargs)
        # The address is a key: nobody is to list it.
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return cast(Opened[P], never_cache(opened))


def holder(registration: Registration) -> Actor:
    """Whoever holds the link acts as the participant."""
    return Actor(who=f"participant {registration.number}", via=Via.LINK)


def context(registration: Registration) -> dict[str, Any]:
    """What all pages of one registration show, and what its holder may do now."""
    meeting, at = registration.meeting, timezone.now()
    side, path = 0, ""
    if shows_ticket(registration) and registration.ticket_code:
        side, path = tickets.qr_svg_path(registration.ticket_code)
    is_open = meeting.status == MeetingStatus.PUBLISHED
    place = waitlist.place(registration)
    offer = registration.open_offer
    if offer is not None and not offer.is_open(at):
        offer = None
    return frame(meeting) | {
        "registration": registration,
        "token": links.token(registration),
        "stage": phase.stage(meeting, at=at, room=meeting.seats.room),
        "standing": standing(registration, at=at, place=place),
        "local_line": _local_line(registration),
        "offer": offer,
        "offer_local_line": when.local_line(offer.answer_by, meeting.zone, registration.zone)
        if offer
        else "",
        "may_ask_again": registration.is_passed_over and meeting.takes_edits(at),
        "is_online": calendar.joins_online(registration),
        "qr_side": side,
        "qr_path": path,
        "may_change": registration.is_live and meeting.takes_edits(at),
        "may_cancel": registration.is_live and is_open and at < meeting.ends_at,
        "may_restore": booking.may_restore(registration, at=at),
        "may_correct_address": registration.is_live and is_open and at < meeting.starts_at,
        "may_add_another": meeting.takes_registrations(at),
    }


def shows_ticket(registration: Registration) -> bool:
    """A code opens the door: only whoever is expected there has one to show."""
    return (
        registration.status == Status.CONFIRMED
        and registration.meeting.status == MeetingStatus.PUBLISHED
        and not calendar.joins_online(registration)
        and timezone.now() < registration.meeting.ends_at
    )


def _local_line(registration: Registration) -> str:
    meeting = registration.meeting
    return when.local_line(meeting.starts_at, meeting.zone, registration.zone)
