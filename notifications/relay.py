"""
The circuit breaker over the mail server, shared by all workers through one row.

While the server has no ear for anybody, messages wait without losing attempts, and one
worker at a time knocks with one message.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from notifications import replies
from notifications.models import Relay
from notifications.replies import Answer

logger = logging.getLogger(__name__)

# Whoever knocks has this long before another may; a worker can die at the door.
KNOCK = timedelta(seconds=60)


class Access(Enum):
    OPEN = "open"
    KNOCK = "knock"  # one message, to see whether the server is back
    CLOSED = "closed"


def name() -> str:
    """What the relay's row and bucket are called."""
    if settings.EMAIL_TRANSPORT == "api":
        return str(settings.EMAIL_PROVIDER)
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT or 25}"


def access() -> Access:
    """Whether to send now. KNOCK is given to one worker at a time."""
    if trouble() is None:
        return Access.OPEN
    knocks = Relay.objects.filter(name=name(), probe_at__lte=Now()).update(probe_at=Now() + KNOCK)
    return Access.KNOCK if knocks else Access.CLOSED


def trouble() -> Relay | None:
    """The mail server's row while it takes no mail: since when, and what it said last."""
    return Relay.objects.filter(name=name(), failures__gt=0).first()


def failed(answer: Answer, *, knocked: bool) -> None:
    """Leave the server alone for a while. Only a knock makes the wait longer."""
    with transaction.atomic():
        Relay.objects.bulk_create([Relay(name=name())], ignore_conflicts=True)
        row = Relay.objects.select_for_update().get(name=name())
        if row.failures and not knocked:
            return
        Relay.objects.filter(pk=row.pk).update(
            failures=row.failures + 1,
            probe_at=Now()
            + max(replies.next_probe(row.failures + 1), answer.patience or timedelta(0)),
            troubled_since=row.troubled_since or Now(),
            reply=f"{answer.code or ''} {answer.text}".strip(),
            needs_admin=answer.needs_admin,
        )
    if answer.needs_admin:
        logger.critical(
            "The mail server %s will not take our mail until its settings are right: %s %s",
            name(),
            answer.code,
            answer.text,
        )
        return
    logger.error("The mail server %s takes no mail: %s %s", name(), answer.code, answer.text)


def worked() -> None:
    """The server took a message, or refused that one message only: it is back."""
    if Relay.objects.filter(name=name(), failures__gt=0).update(
        failures=0, probe_at=None, troubled_since=None, reply="", needs_admin=False
    ):
        logger.warning("The mail server %s takes mail again", name())
