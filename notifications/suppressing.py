"""Not writing again where mail came back: learnt by itself or said by a person, who lifts it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, ExpressionWrapper, F, Func, JSONField, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts import journal
from accounts.journal import Actor
from notifications.models import WAITING, Cause, Message, State, Suppression

# Why nothing is sent to an address, without the day: a key of explanations.EXPLANATIONS.
STOPPED = "suppressed"


def learn(*, message: Message, cause: str, reply: str) -> bool:
    """
    Suppress the address of a message for its meeting, and stop what waits for it.

    Returns False, and changes nothing, where it is suppressed already, the message belongs to
    no meeting, or the person was erased.
    """
    scope = scope_of(message.subjects)
    if not scope:
        return False
    with transaction.atomic():
        # As it is now: whoever erases the person waits here, or has been quicker.
        now = Message.objects.select_for_update().values_list("recipient", flat=True)
        address = now.get(pk=message.pk).lower()
        if not address:
            return False
        before = Suppression.objects.of(scope).filter(address=address).exists()
        Suppression.objects.bulk_create(
            [
                Suppression(
                    scope=scope, address=address, cause=cause, reply=reply[:500], message=message
                )
            ],
            ignore_conflicts=True,
        )
        waiting = Message.objects.about(scope).filter(state__in=WAITING, recipient__iexact=address)
        waiting.update(state=State.DROPPED, reason=reason(timezone.now()))
    return not before


@transaction.atomic(durable=True)
def stop(*, message: Message, at: datetime, by: Actor) -> bool:
    """
    Do not write to the address of this message any more, for its meeting: the organizer says
    so. Returns False where that holds already, or there is no address. Twice is harmless.
    """
    stopped = learn(message=message, cause=Cause.BY_HAND, reply="")
    if stopped:
        journal.record(by=by, at=at, action="address.stopped", subjects=message.subjects)
    return stopped


@transaction.atomic(durable=True)
def lift(*, scope: str, address: str, subjects: list[str], at: datetime, by: Actor) -> bool:
    """
    Write to the address again: somebody knows that it works now. Twice is harmless.

    What was left out meanwhile is not sent by itself. `subjects` are those of the person.
    """
    lifted = allow(scope=scope, address=address)
    if lifted:
        journal.record(by=by, at=at, action="address.allowed", subjects=subjects)
    return lifted


def allow(*, scope: str, address: str) -> bool:
    """Lift a suppression inside the caller's transaction, if there is one."""
    standing = Suppression.objects.of(scope).filter(address=address.lower())
    return bool(standing.update(lifted_at=Now()))


def find(*, scope: str, address: str) -> Suppression | None:
    """Why an address is not written to, for display; None where it is."""
    return Suppression.objects.of(scope).filter(address=address.lower()).first()


def of(scope: str) -> QuerySet[Suppression]:
    """All addresses that a meeting does not write to."""
    return Suppression.objects.of(scope)


def stands(*, scope: str, address: OuterRef) -> Exists:
    """Whether the address in that column of the rows that are asked is not written to."""
    standing = Suppression.objects.standing()
    return Exists(standing.filter(scope=scope, address=Lower(address)))


def stops() -> Exists:
    """Whether a message that is asked about goes to an address that is not written to."""
    about = ExpressionWrapper(OuterRef("subjects"), output_field=JSONField())
    scope = Func(F("scope"), function="jsonb_build_array", output_field=JSONField())
    standing = Suppression.objects.standing().alias(about=about)
    return Exists(standing.filter(about__contains=scope, address=Lower(OuterRef("recipient"))))


def known(*, subject: str) -> Q:
    """The suppressions that are known from mails about one row, before these are emptied."""
    rows = Message.objects.about(subject).values_list("recipient", "subjects")
    whom = {(scope_of(subjects), address.lower()) for address, subjects in rows if address}
    found = Q(message__in=Message.objects.about(subject))
    for scope, address in sorted(whom):
        found |= Q(scope=scope, address=address)
    return found


def forget(found: Q) -> None:
    """Erase these addresses, lifted or not; they may be written to."""
    Suppression.objects.filter(found).delete()


def scope_of(subjects: list[str]) -> str:
    """The meeting among what a mail is about; "" where there is none."""
    return next((subject for subject in subjects if subject.startswith("meeting:")), "")


def reason(since: datetime) -> str:
    """What a message is marked with that was left out: it keeps the day."""
    return f"{STOPPED}:{since:%Y-%m-%d}"
