"""
Letters of a past that did not happen on this server: on record as sent, and never sent.

A sample meeting goes through the same use cases as a real one, years back; its letters
must be there to be looked at, and no worker may deliver them, not even one that is
quicker than whoever loads the sample. So they are stamped in the transaction that
writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.db import transaction
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


def stamp(key: str, *, at: datetime, due: datetime | None) -> None:
    """Put the letter on record as sent then, in the transaction that writes it."""
    message = Message.objects.get(dedupe_key=key)
    message.created_at = at
    message.not_before = max(at, due or at)
    message.sent_at = message.not_before + TAKES
    message.state, message.phase, message.attempts = State.SENT, Phase.DONE, 1
    message.subject_line = _subject(message)
    message.save(
        update_fields=[
            "state", "phase", "attempts", "created_at", "not_before", "sent_at", "subject_line",
        ]
    )  # fmt: skip
    _note(message, number=1, at=message.sent_at, outcome=State.SENT, code=250, reply="2.0.0 Ok")


@transaction.atomic
def bounce(*, subject: str) -> int:
    """Let what was sent about one row have been refused by the other side; how many it was."""
    messages = list(Message.objects.about(subject).filter(state=State.SENT))
    for message in messages:
        message.state, message.reason, message.sent_at = State.FAILED, "rejected", None
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
        _note(message, number=2, at=message.sent_at, outcome=State.SENT, code=250, reply="2.0.0 Ok")
    return len(messages)


def _note(
    message: Message, *, number: int, at: datetime, outcome: str, code: int, reply: str
) -> None:
    Attempt.objects.create(
        message=message,
        number=number,
        worker=WORKER,
        started_at=at - timedelta(seconds=1),
        ended_at=at,
        phase=Phase.DONE,
        outcome=outcome,
        code=code,
        reply=reply,
    )


def _subject(message: Message) -> str:
    with translation.override(message.language):
        # A subject is plain text: nothing in it is escaped.
        words = get_template(f"{message.template}.subject.txt").template  # type: ignore[attr-defined]  # of our engine
        context = Context(message.snapshot, autoescape=False)
        return " ".join(words.render(context).split())[:500]
