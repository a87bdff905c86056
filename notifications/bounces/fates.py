"""Believing a report about a mail: once, in any order, and only over a lower one."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from notifications import suppressing
from notifications.models import RANKS, WAITING, Attempt, Cause, Fate, Message, Phase, State

logger = logging.getLogger(__name__)


def is_ours(message_id: UUID) -> bool:
    """Whether a mail of ours has that id."""
    return Message.objects.filter(message_id=message_id).exists()


def by_receipt(receipt: str) -> UUID | None:
    """The mail that a provider gave that name when it took it."""
    if not receipt:
        return None
    return Message.objects.filter(receipt=receipt).values_list("message_id", flat=True).first()


@transaction.atomic(durable=True)
def believe(
    *,
    message_id: UUID,
    fate: str,
    reason: str = "",
    is_hard: bool = False,
    code: int | None = None,
    reply: str = "",
    source: str,
) -> bool:
    """
    Note what is said to have become of a mail. `reason` is a key of EXPLANATIONS.

    Returns False, and changes nothing, for a mail that is not ours, and for a report that says
    nothing new: the same a hundred times, or "arrived" after "came back".
    """
    message = Message.objects.select_for_update().filter(message_id=message_id).first()
    if message is None or RANKS.index(Fate(message.fate)) >= RANKS.index(Fate(fate)):
        return False
    message.fate = fate
    match fate:
        case Fate.DELIVERED if message.state == State.AMBIGUOUS:
            # The uncertain is certain now.
            message.state, message.reason, message.sent_at = State.SENT, "", timezone.now()
        case Fate.BOUNCED if message.state in (State.SENT, State.AMBIGUOUS, *WAITING):
            message.state, message.reason = State.FAILED, reason
        case Fate.COMPLAINED:
            message.reason = "complained"
    message.save(update_fields=["fate", "state", "reason", "sent_at"])
    known = bool(message.recipient)
    Attempt.objects.create(
        message=message,
        number=message.lease_epoch,
        worker=source,
        started_at=Now(),
        phase=Phase.DONE,
        outcome=State.FAILED if fate == Fate.BOUNCED else State.SENT,
        code=code,
        # Of who was erased, nothing is kept that may quote him.
        reply=reply[:2000] if known else "",
    )
    if fate == Fate.COMPLAINED or (fate == Fate.BOUNCED and is_hard):
        cause = Cause.COMPLAINED if fate == Fate.COMPLAINED else Cause.BOUNCED
        suppressing.learn(message=message, cause=cause, reply=reply)
    logger.info("Message %s: %s, says %s", message.pk, fate, source)
    return True
