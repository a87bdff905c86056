"""
Delivery: from a row that is due to a mail that was accepted, and never twice in silence.

A worker leases rows for a while on the database's clock. Before the first word of a message
goes over the wire it asks the row once more whether the lease still holds (the fence); from
there until "accepted" is written down, nobody can know whether the mail arrived, and the
row says so. No transaction is open while a mail server is spoken to. docs/mail.md has the
states and the reasons.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Case, F, IntegerField, When
from django.db.models.functions import Now
from django.utils import timezone

from notifications import mime, relay, rendering, replies, smtp, suppressing
from notifications.models import Cause, Message, Phase, State
from notifications.relay import Access
from notifications.replies import Answer, Verdict

logger = logging.getLogger(__name__)

# Small enough that a worker who dies keeps little waiting, large enough to be cheap.
BATCH = 20
# A task that drains for longer lets others have the worker.
TURN_SECONDS = 60.0
# One for the batch it lay in, three with the message in hand.
MAX_LOSSES = 4

# One statement: two workers skip each other's rows, and the clock is the database's.
# Materialized, because a planner may run a plain subquery with LIMIT more than once.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM notifications_message
    WHERE state IN ('queued', 'deferred') AND not_before <= STATEMENT_TIMESTAMP()
      AND (expires_at IS NULL OR expires_at > STATEMENT_TIMESTAMP())
    ORDER BY priority, not_before, id
    LIMIT %s
    FOR UPDATE SKIP LOCKED
)
UPDATE notifications_message AS message
SET state = 'leased', phase = 'none', lease_epoch = lease_epoch + 1,
    lease_until = STATEMENT_TIMESTAMP() + make_interval(secs => %s)
FROM due WHERE message.id = due.id
RETURNING message.*
"""

# By hand, as the next one: they are asked for every mail, and building them takes longer
# than running them.
_FENCE = """
UPDATE notifications_message SET phase = 'data'
WHERE id = %s AND lease_epoch = %s AND state = 'leased' AND lease_until > STATEMENT_TIMESTAMP()
"""
# The result and the line of history in one statement, hence in one transaction. Knowledge
# beats uncertainty: a late answer counts as long as nobody else took the message up.
_WRITE_DOWN = """
WITH result AS (
    UPDATE notifications_message
    SET state = %(state)s, phase = %(phase)s, reason = %(reason)s, attempts = %(attempts)s,
        losses = 0, lease_until = NULL, subject_line = %(subject_line)s,
        not_before = COALESCE(STATEMENT_TIMESTAMP() + %(pause)s::interval, not_before),
        sent_at = CASE WHEN %(state)s = 'sent' THEN STATEMENT_TIMESTAMP() ELSE sent_at END
    WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('leased', 'queued', 'ambiguous')
)
INSERT INTO notifications_attempt
    (message_id, number, worker, started_at, phase, outcome, code, reply)
VALUES (%(id)s, %(epoch)s, %(worker)s, %(started_at)s, %(reached)s, %(state)s, %(code)s, %(reply)s)
"""


def claim(limit: int = BATCH) -> list[Message]:
    """Lease the most urgent messages that are due. Disjoint for all who ask at once."""
    rows = Message.objects.raw(_CLAIM, [limit, settings.MAIL_LEASE_SECONDS])
    return sorted(rows, key=lambda m: (m.priority, m.not_before, m.pk))


def drain(*, seconds: float = TURN_SECONDS) -> bool:
    """
    Deliver what is due until nothing is. Returns False if the turn ended before that.

    Any number of workers may drain at once.
    """
    over_at = time.monotonic() + seconds
    with smtp.Line() as line:
        while time.monotonic() < over_at:
            access = relay.access()
            if access is Access.CLOSED:
                return True
            batch = claim(1 if access is Access.KNOCK else BATCH)
            if not batch:
                return True
            _deliver(batch, line, knocks=access is Access.KNOCK)
    return False


def sweep() -> None:
    """
    Tidy up after workers that died and after time that passed. Idempotent; all may sweep.

    A lease that ran out before the first word is free again; one that ran out after it
    leaves a mail that may have arrived.
    """
    lost = Message.objects.lost()
    # Three deaths with the same message in hand are no accident any more.
    lost.before_words().filter(losses__gte=MAX_LOSSES).update(
        state=State.FAILED, reason="workers_die", lease_until=None
    )
    lost.before_words().update(
        state=State.QUEUED,
        lease_until=None,
        # Those that merely lay in the batch are counted once, to be watched from now on.
        losses=Case(
            When(phase=Phase.CONNECT, then=F("losses") + 1),
            When(losses=0, then=1),
            default=F("losses"),
            output_field=IntegerField(),
        ),
        phase=Phase.NONE,
    )
    lost.update(
        state=State.AMBIGUOUS,
        reason="worker_lost",
        lease_until=None,
        not_before=Now() + timedelta(seconds=settings.MAIL_UNCERTAIN_SECONDS),
    )
    Message.objects.too_late().update(state=State.EXPIRED, reason="too_late")
    Message.objects.to_be_repeated().update(
        state=State.QUEUED, phase=Phase.NONE, possible_duplicate=True
    )


