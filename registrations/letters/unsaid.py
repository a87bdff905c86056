"""What waits in the outbox and is not sent any more, since things have gone on."""

from __future__ import annotations

from notifications import outbox
from registrations import reminder_people
from registrations.models import Registration


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
