"""Limits on what strangers may cause, counted in PostgreSQL so that they hold without Redis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.translation import ngettext

from accounts.refusals import Refused
from registrations.models import Throttle


class Throttled(Refused):
    code = "throttled"


def allows(key: str, *, limit: int, seconds: int, at: datetime) -> bool:
    """Count one hit in the current window of `seconds`; whether it is within the limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registrations_throttle (key, window_starts_at, hits) VALUES (%s, %s, 1)"
            " ON CONFLICT (key, window_starts_at)"
            " DO UPDATE SET hits = registrations_throttle.hits + 1 RETURNING hits",
            [key[:120], _window(at, seconds)],
        )
        return bool(cursor.fetchone()[0] <= limit)


def hit(key: str, *, limit: int, seconds: int, at: datetime) -> None:
    """
    Count one hit; atomic, so a burst cannot slip through.

    :raises Throttled: with `retry_after` in seconds
    """
    if not allows(key, limit=limit, seconds=seconds, at=at):
        wait = int((_window(at, seconds) + timedelta(seconds=seconds) - at).total_seconds()) + 1
        minutes = max(1, round(wait / 60))
        raise Throttled(
            ngettext(
                "Too many attempts from your network. Try again in %(n)s minute.",
                "Too many attempts from your network. Try again in %(n)s minutes.",
                minutes,
            )
            % {"n": minutes},
            retry_after=wait,
        )


def forgive(key: str, *, seconds: int, at: datetime) -> None:
    """Take one hit back: what was tried turned out to be right."""
    counter = Throttle.objects.filter(key=key[:120], window_starts_at=_window(at, seconds))
    counter.filter(hits__gt=0).update(hits=F("hits") - 1)


def hit_registration(*, meeting_id: int, address: str, at: datetime) -> None:
    """
    Count one attempt to register from an address. A ministry stands behind one address, so
    the limit (settings.REGISTRATIONS_PER_ADDRESS in ten minutes, a meeting) stops scripts only.

    :raises Throttled: with `retry_after` in seconds
    """
    limit = settings.REGISTRATIONS_PER_ADDRESS
    hit(f"register:{meeting_id}:{address}", limit=limit, seconds=600, at=at)


def forget(*, at: datetime) -> int:
    """Delete counters of windows long gone; return how many."""
    return Throttle.objects.filter(window_starts_at__lt=at - timedelta(days=2)).delete()[0]


def _window(at: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=UTC)
