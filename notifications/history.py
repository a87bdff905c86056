"""
Letters of a past that did not happen on this server: on record as sent, and never sent.

A sample meeting goes through the same use cases as a real one, years back; its letters
must be there to be looked at, and no worker may deliver them, not even one that is
quicker than whoever loads the sample. So they are stamped in the transaction that
writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from notifications.models import Attempt, Message, Phase, State

WORKER = "sample"
TAKES = timedelta(seconds=7)
_moment: ContextVar[datetime | None] = ContextVar("moment_of_the_past", default=None)


@contextmanager
def past(at: datetime) -> Iterator[None]:
    """Inside, every letter that is written counts as sent at that moment."""
    token = _moment.set(at)
    try:
        yield
    finally:
        _moment.reset(token)


def moment() -> datetime | None:
    """The moment of the past that letters are written in; None in the present."""
    return _moment.get()


_STAMP = """
WITH stamped AS (
    UPDATE notifications_message SET
        state = %(sent)s, phase = %(done)s, attempts = 1, created_at = %(at)s,
        not_before = %(due)s, sent_at = %(sent_at)s, subject_line = %(subject)s
    WHERE dedupe_key = %(key)s RETURNING id
)
INSERT INTO notifications_attempt
    (message_id, number, worker, started_at, ended_at, phase, outcome, code, reply)
SELECT id, 1, %(worker)s, %(due)s, %(sent_at)s, %(done)s, %(sent)s, 250, '2.0.0 Ok' FROM stamped
"""


def stamp(
    *,
    key: str,
    template: str,
    snapshot: Mapping[str, Any],
    language: str,
    at: datetime,
    due: datetime | None,
) -> None:
    """Put a letter on record as sent then, in the transaction that has written it."""
    with translation.override(language):
        # A subject is plain text: nothing in it is escaped.
        words = get_template(f"{template}.subject.txt").template  # type: ignore[attr-defined]  # of Django's own engine
        subject = words.render(Context(dict(snapshot), autoescape=False))
    due = max(at, due or at)
    with connection.cursor() as cursor:
        cursor.execute(
            _STAMP,
            {
                "key": key,
                "at": at,
                "due": due,
                "sent_at": due + TAKES,
                "subject": " ".join(subject.split())[:500],
                "sent": State.SENT,
                "done": Phase.DONE,
                "worker": WORKER,
            },
        )


@transaction.atomic
def bounce(*, subject: str) -> int:
    """Let what was sent about one row have been refused by the other side; how many it was."""
    messages = list(Message.objects.about(subject).filter(state=State.SENT))
    for message in messages:
        message.state, message.reason, message.sent_at = State.FAILED, "mailbox_unknown", None
        message.save(update_fields=["state", "reason", "sent_at"])
        message.tries.update(
            outcome=State.FAILED, code=550, reply="5.1.1 The recipient's address is not known"
        )
    return len(messages)


@transaction.atomic
def retry(*, subject: str, after: timedelta) -> int:
    """Let what was sent about one row have been accepted at the second try only."""
    messages = list(Message.objects.about(subject).filter(state=State.SENT))
    for message in messages:
        assert message.sent_at is not None
        message.tries.update(
            outcome=State.DEFERRED, code=451, reply="4.7.1 Greylisted, please try again later"
        )
        message.attempts, message.sent_at = 2, message.sent_at + after
        message.save(update_fields=["attempts", "sent_at"])
        Attempt.objects.create(
            message=message,
            number=2,
            worker=WORKER,
            started_at=message.sent_at - TAKES,
            ended_at=message.sent_at,
            phase=Phase.DONE,
            outcome=State.SENT,
            code=250,
            reply="2.0.0 Ok",
        )
    return len(messages)
