"""
The same request twice is one request: the key goes into a table, in the request's own transaction.

Compatible with the IETF draft "The Idempotency-Key HTTP Header Field" (-07, 2025).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from accounts.refusals import Refused
from registrations.models import IdempotencyKey

KEPT = timedelta(hours=48)
# Returns a row where the key is new.
CLAIM = """
INSERT INTO registrations_idempotencykey (scope, key, body_hash, answer, created_at)
VALUES (%(scope)s, %(key)s, %(body_hash)s, %(answer)s, %(claimed_at)s)
ON CONFLICT (scope, key) DO NOTHING RETURNING true
"""


class KeyReused(Refused):
    code = "key_reused"


class StillRunning(Refused):
    code = "still_running"


@dataclass(frozen=True)
class Claim:
    """A key, the place it is valid for, and the body it came with."""

    scope: str
    key: str
    body: Any

    @property
    def body_hash(self) -> bytes:
        text = json.dumps(self.body, sort_keys=True, ensure_ascii=False, default=str)
        # JSON may hold half a surrogate pair; a hash must not stumble over it.
        return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def new_key() -> str:
    """A key for a form that is shown once."""
    return uuid.uuid4().hex


def begin(claim: Claim | None, *, answer: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """
    Claim the key for this transaction, with the answer that it is about to give (JSON).

    Return the first answer if there is one already.

    A twin that is under way elsewhere is waited for, as long as the database waits for
    any lock (5 s).

    :raises KeyReused: the key came before with another body
    :raises StillRunning: the twin is not done yet
    """
    if claim is None:
        return None
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A key is claimed in the transaction that it protects.")
    with waiting(), connection.cursor() as cursor:
        cursor.execute(CLAIM, values(claim, answer=answer, at=at))
        if cursor.rowcount:
            return None
    return first_answer(claim)


def values(claim: Claim, *, answer: dict[str, Any], at: datetime) -> dict[str, Any]:
    """What `CLAIM` is made with."""
    return {
        "scope": claim.scope,
        "key": claim.key,
        "body_hash": claim.body_hash,
        "answer": json.dumps(answer),
        "claimed_at": at,
    }


@contextmanager
def waiting() -> Iterator[None]:
    """:raises StillRunning: the twin that `CLAIM` waited for is not done yet"""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise StillRunning(
                _("The same request is still being worked on. Try again in a moment."),
                retry_after=5,
            ) from error
        raise


def first_answer(claim: Claim) -> dict[str, Any]:
    """
    The answer of the request that had the key before.

    :raises KeyReused: it came with another body
    """
    row = IdempotencyKey.objects.get(scope=claim.scope, key=claim.key)
    if bytes(row.body_hash) != claim.body_hash:
        raise KeyReused(_("This key was used before for something else. Use a new one."))
    assert row.answer is not None, "a key is committed together with its answer"
    return dict(row.answer)


def answer_of(claim: Claim | None) -> dict[str, Any] | None:
    """The answer that is kept for this very request, if it was given already."""
    if claim is None:
        return None
    row = IdempotencyKey.objects.filter(
        scope=claim.scope, key=claim.key, body_hash=claim.body_hash
    ).first()
    return dict(row.answer) if row and row.answer else None


def correct(claim: Claim | None, *, answer: dict[str, Any]) -> None:
    """Put right the answer that was announced; in the transaction that claimed the key."""
    if claim is not None:
        IdempotencyKey.objects.filter(scope=claim.scope, key=claim.key).update(answer=answer)


def forget(*, at: datetime) -> int:
    """Delete keys older than 48 hours; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=at - KEPT).delete()[0]
