"""What came of an attempt: the state an answer leads to, and how it is put on record."""

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

from notifications import kinds, replies
from notifications.models import Message, Phase, State
from notifications.replies import Answer, Verdict

logger = logging.getLogger(__name__)

# The result and the line of history in one statement, hence in one transaction. Knowledge
# beats uncertainty: a late answer counts as long as nobody else took the message up.
_WRITE_DOWN = """
WITH result AS (
    UPDATE notifications_message
    SET state = %(state)s::varchar, phase = %(phase)s, reason = %(reason)s, attempts = %(attempts)s,
        losses = 0, lease_until = NULL, subject_line = %(subject_line)s,
        receipt = CASE WHEN %(receipt)s::text = '' THEN receipt ELSE %(receipt)s::text END,
        not_before = COALESCE(STATEMENT_TIMESTAMP() + %(pause)s::interval, not_before),
        sent_at = CASE WHEN %(state)s::varchar = 'sent' THEN STATEMENT_TIMESTAMP() ELSE sent_at END
    WHERE id = %(id)s::bigint AND lease_epoch = %(epoch)s::int
        AND state IN ('leased', 'queued', 'ambiguous')
)
INSERT INTO notifications_attempt
    (message_id, number, worker, started_at, phase, outcome, code, reply)
VALUES (%(id)s::bigint, LEAST(%(epoch)s::int, 32767), %(worker)s, %(started_at)s, %(reached)s,
    %(state)s::varchar, %(code)s, %(reply)s)
"""


def write_down(message: Message, answer: Answer, started_at: datetime) -> None:
    """
    Put on record what came of an attempt: the row and the line of its history together.

    Though the database restarts meanwhile: forgetting a result would double the mail.
    """
    patiently(partial(_write_down, message, answer, started_at))


def _write_down(message: Message, answer: Answer, started_at: datetime) -> None:
    state, phase, pause = _outcome(message, answer)
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
        "receipt": answer.receipt[:200],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, facts)


def _outcome(message: Message, answer: Answer) -> tuple[State, Phase, timedelta | None]:
    """The state an answer leads to, the phase it leaves behind, and how long until the next try."""
    match answer.verdict:
        case Verdict.RELAY:
            return State.QUEUED, Phase.NONE, None
        case Verdict.SENT:
            return State.SENT, Phase.DONE, None
        case Verdict.UNCERTAIN:
            uncertain_for = timedelta(seconds=settings.MAIL_UNCERTAIN_SECONDS)
            return State.AMBIGUOUS, Phase.DATA, uncertain_for
        case Verdict.SOON | Verdict.SLOWLY | Verdict.STUMBLED if not _is_given_up(message):
            pause = replies.wait(answer.verdict, message.attempts + 1, chance=_chance)
            return State.DEFERRED, Phase.NONE, pause
        case _:
            return State.FAILED, Phase.NONE, None


def _is_given_up(message: Message) -> bool:
    """Both moments are the database's: a worker's own clock may be wrong."""
    patience = kinds.of(message.kind).gives_up_after
    if patience is None and message.expires_at is None:
        patience = kinds.THREE_DAYS
    claimed_at: datetime = message.claimed_at  # type: ignore[attr-defined]  # by the claim
    return patience is not None and claimed_at > message.created_at + patience


_chance = random.Random()  # noqa: S311 -- parts waves of retries, guards nothing


def patiently(write: Callable[[], object]) -> None:
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
