"""The post office's tasks: wake-ups without payload, harmless in any number."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from notifications import bell, delivery, outbox
from notifications.bounces import mailbox
from notifications.models import Tick
from notifications.webhooks import keeping, telling

logger = logging.getLogger(__name__)


@shared_task
def deliver() -> None:
    """Deliver what is due. The scheduler asks every few seconds, the bell at once."""
    delivery.sweep()
    if not delivery.drain():
        # Others want the worker too: go on at the next turn.
        bell.ring(outbox.LOOK)


@shared_task
def tell() -> None:
    """Tell webhooks what they wait for; in a queue of its own, so that mail has its own turn."""
    telling.sweep()
    if not telling.drain():
        bell.ring(keeping.LOOK)


@shared_task
def read_bounces() -> None:
    """Read the mailbox of mails that came back, where there is one."""
    if not settings.BOUNCE_MAILBOX:
        return
    try:
        mailbox.read(settings.BOUNCE_MAILBOX)
    except mailbox.NoMailbox as error:
        logger.error("Cannot read what came back: %s", error)


@shared_task
def tick() -> None:
    """Leave a sign of life."""
    Tick.objects.bulk_create(
        [Tick(name="worker", at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )
