"""Who did what, through which door, when: written in the transaction that did it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from accounts.models import JournalEntry, User, Via


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: an organizer, the holder of a link, or the program itself."""

    who: str
    via: str
    user: User | None = None


# Plain SQL: everything that happens writes a line, and making this costs more than running it.
_WRITE = """
INSERT INTO accounts_journalentry (at, user_id, who, via, action, subjects, changes)
VALUES (%s, %s, %s, %s, %s, %s::varchar[], %s)
"""

SYSTEM = Actor(who="Yavka", via=Via.SYSTEM)
PUBLIC = Actor(who="visitor", via=Via.PUBLIC)


def organizer(user: User, via: str = Via.UI) -> Actor:
    """The actor for a signed-in organizer."""
    return Actor(who=user.email, via=via, user=user)


def record(
    *,
    by: Actor,
    at: datetime,
    action: str,
    subjects: list[str],
    changes: dict[str, Any] | None = None,
) -> None:
    """
    Add one line to the journal, inside the caller's transaction.

    `subjects` are written "kind:id", widest first ("meeting:3", "registration:17").
    `changes` holds JSON; personal data does not belong in it, field names do.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A journal line belongs to the transaction that it describes.")
    row = [
        at,
        by.user.pk if by.user else None,
        by.who,
        by.via,
        action,
        subjects,
        json.dumps(changes or {}, cls=DjangoJSONEncoder),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, row)


@dataclass(frozen=True)
class Line:
    """What one of many lines of the same moment says."""

    action: str
    subjects: list[str]
    changes: Mapping[str, Any]


def record_many(lines: Iterable[Line], *, by: Actor, at: datetime) -> None:
    """Add a line for each of many, as `record` does, in a few statements."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Journal lines belong to the transaction that they describe.")
    JournalEntry.objects.bulk_create(
        (
            JournalEntry(
                at=at,
                user=by.user,
                who=by.who,
                via=by.via,
                action=line.action,
                subjects=line.subjects,
                changes=dict(line.changes),
            )
            for line in lines
        ),
        batch_size=1000,
    )