def _deliver(batch: list[Message], line: smtp.Line, *, knocks: bool) -> None:
    """Deliver a batch. What the mail server has no ear for is put back, unharmed."""
    rest = list(batch)
    renew_at = time.monotonic() + settings.MAIL_LEASE_SECONDS / 3
    try:
        while rest:
            slow = time.monotonic() > renew_at
            answer = _attempt(rest.pop(0), line, renews=slow)
            if answer is None:
                continue
            if answer.verdict is Verdict.RELAY:
                relay.failed(answer, knocked=knocks)
                break
            if knocks and answer.spoken:
                relay.worked()
    finally:
        for message in rest:
            Message.objects.filter(pk=message.pk).held(epoch=message.lease_epoch).update(
                state=State.QUEUED, lease_until=None
            )


def _attempt(message: Message, line: smtp.Line, *, renews: bool) -> Answer | None:
    """Try one message. Returns what came of it, or None where it is not ours any more."""
    started_at = timezone.now()
    # A message whose worker died is marked before it is touched, a slow batch renewed.
    if (renews or message.losses) and not _take_up(message):
        return None
    try:
        content = _compose(message, started_at)
        sender = mime.address(settings.BOUNCE_ADDRESS or _sender())
        recipient = mime.address(message.recipient)
    except mime.UnusableAddress as error:
        answer = Answer(Verdict.FAILED, "address_unusable", None, str(error))
    except Exception as error:  # a letter that cannot be made must not hold up the next
        logger.exception("Message %s cannot be rendered", message.pk)
        words = f"{type(error).__name__}: {error}"
        answer = Answer(Verdict.FAILED, "not_rendered", None, words[:2000])
    else:
        try:
            answer = line.send(
                sender=sender, recipient=recipient, content=content, may_speak=_fence(message)
            )
        except smtp.Fenced:
            logger.info("Message %s was taken from us before it was sent", message.pk)
            return None
        except smtp.Broken as trouble:
            answer = trouble.answer
    _patiently(partial(_write_down, message, answer, started_at))
    if answer.reason == "mailbox_unknown":
        reply = f"{answer.code} {answer.text}"
        _patiently(partial(suppressing.learn, message=message, cause=Cause.BOUNCED, reply=reply))
    return answer


def _take_up(message: Message) -> bool:
    return bool(
        Message.objects.filter(pk=message.pk)
        .held(epoch=message.lease_epoch)
        .update(
            phase=Phase.CONNECT,
            lease_until=Now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS),
        )
    )


def _fence(message: Message) -> Callable[[], bool]:
    """The last question: is it still ours? Withdrawn, erased, taken over: then it is not."""

    def may_speak() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_FENCE, [message.pk, message.lease_epoch])
            return bool(cursor.rowcount)

    return may_speak


def _compose(message: Message, at: datetime) -> bytes:
    rendered = rendering.render(message)
    message.subject_line = rendered.subject[:500]
    envelope = mime.Envelope(
        message_id=message.message_id,
        domain=settings.MAIL_DOMAIN,
        sender=_sender(),
        sender_name=message.sender_name,
        recipient=message.recipient,
        recipient_name=message.recipient_name,
        reply_to=message.reply_to,
        language=message.language,
        thread=message.thread,
        unsubscribe_url=message.unsubscribe_url,
        date=at,
    )
    return mime.build(envelope, rendered)


def _sender() -> str:
    """The bare address of DEFAULT_FROM_EMAIL, which may carry a name."""
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("<")[2].rstrip("> ")


def _write_down(message: Message, answer: Answer, started_at: datetime) -> None:
    """Put on record what came of an attempt: the row and the line of its history together."""
    state, phase, pause = _outcome(message, answer, at=started_at)
    # Trouble of the mail server is nobody's fault: the attempt does not count.
    counts = answer.verdict is not Verdict.RELAY
    facts: dict[str, Any] = {
        "id": message.pk,
        "epoch": message.lease_epoch,
        "state": state,
        "phase": phase,
        "pause": pause,
        "reason": answer.reason,
        "attempts": message.attempts + counts,
        "subject_line": message.subject_line,
        "worker": f"{socket.gethostname()[:80]}:{os.getpid()}",
        "started_at": started_at,
        "reached": Phase.CONNECT if phase == Phase.NONE else phase,
        "code": answer.code,
        "reply": answer.text,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, facts)


def _outcome(
    message: Message, answer: Answer, *, at: datetime
) -> tuple[State, Phase, timedelta | None]:
    """The state an answer leads to, the phase it leaves behind, and how long until the next try."""
    match answer.verdict:
        case Verdict.RELAY:
            return State.QUEUED, Phase.NONE, None
        case Verdict.SENT:
            return State.SENT, Phase.DONE, None
        case Verdict.UNCERTAIN:
            uncertain_for = timedelta(seconds=settings.MAIL_UNCERTAIN_SECONDS)
            return State.AMBIGUOUS, Phase.DATA, uncertain_for
        case Verdict.SOON | Verdict.SLOWLY if not _is_given_up(message, at):
            pause = replies.wait(answer.verdict, message.attempts + 1, chance=_chance)
            return State.DEFERRED, Phase.NONE, pause
        case _:
            return State.FAILED, Phase.NONE, None


def _is_given_up(message: Message, at: datetime) -> bool:
    return message.expires_at is None and at > message.created_at + replies.GIVE_UP_AFTER


_chance = random.Random()  # noqa: S311 -- parts waves of retries, guards nothing


def _patiently(write: Callable[[], object]) -> None:
    """Write down a result though the database restarts: forgetting it would double the mail."""
    for pause in (0.5, 1, 2, 4, 8, 15):
        try:
            write()
        except (OperationalError, InterfaceError):
            logger.warning("A result could not be written down; trying again in %s s", pause)
            connection.close()
            time.sleep(pause)
        else:
            return
    write()
