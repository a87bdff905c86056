"""
Delivering what webhooks are to be told: leases in PostgreSQL, HTTP in threads.

As mails go (`notifications.delivery`), with one difference: a receiver knows repetitions by
their id, so whatever is uncertain is simply told again. Somebody else's slow server holds up
nobody: five seconds, few at a time of one webhook, and one turn at a time of all workers, so
that mails keep theirs.
"""

from __future__ import annotations

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string

from notifications.models import (
    TO_TELL,
    Delivery,
    DeliveryAttempt,
    HookState,
    Pause,
    Told,
    Webhook,
)
from notifications.webhook_rows import TEST
from notifications.webhooks import posting, signing
from notifications.webhooks.posting import Reply

logger = logging.getLogger(__name__)

BATCH, AT_ONCE, OF_ONE = 16, 8, 4
TURN_SECONDS = 20.0
# Above what a batch may take: two rounds of five seconds, and slow name servers.
LEASE = timedelta(seconds=90)
MOST_FAILURES = 50
GIVE_UP_AFTER = timedelta(days=1)
KEPT = timedelta(days=30)
_STEPS = [timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240, 360)]
_FIRST_REST, _LAST_REST = timedelta(seconds=15), timedelta(minutes=10)

# At most a few of one webhook; of one that failed, a single one after its rest. A test is
# made although the webhook is paused: that is what it is for. While somebody else's lease
# stands, nobody takes anything: webhooks have one turn, mails have all the others.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.id,
        row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.not_before, d.id) AS turn,
        h.failures, d.kind = %(test)s AS is_test
    FROM notifications_delivery d JOIN notifications_webhook h ON h.id = d.webhook_id
    WHERE d.state IN ('queued', 'deferred') AND d.not_before <= STATEMENT_TIMESTAMP()
      AND (d.kind = %(test)s AND h.state <> 'removed' OR h.state = 'active'
           AND (h.rests_until IS NULL OR h.rests_until <= STATEMENT_TIMESTAMP()))
      AND NOT EXISTS (SELECT FROM notifications_delivery busy
                      WHERE busy.state = 'leased' AND busy.lease_until > STATEMENT_TIMESTAMP())
), taken AS MATERIALIZED (
    SELECT d.id FROM notifications_delivery d JOIN due ON due.id = d.id
    WHERE due.turn <= CASE WHEN due.failures > 0 AND NOT due.is_test THEN 1 ELSE %(of_one)s END
      AND d.state IN ('queued', 'deferred')
    ORDER BY d.not_before, d.id
    LIMIT %(batch)s
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE notifications_delivery AS delivery
SET state = 'leased', lease_epoch = lease_epoch + 1,
    lease_until = STATEMENT_TIMESTAMP() + %(lease)s
FROM taken WHERE delivery.id = taken.id
RETURNING delivery.*
"""


def drain(*, seconds: float = TURN_SECONDS) -> bool:
    """Tell what is due until nothing is. Returns False if the turn ended before that."""
    over_at = time.monotonic() + seconds
    while time.monotonic() < over_at:
        batch = claim()
        if not batch:
            return True
        _tell(batch)
    return False


def claim() -> list[Delivery]:
    """Lease what is due. Disjoint for all who ask at once."""
    said = {"test": TEST, "of_one": OF_ONE, "batch": BATCH, "lease": LEASE}
    rows = list(Delivery.objects.raw(_CLAIM, said))
    hooks = Webhook.objects.in_bulk({row.webhook_id for row in rows})
    for row in rows:
        row.webhook = hooks[row.webhook_id]
    return rows


def sweep() -> None:
    """Take up what workers let fall, give up what is too old, forget what nobody reads."""
    Delivery.objects.lost().update(
        state=Told.DEFERRED, lease_until=None, trouble="worker_lost", not_before=Now()
    )
    # What waits for a paused webhook waits with it.
    waiting = Delivery.objects.filter(state__in=TO_TELL, expires_at__lte=Now())
    waiting.exclude(Q(webhook__state=HookState.PAUSED) & ~Q(kind=TEST)).update(
        state=Told.FAILED, trouble="too_late"
    )
    Delivery.objects.filter(created_at__lt=Now() - KEPT).exclude(state=Told.LEASED).delete()
    # By now no transaction is left that may have seen it before it was removed.
    Webhook.objects.filter(
        state=HookState.REMOVED, changed_at__lt=Now() - timedelta(days=1)
    ).delete()


def _tell(batch: list[Delivery]) -> None:
    # The threads touch no row: they have no connection to leave behind.
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        asked = {}
        for delivery in batch:
            now = timezone.now()
            content = signing.body(delivery)
            headers = signing.headers(delivery, content, at=now)
            job = pool.submit(posting.post, delivery.webhook.url, content, headers)
            asked[job] = (delivery, now)
        for job in as_completed(asked):
            delivery, began = asked[job]
            _write_down(delivery, job.result(), at=began)


@transaction.atomic(durable=True)
def _write_down(delivery: Delivery, reply: Reply, *, at: datetime) -> None:
    """The answer, its line in the log, and what it means for the webhook, together."""
    # Always first the webhook, then the delivery: as everybody else who locks both.
    hook = Webhook.objects.select_for_update(no_key=True).get(pk=delivery.webhook_id)
    worked = reply.trouble == ""
    attempts = delivery.attempts + 1
    gives_up = not worked and (delivery.kind == TEST or delivery.expires_at <= at)
    state = Told.DELIVERED if worked else Told.FAILED if gives_up else Told.DEFERRED
    pause = _STEPS[min(attempts, len(_STEPS)) - 1] * _chance.uniform(0.8, 1.2)
    held = Delivery.objects.filter(pk=delivery.pk, lease_epoch=delivery.lease_epoch)
    held.update(
        state=state,
        lease_until=None,
        attempts=attempts,
        status_code=reply.code,
        trouble=reply.trouble,
        not_before=Now() + pause if state == Told.DEFERRED else F("not_before"),
    )
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=delivery.lease_epoch,
        started_at=at,
        milliseconds=reply.milliseconds,
        status_code=reply.code,
        trouble=reply.trouble,
        reply=reply.text,
    )
    if delivery.kind != TEST and hook.state == HookState.ACTIVE:
        _judge(hook, reply, at=at)


def _judge(hook: Webhook, reply: Reply, *, at: datetime) -> None:
    """A success forgives everything; a failure is a rest, and the fiftieth in a row a pause."""
    if not reply.trouble:
        if hook.failures:
            hook.failures, hook.rests_until = 0, None
            hook.save(update_fields=["failures", "rests_until"])
        return
    hook.failures += 1
    rest = min(_FIRST_REST * (1 << min(hook.failures - 1, 10)), _LAST_REST)
    hook.rests_until = at + rest
    if reply.code == 410 or hook.failures >= MOST_FAILURES:
        hook.state = HookState.PAUSED
        hook.pause = Pause.GONE if reply.code == 410 else Pause.FAILING
        hook.changed_at = at
        _give_notice(hook, at=at)
        logger.warning("Webhook %s was paused: %s", hook.pk, hook.pause)
    hook.save(update_fields=["failures", "rests_until", "state", "pause", "changed_at"])


def _give_notice(hook: Webhook, *, at: datetime) -> None:
    """Write to the organizers, in the transaction of the pause."""
    notice = import_string(settings.WEBHOOK_NOTICE)
    notice(hook=hook, at=at)


_chance = random.Random()  # noqa: S311 -- parts waves of retries, guards nothing
