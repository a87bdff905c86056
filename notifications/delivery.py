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
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, IntegerField, When
from django.db.models.functions import Now
from django.utils import timezone

from notifications import composing, epoch, mime, rates, relay, results, suppressing, transport
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

# How long a worker waits for a token before it lets others have the worker (seconds).
PATIENCE = 2.0

# One statement: two workers skip each other's rows, and the clock is the database's.
# Materialized, because a planner may run a plain subquery with LIMIT more than once.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM notifications_message
    WHERE state IN ('queued', 'deferred') AND not_before <= STATEMENT_TIMESTAMP()
      AND (expires_at IS NULL OR expires_at > STATEMENT_TIMESTAMP())
      AND lower(split_part(recipient, '@', 2)) <> ALL(%s::text[])
    ORDER BY priority, not_before, id
    LIMIT %s
    FOR UPDATE SKIP LOCKED
)
UPDATE notifications_message AS message
SET state = 'leased', phase = 'none', lease_epoch = lease_epoch + 1,
    lease_until = STATEMENT_TIMESTAMP() + make_interval(secs => %s)
FROM due WHERE message.id = due.id
RETURNING message.*, STATEMENT_TIMESTAMP() AS claimed_at
"""

# By hand: it is asked for every mail, and building it takes longer than running it.
_FENCE = """
UPDATE notifications_message SET phase = 'data'
WHERE id = %s AND lease_epoch = %s AND state = 'leased' AND lease_until > STATEMENT_TIMESTAMP()
"""


def claim(limit: int = BATCH, *, but: Sequence[str] = ()) -> list[Message]:
    """
    Lease the most urgent messages that are due. Disjoint for all who ask at once.

    `but` names domains that must wait.
    """
    rows = Message.objects.raw(_CLAIM, [list(but), limit, settings.MAIL_LEASE_SECONDS])
    return sorted(rows, key=lambda m: (m.priority, m.not_before, m.pk))


def drain(*, seconds: float = TURN_SECONDS) -> bool:
    """
    Deliver what is due until nothing is. Returns False if the turn ended before that.

    Any number of workers may drain at once.
    """
    over_at = time.monotonic() + seconds
    spoke = False
    try:
        with transport.line() as line:
            while time.monotonic() < over_at:
                if not epoch.may_send():
                    return True
                closed = rates.closed()
                access = Access.CLOSED if closed.relay else relay.access()
                batch: list[Message] = []
                since = time.monotonic()
                if access is not Access.CLOSED:
                    batch = claim(1 if access is Access.KNOCK else BATCH, but=closed.domains)
                if batch:
                    spoke |= _deliver(batch, line, knocks=access is Access.KNOCK)
                elif not _is_worth_waiting(closed):
                    return True
                else:
                    # For more than one token, so that a batch is worth its claim, which has
                    # to look past all that waits in a full lane.
                    time.sleep(max(0.2, closed.opens_in, 3 * (time.monotonic() - since)))
    finally:
        # A copy of the database made in the midst of the last batch is behind from here on.
        if spoke:
            epoch.advance()
    return False


def _is_worth_waiting(closed: rates.Closed) -> bool:
    """Whether something is due that only lacks a token, and there will be one very soon."""
    if not (closed.relay or closed.domains) or closed.opens_in > PATIENCE:
        return False
    return relay.trouble() is None and Message.objects.due().exists()


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
    # What a restored backup calls uncertain may have been settled since.
    if epoch.may_send():
        Message.objects.to_be_repeated().update(
            state=State.QUEUED, phase=Phase.NONE, possible_duplicate=True
        )
    rates.forget_idle()


def _deliver(batch: list[Message], line: transport.Line, *, knocks: bool) -> bool:
    """
    Deliver a batch. What has no token, or the mail server has no ear for, is put back unharmed.

    Returns whether anything may have been sent.
    """
    rest, without_token = rates.share_out(batch)
    _put_back(without_token)
    # In the database and outside of it, before the first word: see notifications.epoch.
    if not rest or not epoch.advance():
        _put_back(rest)
        return False
    renew_at = time.monotonic() + settings.MAIL_LEASE_SECONDS / 3
    try:
        while rest:
            slow = time.monotonic() > renew_at
            answer = _attempt(rest.pop(0), line, renews=slow)
            if answer is None:
                continue
            if answer.blames_relay:
                relay.failed(answer, knocked=knocks)
                break
            if knocks and answer.spoken:
                relay.worked()
    finally:
        _put_back(rest)
    return True


def _put_back(messages: list[Message]) -> None:
    """Let go of messages that were not tried: another worker, or a later moment, has them."""
    for lease_epoch in {message.lease_epoch for message in messages}:
        pks = [message.pk for message in messages if message.lease_epoch == lease_epoch]
        Message.objects.filter(pk__in=pks).held(epoch=lease_epoch).update(
            state=State.QUEUED, lease_until=None
        )


def _attempt(message: Message, line: transport.Line, *, renews: bool) -> Answer | None:
    """Try one message. Returns what came of it, or None where it is not ours any more."""
    started_at = timezone.now()
    # A message whose worker died is marked before it is touched, a slow batch renewed.
    if (renews or message.losses) and not _take_up(message):
        return None
    try:
        content = composing.compose(message, started_at)
        sender = mime.address(settings.BOUNCE_ADDRESS or composing.sender())
        recipient = mime.address(message.recipient)
    except mime.UnusableAddress as error:
        answer = Answer(Verdict.FAILED, "address_unusable", None, str(error))
    except composing.TooLarge as error:
        answer = Answer(Verdict.FAILED, "too_large", None, str(error))
    except Exception as error:  # a letter that cannot be made must not hold up the next
        logger.exception("Message %s cannot be rendered", message.pk)
        words = f"{type(error).__name__}: {error}"
        answer = Answer(Verdict.FAILED, "not_rendered", None, words[:2000])
    else:
        try:
            answer = line.send(
                sender=sender, recipient=recipient, content=content, may_speak=_fence(message)
            )
        except transport.Fenced:
            logger.info("Message %s was taken from us before it was sent", message.pk)
            return None
        except transport.Broken as trouble:
            answer = trouble.answer
    results.write_down(message, answer, started_at)
    if answer.reason == "mailbox_unknown":
        reply = f"{answer.code} {answer.text}"
        results.patiently(
            partial(suppressing.learn, message=message, cause=Cause.BOUNCED, reply=reply)
        )
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
