"""
Nobody's mailbox is flooded through a public form: how much strangers may have us write to it.

Whoever types an address into a form need not own it. So the letters that strangers cause are
counted for each mailbox, over all meetings and whatever its spelling, in one row whose UPDATE
makes them queue up: of any number at once, exactly as many pass as may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

from accounts import links as keys
from notifications.models import Message, MessageQuerySet, Spared, State

# Why a letter was left out: a key of explanations.EXPLANATIONS.
REASON = "address_spared"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# One mailbox under several domains.
_SAME_DOMAIN = {"googlemail.com": "gmail.com"} | dict.fromkeys(
    ("ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "narod.ru"), "yandex.ru"
)
_MAY = """(
    COALESCE(s.times[%(an_hour)s] <= %(hour_ago)s, true)
    AND COALESCE(s.times[%(a_day)s] <= %(day_ago)s, true)
)"""
# In one order for all, so that nobody waits for somebody who waits for him.
_COUNT = f"""
INSERT INTO notifications_spared AS s (mailbox, times, went)
SELECT mailbox, ARRAY[%(at)s]::timestamptz[], true
FROM {{source}} unnest(%(mailboxes)s::text[]) AS mailbox ORDER BY mailbox
ON CONFLICT (mailbox) DO UPDATE SET
    went = {_MAY},
    times = CASE WHEN {_MAY} THEN (%(at)s::timestamptz || s.times)[1:%(a_day)s] ELSE s.times END,
    held_back = s.held_back + CASE WHEN {_MAY} THEN 0 ELSE 1 END,
    held_back_at = CASE WHEN {_MAY} THEN s.held_back_at ELSE %(at)s END
RETURNING mailbox, went
"""  # noqa: S608
# `REASON` where a letter is about something that the mailbox was spared all of; thread and
# address (in small letters) are the parameters. For the statement that writes a letter.
UNTOLD = f"""(
    SELECT spared.reason FROM notifications_message AS spared
    WHERE spared.reason = '{REASON}' AND spared.thread = %s
        AND lower(spared.recipient) = %s AND NOT EXISTS (
            SELECT FROM notifications_message AS told
            WHERE told.subjects @> spared.subjects AND told.recipient = spared.recipient
                AND told.state NOT IN ('dropped', 'withdrawn')
        )
    LIMIT 1
)"""  # noqa: S608


@dataclass(frozen=True)
class First:
    """A statement that counting hangs on: where it returns no row, nothing is counted."""

    statement: str
    values: Mapping[str, Any]


def mailbox(address: str) -> str:
    """
    The same for all spellings of an address that lead into one mailbox, as far as is known:
    case, tags after a plus, dots where they do not count, a domain in other letters.
    """
    local, _at, domain = address.strip().lower().rpartition("@")
    domain = domain.rstrip(".")
    # What is no domain, no mail can go to.
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    domain = _SAME_DOMAIN.get(domain, domain)
    local = local.strip('"').partition("+")[0] or local
    if domain == "gmail.com":
        local = local.replace(".", "")
    elif domain == "yandex.ru":
        local = local.replace(".", "-")
    return f"{local}@{domain}"


def held_back(addresses: Iterable[str], *, at: datetime) -> frozenset[str]:
    """
    Count one letter to each of these addresses, caused by a stranger, and return those that
    are not to be written to now: `settings.MAILS_AN_HOUR` and `MAILS_A_DAY` went already.

    Call it before anything else is locked: whoever is counted holds the mailbox's row until
    the end of the transaction.
    """
    by_mailbox = _by_mailbox(addresses)
    rows = _count(_COUNT.format(source=""), by_mailbox, at=at) if by_mailbox else []
    return _stopped(rows, by_mailbox)


def held_back_after(
    first: First, addresses: Iterable[str], *, at: datetime
) -> frozenset[str] | None:
    """
    The same in one statement with what comes first: None, and nothing counted, where that
    returned no row. There is at least one address.
    """
    by_mailbox = _by_mailbox(addresses)
    assert by_mailbox, "where nothing is counted, nothing says whether the first came to pass"
    statement = f"WITH first AS ({first.statement}) {_COUNT.format(source='first,')}"
    rows = _count(statement, by_mailbox, at=at, **first.values)
    return _stopped(rows, by_mailbox) if rows else None


def untold(thread: str, addresses: Iterable[str]) -> frozenset[str]:
    """Those of the addresses that were spared a letter of the thread, and had none since."""
    held = {to.lower() for to in _untold(thread).values_list("recipient", flat=True)}
    return frozenset(address for address in addresses if address.lower() in held)


def is_untold(*, thread: Combinable, address: OuterRef) -> Exists:
    """The same for rows that are asked: `thread` and `address` are columns of theirs."""
    return Exists(_untold(thread).annotate(to=Lower("recipient")).filter(to=Lower(address)))


def _untold(thread: str | Combinable) -> MessageQuerySet:
    """The letters of a thread of which a mailbox was spared all: as `UNTOLD` asks in SQL."""
    told = Message.objects.filter(
        subjects__contains=OuterRef("subjects"), recipient=OuterRef("recipient")
    ).exclude(state__in=[State.DROPPED, State.WITHDRAWN])
    return Message.objects.filter(~Exists(told), reason=REASON, thread=thread)


def forget(*, at: datetime) -> int:
    """Delete what counts no longer; return how many rows."""
    old = at - 2 * DAY
    rows = Spared.objects.filter(Q(held_back_at=None) | Q(held_back_at__lt=old))
    return rows.annotate(last=F("times__0")).filter(last__lt=old).delete()[0]


def _by_mailbox(addresses: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for address in filter(None, addresses):
        found.setdefault(keys.token("mailbox", mailbox(address), 0), set()).add(address)
    return found


def _count(
    statement: str, by_mailbox: Mapping[str, set[str]], *, at: datetime, **values: Any
) -> list[tuple[str, bool]]:
    if not connection.in_atomic_block:
        raise RuntimeError("A letter is counted in the transaction of its cause.")
    values |= {
        "mailboxes": list(by_mailbox), "at": at, "hour_ago": at - HOUR, "day_ago": at - DAY,
        "an_hour": settings.MAILS_AN_HOUR, "a_day": settings.MAILS_A_DAY,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _stopped(
    rows: Iterable[tuple[str, bool]], by_mailbox: Mapping[str, set[str]]
) -> frozenset[str]:
    return frozenset().union(*(by_mailbox[mailbox] for mailbox, went in rows if not went))
