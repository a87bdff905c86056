"""
The outbox: a letter is a row, written in the transaction of its cause.

What is written here leaves after the commit, at least once; what is rolled back was never
said. A key names the occasion, so that it is spoken of once.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Required, TypedDict, Unpack

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from notifications import bell, history, kinds, rendering, sparing, suppressing
from notifications.models import Attempt, Care, Message, MessageQuerySet, State

# JSON's word for NUL, and not a backslash that happens to stand before "u0000".
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
LOOK = "notifications.tasks.deliver"

# One statement and no savepoint: a parallel twin waits on the unique key, then does nothing.
_WRITE = """
INSERT INTO notifications_message (
    dedupe_key, kind, care, priority, subjects, recipient, recipient_name, reply_to,
    sender_name, language, template, template_version, snapshot, enclosures, thread,
    unsubscribe_url, message_id, not_before, expires_at, state, reason, phase, attempts,
    lease_epoch, possible_duplicate, subject_line
) VALUES (
    %s, %s, %s, %s, %s, %s, %s, %s,
    %s, %s, %s, 1, %s, %s, %s,
    %s, %s, COALESCE(%s, STATEMENT_TIMESTAMP()),
    COALESCE(%s, STATEMENT_TIMESTAMP() + %s::interval),
    CASE WHEN {stop} IS NULL THEN %s ELSE 'dropped' END, COALESCE({stop}, %s), 'none', 0,
    0, false, ''
) ON CONFLICT (dedupe_key) DO NOTHING
"""


# Why the address is not written to, as `suppressing.reason` has it; asked in the same breath.
_STOP = """(
    SELECT 'suppressed:' || to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD')
    FROM notifications_suppression
    WHERE lifted_at IS NULL AND scope = %s AND address = %s
)"""
# Or, of what goes to everybody: whether the mailbox was spared all that this is about.
_WRITE_TO_MANY = _WRITE.format(stop=f"COALESCE({_STOP}, {sparing.UNTOLD})")
_WRITE = _WRITE.format(stop=_STOP)


class Letter(TypedDict, total=False):
    """
    What is written. `template` names three files, `.subject.txt`, `.txt` and `.html`, which
    are rendered with `snapshot` (JSON, nothing else) when the letter is delivered.
    """

    key: Required[str]  # the occasion: "confirmed:<registration>:<version>"
    kind: Required[str]  # what lists and figures call it: "confirmed"
    to: Required[str]
    to_name: str
    language: Required[str]
    template: Required[str]
    snapshot: Required[Mapping[str, Any]]
    subjects: Required[Iterable[str]]  # "meeting:3", "registration:17"
    # notifications.kinds says both for each kind; a letter may know better.
    care: str  # "a": losing is worse than doubling; "b": the other way round
    priority: int  # lower goes first
    not_before: datetime | None
    expires_at: datetime | None
    enclosures: Iterable[str]  # names in settings.MAIL_ENCLOSURES
    thread: str  # letters with the same thread stand together in the mailbox
    reply_to: str
    sender_name: str  # the host, as the reader sees it
    unsubscribe_url: str  # takes a POST (RFC 8058)
    is_asked_for: bool  # somebody wants this very one: also a mailbox that is spared gets it


def enqueue(**letter: Unpack[Letter]) -> bool:
    """
    Write a letter in the caller's transaction; it leaves after the commit.

    Returns False, and writes nothing, when the key was used before.
    """
    if (moment := history.moment()) is not None:
        return _write_history(letter, at=moment)
    if not _write(letter, state=State.QUEUED, reason=""):
        return False
    bell.ring(LOOK)
    return True


def enqueue_many(letters: Iterable[Letter]) -> int:
    """
    Write many letters at once, as `enqueue` writes one; a key that was used before is passed
    over. Meant for thousands: nobody should wait behind them, so say a `priority`.

    Returns how many were written.
    """
    if history.moment() is not None:
        return sum(enqueue(**letter) for letter in letters)
    written = _write_many(letters, state=State.QUEUED, reason="")
    bell.ring(LOOK)
    return written


def drop_many(letters: Iterable[Letter], *, reason: str) -> int:
    """Put many letters on record as left out, as `drop` does one; returns how many."""
    return _write_many(letters, state=State.DROPPED, reason=reason)


def _write_many(letters: Iterable[Letter], *, state: State, reason: str) -> int:
    if not connection.in_atomic_block:
        raise RuntimeError("Letters belong to the transaction of their cause.")
    statements: dict[str, list[list[Any]]] = {}
    for letter in letters:
        rows = statements.setdefault(_statement(letter), [])
        rows.append(_row(letter, state=state, reason=reason))
    written = 0
    with connection.cursor() as cursor:
        for statement, rows in statements.items():
            cursor.executemany(statement, rows)
            written += cursor.rowcount
    return written


def preview(letter: Letter) -> rendering.Rendered:
    """
    The letter as it would be read now; nothing is written.

    :raises Exception: whatever a template or an enclosure raises
    """
    fields = ("reply_to", "sender_name", "unsubscribe_url")
    snapshot = json.dumps(dict(letter["snapshot"]), cls=DjangoJSONEncoder)
    message = Message(
        kind=letter["kind"],
        language=letter["language"],
        template=letter["template"],
        # As it comes back from the database.
        snapshot=json.loads(snapshot),
        enclosures=list(letter.get("enclosures", ())),
        **{field: letter.get(field, "") for field in fields},
    )
    return rendering.render(message)


def drop(*, reason: str, **letter: Unpack[Letter]) -> bool:
    """
    Put on record that a letter was left out on purpose, and why. The key is used up.

    Returns False when it was used before.
    """
    return _write(letter, state=State.DROPPED, reason=reason)


def _write_history(letter: Letter, *, at: datetime) -> bool:
    """A letter of a past that was only imagined: no worker ever sees it as one to send."""
    if not _write(letter, state=State.DROPPED, reason=""):
        return False
    history.stamp(
        key=letter["key"],
        template=letter["template"],
        snapshot=letter["snapshot"],
        language=letter["language"],
        at=at,
        due=letter.get("not_before"),
    )
    return True


def _write(letter: Letter, *, state: State, reason: str) -> bool:
    if not connection.in_atomic_block:
        raise RuntimeError("A letter belongs to the transaction of its cause.")
    with connection.cursor() as cursor:
        cursor.execute(_statement(letter), _row(letter, state=state, reason=reason))
        return bool(cursor.rowcount)


def _statement(letter: Letter) -> str:
    return _WRITE_TO_MANY if _asks_whether_spared(letter) else _WRITE


def _asks_whether_spared(letter: Letter) -> bool:
    return kinds.of(letter["kind"]).to_many and not letter.get("is_asked_for")


def _row(letter: Letter, *, state: State, reason: str) -> list[Any]:
    kind, address = kinds.of(letter["kind"]), letter["to"].lower()
    stop = [suppressing.scope_of(list(letter["subjects"])), address]
    if _asks_whether_spared(letter):
        stop += [letter.get("thread", ""), address]
    return [
        letter["key"],
        letter["kind"],
        Care(letter.get("care", kind.care)),
        letter.get("priority", kind.priority),
        json.dumps(list(letter["subjects"])),
        _storable(letter["to"]),
        _storable(letter.get("to_name", "")),
        _storable(letter.get("reply_to", "")),
        _storable(letter.get("sender_name", "")),
        letter["language"],
        letter["template"],
        # In plain letters, so that what cannot be stored is seen before it is escaped.
        _storable(json.dumps(dict(letter["snapshot"]), cls=DjangoJSONEncoder, ensure_ascii=False)),
        json.dumps(list(letter.get("enclosures", ()))),
        letter.get("thread", ""),
        letter.get("unsubscribe_url", ""),
        uuid.uuid4(),
        letter.get("not_before"),
        letter.get("expires_at"),
        kind.is_stale_after,
        *stop,
        state,
        *stop,
        reason[:300],
    ]


def _storable(text: str) -> str:
    """
    What PostgreSQL can keep: half a character or a NUL becomes "?".

    A letter must never roll back what it is about.
    """
    whole = text.encode("utf-8", "replace").decode()
    return _ESCAPED_NUL.sub(r"\1?", whole.replace("\x00", "?"))


def about(subject: str) -> MessageQuerySet:
    """Everything said about one row ("registration:17"), the newest first, for display."""
    return Message.objects.about(subject).newest_first()


def latest(subjects: Iterable[str], kinds: Iterable[str] | None = None) -> dict[str, Message]:
    """The newest letter about each of these rows, for display; nothing where there is none."""
    wanted = list(subjects)
    if not wanted:
        return {}
    # Each by itself: the index knows “contains”, not “has any of”.
    about_any = reduce(or_, (Q(subjects__contains=[subject]) for subject in wanted))
    found = Message.objects.filter(about_any).order_by("id")
    if kinds is not None:
        found = found.of_kinds(kinds)
    newest: dict[str, Message] = {}
    for message in found.defer("snapshot"):
        newest.update(dict.fromkeys(message.subjects, message))
    return {subject: newest[subject] for subject in wanted if subject in newest}


def withdraw(*, subject: str, kinds: Iterable[str] | None = None, reason: str) -> int:
    """
    Take back what was not sent yet, inside the caller's transaction. Returns how many.

    A letter that a worker already holds is stopped too, unless its words are on the wire.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Letters are withdrawn in the transaction of the cause.")
    messages = Message.objects.about(subject)
    if kinds is not None:
        messages = messages.of_kinds(kinds)
    # What is uncertain stays uncertain, but is not repeated.
    messages.uncertain().update(expires_at=Now())
    return messages.withdrawable().update(
        state=State.WITHDRAWN, reason=reason[:300], lease_until=None
    )


def forget(*, subject: str) -> int:
    """
    Erase person and words from everything said about one row; that it was said remains.

    What was not sent yet is withdrawn first. Returns how many messages were emptied.
    """
    withdraw(subject=subject, reason="erased")
    messages = Message.objects.about(subject)
    addresses = suppressing.known(subject=subject)
    Attempt.objects.filter(message__in=messages).update(reply="")
    emptied = messages.update(
        recipient="", recipient_name="", reply_to="", snapshot={}, unsubscribe_url="",
        subject_line="",
    )  # fmt: skip
    # Last: whoever learnt of one meanwhile held the message, and has let it go by now.
    suppressing.forget(addresses)
    return emptied
