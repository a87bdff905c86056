"""What an organizer may do with one registration now, and which mail each step sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from events.models import MeetingStatus
from registrations.models import Registration, Stage, Status


@dataclass(frozen=True)
class Step:
    """A button: its code in the form, its word, and what the person is told."""

    code: str
    words: str
    mail: str
    is_first: bool = False
    is_grave: bool = False
    asks_reason: bool = False


def steps(registration: Registration, *, has_room: bool, at: datetime) -> list[Step]:
    """
    The steps that the use cases will take from this status, the likeliest first.

    `has_room`: whether there is a free seat within the limit. Of a meeting that is over or
    called off there is nothing to decide any more. `registration.offer` is read.
    """
    if registration.erased_at or not registration.meeting.is_ahead(at):
        return []
    if registration.merged_into_id is not None:
        return []
    is_held = registration.open_offer is not None
    if registration.stage == Stage.CHANGES:
        found = _from_changed(registration, has_room)
    else:
        found = _STEPS[Status(registration.status)](has_room or is_held)
    if is_held:
        found.insert(1, _withdraw_offer())
    elif may_offer(registration, at=at):
        found.insert(1, _offer(has_room))
    keeps = is_held or registration.was_confirmed
    if not (has_room or keeps or registration.meeting.has_waiting_list):
        # There is neither a seat nor a line: only a seat more helps.
        found = [step for step in found if step.code != "approve"]
    if not registration.meeting.takes_edits(at):
        found = [_of_closed_lists(step, registration) for step in found]
    if registration.email or registration.submitted_by_email:
        return found
    return [replace(step, mail=_without_mail(step, registration, at)) for step in found]


def may_replace(registration: Registration, *, at: datetime) -> bool:
    """Whether somebody else can take the person's place now."""
    meeting = registration.meeting
    is_published = meeting.status == MeetingStatus.PUBLISHED
    return (
        registration.is_live
        and not registration.erased_at
        and is_published
        and (at < meeting.ends_at)
    )


def may_offer(registration: Registration, *, at: datetime) -> bool:
    """Whether a seat can be offered to the person now: where seats are offered at all."""
    meeting = registration.meeting
    return (
        registration.status == Status.WAITLISTED
        and meeting.offer_hours is not None
        and meeting.takes_edits(at)
    )


def _frees_seat(step: Step, registration: Registration) -> bool:
    has_seat = registration.status == Status.CONFIRMED or registration.was_confirmed
    return step.code == "cancel" and has_seat


def _of_closed_lists(step: Step, registration: Registration) -> Step:
    """Then nobody moves up by himself."""
    if not _frees_seat(step, registration):
        return step
    mail = _("Mail: participation cancelled. The lists are closed: you decide who gets the seat.")
    return replace(step, mail=mail)


def _without_mail(step: Step, registration: Registration, at: datetime) -> str:
    """What is told where there is no address: that somebody else has to tell it."""
    said = [_("No mail: there is no e-mail address.")]
    if step.code in ("approve_over", "promote_over", "offer_over"):
        said.insert(0, _("All seats are taken: this is one more seat."))
    elif _frees_seat(step, registration):
        goes_on = registration.meeting.takes_edits(at)
        said.append(
            _("The seat goes to whoever waits.")
            if goes_on
            else _("The lists are closed: you decide who gets the seat.")
        )
    return " ".join(said)


def _from_pending(has_room: bool) -> list[Step]:
    steps = [_approve(has_room)]
    if not has_room:
        steps.append(_over("approve_over", _("Approve beyond the limit")))
    return [*steps, _decline(_("Decline")), _cancel(frees_seat=False)]


def _from_changed(registration: Registration, has_room: bool) -> list[Step]:
    """Whoever was approved already and has changed his name keeps what he had."""
    decline, cancel = _decline(_("Decline")), _cancel(frees_seat=registration.was_confirmed)
    if registration.was_confirmed:
        mail = _("Mail: confirmed again, with QR code and calendar.")
        return [Step("approve", _("Approve the changes"), mail, is_first=True), decline, cancel]
    mail = _("Mail: confirmed.") if has_room else _("Mail: on the waiting list, in the old place.")
    return [Step("approve", _("Approve the changes"), mail, is_first=True), decline, cancel]


def _from_waitlisted(has_room: bool) -> list[Step]:
    if has_room:
        mail = _("Mail: a place has become free, with QR code and calendar.")
        first = Step("promote", _("Confirm now"), mail, is_first=True)
    else:
        first = _over("promote_over", _("Confirm beyond the limit"))
    return [first, _decline(_("Decline")), _cancel(frees_seat=False)]


def _from_confirmed(_has_room: bool) -> list[Step]:
    return [_cancel(frees_seat=True), _decline(_("Take the confirmation back"))]


def _from_declined(has_room: bool) -> list[Step]:
    steps = [_approve(has_room)]
    if not has_room:
        steps.append(_over("approve_over", _("Approve beyond the limit")))
    return steps


def _from_cancelled(_has_room: bool) -> list[Step]:
    mail = _("Mail: confirmed, or on the waiting list if no seat is free.")
    return [Step("restore", _("Put on the list again"), mail, is_first=True)]


def _offer(has_room: bool) -> Step:
    if has_room:
        mail = _("Mail: a seat is offered, with the day by which to answer.")
        return Step("offer", _("Offer a seat"), mail)
    mail = _("All seats are taken: this is one more seat. Mail: a seat is offered.")
    return Step("offer_over", _("Offer a seat beyond the limit"), mail)


def _withdraw_offer() -> Step:
    mail = _("Mail: the offer is taken back. The seat goes to whoever waits.")
    return Step("withdraw_offer", _("Take the offer back"), mail)


def _approve(has_room: bool) -> Step:
    if has_room:
        mail = _("Mail: participation confirmed, with QR code and calendar.")
        return Step("approve", _("Approve"), mail, is_first=True)
    mail = _("No seat is free. Mail: on the waiting list.")
    return Step("approve", _("Approve for the waiting list"), mail, is_first=True)


def _over(code: str, words: str) -> Step:
    return Step(code, words, _("All seats are taken: this is one more seat. Mail: confirmed."))


def _decline(words: str) -> Step:
    mail = _("Mail: declined, with the reason only if ticked.")
    return Step("decline", words, mail, is_grave=True, asks_reason=True)


def _cancel(*, frees_seat: bool) -> Step:
    mail = _("Mail: participation cancelled.")
    if frees_seat:
        mail = _("Mail: participation cancelled. The seat goes to whoever waits.")
    return Step("cancel", _("Cancel the registration"), mail, is_grave=True)


_STEPS = {
    Status.PENDING: _from_pending,
    Status.WAITLISTED: _from_waitlisted,
    Status.CONFIRMED: _from_confirmed,
    Status.DECLINED: _from_declined,
    Status.CANCELLED: _from_cancelled,
}
