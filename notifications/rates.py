"""
How much may leave: a bucket of tokens for the mail server and for each lane of receivers.

A lane is a family of domains with one house behind it (mail.ru, Yandex, Gmail), or a domain.
The buckets are rows that all workers share. Whoever finds no token in its lane is put back
as it was, and the claim passes its lane by until there is one: nobody else waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from notifications import relay
from notifications.models import Bucket, Message

FAMILIES = {
    "mail.ru": ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "xmail.ru"),
    "yandex": (
        *("yandex.ru", "ya.ru", "yandex.com", "narod.ru"),
        *("yandex.by", "yandex.kz", "yandex.uz", "yandex.ua", "yandex.com.tr"),
    ),
    "gmail": ("gmail.com", "googlemail.com"),
}
_FAMILY_OF = {domain: family for family, domains in FAMILIES.items() for domain in domains}
# A bucket holds what so many seconds bring: enough to begin at once, little to be blamed for.
BURST_SECONDS = 10.0
# Domains that nobody has written to for so long are forgotten.
FORGOTTEN_AFTER = timedelta(days=1)

# The clock is read again for whoever had to wait for the row.
_LOOK_IN = """
SELECT lane, tokens, filled_at, CLOCK_TIMESTAMP() FROM notifications_bucket
WHERE lane = ANY(%s) ORDER BY lane FOR UPDATE
"""


@dataclass(frozen=True)
class Closed:
    """What has no token now: the mail server as a whole, and the domains of full lanes."""

    relay: bool = False
    domains: tuple[str, ...] = ()
    opens_in: float = 0.0  # seconds until the first of them has one again


def lane(recipient: str) -> str:
    """The family of the recipient's domain, or the domain."""
    domain = recipient.rpartition("@")[2].lower()[:255]
    return _FAMILY_OF.get(domain, domain)


def per_second(lane: str) -> float:
    """How much a lane takes; 0 where it is not limited."""
    rates: dict[str, float] = settings.MAIL_RATES
    if lane == _relay():
        return rates.get("relay", 0) / 60
    return rates.get(lane, 0 if lane in FAMILIES else rates.get("other", 0)) / 60


def closed() -> Closed:
    """Which lanes must wait, on the database's clock."""
    if not settings.MAIL_RATES:
        return Closed()
    rows = Bucket.objects.filter(ready_at__gt=Now()).annotate(now=Now())
    waits = {
        row.lane: (row.ready_at - row.now).total_seconds() for row in rows if per_second(row.lane)
    }
    domains = [d for name in waits for d in FAMILIES.get(name, (name,)) if name != _relay()]
    return Closed(
        relay=_relay() in waits, domains=tuple(domains), opens_in=min(waits.values(), default=0.0)
    )


def share_out(batch: list[Message]) -> tuple[list[Message], list[Message]]:
    """
    Take a token for each message while there are any: those that go now, and the others.

    The first of the batch are served first; one whose lane is empty takes nobody's place.
    """
    lanes = {message.pk: _lanes(message) for message in batch}
    wanted = sorted({name for names in lanes.values() for name in names})
    if not wanted:
        return batch, []
    Bucket.objects.bulk_create(
        [Bucket(lane=name, tokens=_burst(name)) for name in wanted], ignore_conflicts=True
    )
    with transaction.atomic():
        tokens, at = _look_in(wanted)
        taken: Counter[str] = Counter()
        go, wait = [], []
        for message in batch:
            names = lanes[message.pk]
            if all(tokens[name] - taken[name] >= 1 for name in names):
                taken.update(names)
                go.append(message)
            else:
                wait.append(message)
        Bucket.objects.bulk_update(
            [_left(name, tokens[name] - taken[name], at) for name in wanted],
            ["tokens", "filled_at", "ready_at"],
        )
    return go, wait


def forget_idle() -> None:
    """Forget domains that are not written to any more: their buckets are full anyway."""
    Bucket.objects.filter(filled_at__lt=Now() - FORGOTTEN_AFTER).delete()


def _relay() -> str:
    # A space, which no domain holds.
    return f"relay {relay.name()}"


def _lanes(message: Message) -> list[str]:
    return [name for name in (_relay(), lane(message.recipient)) if per_second(name)]


def _burst(lane: str) -> float:
    return max(1.0, per_second(lane) * BURST_SECONDS)


def _look_in(lanes: Iterable[str]) -> tuple[dict[str, float], datetime]:
    """Lock the buckets, always in the same order, and see what is in them by now."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_IN, [list(lanes)])
        rows = cursor.fetchall()
    at = max(row[3] for row in rows)
    tokens = {}
    for name, held, filled_at, _now in rows:
        since = max(0.0, (at - filled_at).total_seconds())
        tokens[name] = min(_burst(name), held + per_second(name) * since)
    return tokens, at


def _left(lane: str, tokens: float, at: datetime) -> Bucket:
    lacking = max(0.0, 1 - tokens)
    ready_at = at + timedelta(seconds=lacking / per_second(lane))
    return Bucket(lane=lane, tokens=tokens, filled_at=at, ready_at=ready_at)
