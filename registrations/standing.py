"""What a registration is to the person whom it concerns: a word, a heading, what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Meeting, MeetingStatus, WaitingPolicy
from registrations import waitlist
from registrations.models import Registration, Stage, Status
from registrations.waitlist import Place

WORDS = {
    Status.PENDING: gettext_lazy("Request received"),
    Status.WAITLISTED: gettext_lazy("Waiting list"),
    Status.CONFIRMED: gettext_lazy("Participation confirmed"),
    Status.DECLINED: gettext_lazy("Request declined"),
    Status.CANCELLED: gettext_lazy("Participation cancelled"),
}
TONES = {
    Status.PENDING: "wait",
    Status.WAITLISTED: "wait",
    Status.CONFIRMED: "yes",
    Status.DECLINED: "no",
    Status.CANCELLED: "no",
}


# The meeting's rule, as it is told to those who wait, and to those who are about to.
RULES = {
    WaitingPolicy.FIRST_COME: gettext_lazy(
        "When a seat becomes free, whoever waited longest gets it."
    ),
    WaitingPolicy.MISSING_REGIONS: gettext_lazy(
        "A seat that becomes free goes first to a region that nobody represents yet, then to "
        "whoever waited longest."
    ),
    WaitingPolicy.CATEGORY_SHARES: gettext_lazy(
        "A seat that becomes free goes to the category that lacks most of its share, there to "
        "whoever waited longest."
    ),
}


@dataclass(frozen=True)
class Standing:
    """`tone` is one of the three state colours, or "" for none."""

    word: str
    tone: str
    heading: str
    next_steps: tuple[str, ...] = ()


def standing(registration: Registration, *, at: datetime, place: Place | None) -> Standing:
    """Where the person stands at that moment, in the active language."""
    meeting, status = registration.meeting, Status(registration.status)
    if meeting.status == MeetingStatus.CANCELLED:
        reason = meeting.cancellation_reason
        return Standing(
            _("Meeting cancelled"),
            "no",
            _("The meeting does not take place"),
            (reason,) if reason else (),
        )
    if status == Status.CONFIRMED and at >= meeting.ends_at:
        return Standing(_("Over"), "", _("The meeting is over"))
    offer = registration.open_offer
    if offer is not None and offer.is_open(at):
        return Standing(_("Seat offered"), "wait", _("A seat has become free for you"))
    looked_at = registration.stage == Stage.CHANGES
    return Standing(
        _("Changes are being checked") if looked_at else str(WORDS[status]),
        TONES[status],
        _heading(registration, place),
        _next_steps(registration),
    )


def waiting_rule(meeting: Meeting) -> str:
    """To whom a seat of this meeting goes that becomes free, as a sentence."""
    return str(RULES[WaitingPolicy(meeting.waiting_policy)])


def time_to_answer(meeting: Meeting) -> str:
    """How long an offered seat is kept, as a sentence; "" where nothing is offered."""
    hours = meeting.offer_hours
    if not hours:
        return ""
    return ngettext(
        "The seat is kept for you for %(n)s hour: please answer within that time.",
        "The seat is kept for you for %(n)s hours: please answer within that time.",
        hours,
    ) % {"n": hours}


def _heading(registration: Registration, place: Place | None) -> str:
    match registration.status:
        case Status.CONFIRMED:
            called = " ".join(filter(None, [registration.given_name, registration.patronymic]))
            if not called:
                return _("You are registered")
            return _("%(name)s, you are registered") % {"name": called}
        case Status.WAITLISTED if place is not None:
            return _in_line(place)
        case Status.WAITLISTED:
            return _("You are on the waiting list")
        case Status.PENDING if registration.stage == Stage.CHANGES:
            return _("The organizer looks at your changes")
        case Status.PENDING if registration.awaits_head_of is not None:
            return _("First the head of the delegation “%(name)s” decides") % {
                "name": registration.awaits_head_of.name
            }
        case Status.PENDING:
            return _("The organizer decides on your request")
        case Status.DECLINED:
            return _("The organizer cannot invite you this time")
        case _:
            return _("You do not take part")


def _in_line(place: Place) -> str:
    if place.limit:
        return _("You are number %(position)s in line for “%(whom)s”") % {
            "position": place.position,
            "whom": waitlist.called(place.limit),
        }
    if place.position == 1:
        return _("You are first in line")
    return _("You are number %(position)s in line") % {"position": place.position}


def _next_steps(registration: Registration) -> tuple[str, ...]:
    email = {"email": registration.email}
    match registration.status:
        case Status.WAITLISTED if registration.open_offer:
            return (
                _("The time to answer has passed: the seat goes to whoever is next. You stay on "
                  "the waiting list."),
            )  # fmt: skip
        case Status.WAITLISTED if registration.is_passed_over:
            return (
                _("Seats that become free go to others first, until you say that you want one."),
            )
        case Status.WAITLISTED:
            said = [
                _("There is no free seat now."),
                waiting_rule(registration.meeting),
                _("Then we write to %(email)s.") % email,
                time_to_answer(registration.meeting),
            ]
            return (
                " ".join(filter(None, said)),
                _("Please buy no tickets before that."),
            )
        case Status.PENDING if registration.was_confirmed:
            return (
                _("Your seat stays yours. The QR code is valid again once the organizer agrees."),
                _("The answer comes to %(email)s.") % email,
            )
        case Status.PENDING if registration.stage == Stage.CHANGES:
            return (
                _("Your place in line stays yours."),
                _("The answer comes to %(email)s.") % email,
            )
        case Status.PENDING if registration.stage == Stage.HEAD:
            return (
                _("Then the organizer does. There is nothing you need to do."),
                _("The answer comes to %(email)s.") % email,
                _("Please buy no tickets before that."),
            )
        case Status.PENDING:
            return (
                _("There is nothing you need to do. The answer comes to %(email)s.") % email,
                _("Please buy no tickets before that."),
            )
        case Status.DECLINED if registration.shows_reason and registration.decision_reason:
            return (registration.decision_reason,)
        case Status.CANCELLED:
            return (_("Your seat is free for somebody else."),)
        case _:
            return ()
