"""What a person does about one message: send it again, believe that it arrived, stop it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from notifications import bell, outbox, suppressing
from notifications.models import WAITING, Message, State


class NotRepeatable(Refused):
    """The message is being sent at this moment, or its words were erased."""

    code = "message_not_repeatable"


class AddressSuppressed(NotRepeatable):
    """Mail to that address came back."""

    code = "address_suppressed"


@transaction.atomic(durable=True)
def resend(*, message: Message, at: datetime, by: Actor, to: str | None = None) -> Message:
    """
    Send a message once more, to the same or to a corrected address. Returns the repetition.

    It is a message of its own: what happened to the first one stays on record. Pressing
    twice is harmless: a repetition that waits for its turn is returned as it is.

    :raises NotRepeatable: a worker holds it, or the person was erased
    :raises AddressSuppressed: mail to that address came back (`since`)
    """
    last = _last_repetition(message)
    address = to or last.recipient
    if not last.recipient or last.state == State.LEASED:
        raise NotRepeatable(_("This message cannot be sent again now."))
    if stop := suppressing.find(scope=suppressing.scope_of(last.subjects), address=address):
        raise AddressSuppressed(
            _("Nothing is sent to this address any more. Correct the address, or allow it again."),
            since=stop.since,
        )
    if last.state in WAITING and address == last.recipient:
        Message.objects.filter(pk=last.pk).update(not_before=Now())
        bell.ring(outbox.LOOK)
        return last
    if last.state in WAITING:
        _withdraw(last, reason="address_corrected")
    # An uncertain one is not repeated by the program once a person has repeated it.
    Message.objects.filter(pk=last.pk).uncertain().update(expires_at=Now())
    outbox.enqueue(
        key=_repetition_key(last),
        kind=last.kind,
        to=address,
        to_name=last.recipient_name,
        language=last.language,
        template=last.template,
        snapshot=last.snapshot,
        subjects=last.subjects,
        care=last.care,
        priority=last.priority,
        expires_at=last.expires_at if last.expires_at and last.expires_at > at else None,
        enclosures=last.enclosures,
        thread=last.thread,
        reply_to=last.reply_to,
        sender_name=last.sender_name,
        unsubscribe_url=last.unsubscribe_url,
        is_asked_for=True,
    )
    journal.record(
        by=by,
        at=at,
        action="message.resent",
        subjects=[*last.subjects, f"message:{last.pk}"],
        changes={"corrected_address": address != last.recipient},
    )
    return Message.objects.get(dedupe_key=_repetition_key(last))


@transaction.atomic(durable=True)
def settle(*, message: Message, at: datetime, by: Actor) -> bool:
    """
    Believe that an uncertain or failed message arrived: the organizer asked the person.

    Returns False where there was nothing to settle.
    """
    settled = (
        Message.objects.filter(pk=message.pk)
        .troubled()
        .update(state=State.SENT, sent_at=Now(), reason="settled_by_hand")
    )
    if settled:
        journal.record(
            by=by,
            at=at,
            action="message.settled",
            subjects=[*message.subjects, f"message:{message.pk}"],
        )
    return bool(settled)


@transaction.atomic(durable=True)
def take_back(*, message: Message, at: datetime, by: Actor) -> bool:
    """Stop one message that was not sent yet. Returns False where it was too late."""
    taken = _withdraw(message, reason="withdrawn_by_hand")
    if taken:
        journal.record(
            by=by,
            at=at,
            action="message.withdrawn",
            subjects=[*message.subjects, f"message:{message.pk}"],
        )
    return taken


def _withdraw(message: Message, *, reason: str) -> bool:
    """Take back one message, inside the caller's transaction."""
    return bool(
        Message.objects.filter(pk=message.pk)
        .withdrawable()
        .update(state=State.WITHDRAWN, reason=reason, lease_until=None)
    )


def _repetition_key(message: Message) -> str:
    return f"again:{message.pk}"


def _last_repetition(message: Message) -> Message:
    """The newest repetition of the message, or the message itself; its row is locked."""
    found = Message.objects.select_for_update().get(pk=message.pk)
    while repetition := (
        Message.objects.select_for_update().filter(dedupe_key=_repetition_key(found)).first()
    ):
        found = repetition
    return found
