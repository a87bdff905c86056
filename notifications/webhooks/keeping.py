"""What organizers do with webhooks: register, change, try, pause, look, send again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from notifications import bell
from notifications.models import TO_TELL, Delivery, HookState, Kind, Pause, Told, Webhook
from notifications.webhook_rows import TEST
from notifications.webhooks import reach, signing

LOOK = "notifications.tasks.tell"
MOST = 10
LONGEST_URL = 500
EXPIRES = timedelta(days=1)


class TooManyWebhooks(Refused):
    code = "too_many_webhooks"


class NotTellable(Refused):
    """The delivery is being sent at this moment."""

    code = "delivery_not_repeatable"


@transaction.atomic(durable=True)
def register(*, subject: str, url: str, kinds: Iterable[str], at: datetime, by: Actor) -> Webhook:
    """
    Have an address told what happens from now on. Its secret is `signing.secret`.

    :raises AddressRefused: nothing may be sent to that address
    :raises TooManyWebhooks: the meeting has ten
    """
    reach.place_of(url)
    # One after the other, so that eleven at once do not each see nine.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks:{subject}"]
        )
    if Webhook.objects.of(subject).count() >= MOST:
        raise TooManyWebhooks(_("A meeting can have ten webhooks: remove one first."), limit=MOST)
    hook = Webhook.objects.create(
        subject=subject, url=url, kinds=_sorted(kinds), created_at=at, changed_at=at
    )
    _note(hook, "webhook.registered", at=at, by=by)
    return hook


@transaction.atomic(durable=True)
def change(
    *,
    hook: Webhook,
    url: str | None = None,
    kinds: Iterable[str] | None = None,
    at: datetime,
    by: Actor,
) -> Webhook:
    """
    Change address or events. What waits goes to the new address.

    :raises AddressRefused: nothing may be sent to that address
    """
    if url is not None:
        reach.place_of(url)
    hook = _locked(hook)
    if url is not None and url != hook.url:
        # Another server has no failures yet.
        hook.url, hook.failures, hook.rests_until = url, 0, None
    if kinds is not None:
        hook.kinds = _sorted(kinds)
    hook.changed_at = at
    hook.save()
    _note(hook, "webhook.changed", at=at, by=by)
    return hook


@transaction.atomic(durable=True)
def rotate(*, hook: Webhook, at: datetime, by: Actor) -> Webhook:
    """Make a new secret. For a day everything is signed with the old one as well."""
    hook = _locked(hook)
    hook.generation += 1
    hook.rotated_at = hook.changed_at = at
    hook.save()
    _note(hook, "webhook.secret_rotated", at=at, by=by)
    return hook


@transaction.atomic(durable=True)
def pause(*, hook: Webhook, at: datetime, by: Actor) -> Webhook:
    """Send nothing until it is resumed; what happens meanwhile is kept. Twice is harmless."""
    hook = _locked(hook)
    if hook.state == HookState.ACTIVE:
        hook.state, hook.pause, hook.changed_at = HookState.PAUSED, Pause.BY_HAND, at
        hook.save()
        _note(hook, "webhook.paused", at=at, by=by)
    return hook


@transaction.atomic(durable=True)
def resume(*, hook: Webhook, at: datetime, by: Actor) -> Webhook:
    """Send again, beginning with what was kept. Twice is harmless."""
    hook = _locked(hook)
    if hook.state == HookState.PAUSED:
        hook.state, hook.pause, hook.changed_at = HookState.ACTIVE, "", at
        hook.failures, hook.rests_until = 0, None
        hook.save()
        hook.deliveries.filter(state__in=TO_TELL).update(
            not_before=Now(), expires_at=Greatest(F("expires_at"), Now() + EXPIRES)
        )
        _note(hook, "webhook.resumed", at=at, by=by)
        bell.ring(LOOK)
    return hook


@transaction.atomic(durable=True)
def remove(*, hook: Webhook, at: datetime, by: Actor) -> None:
    """Tell that address nothing more. Twice is harmless."""
    hook = _locked(hook)
    if hook.state == HookState.REMOVED:
        return
    hook.state, hook.pause, hook.changed_at = HookState.REMOVED, "", at
    hook.save()
    _note(hook, "webhook.removed", at=at, by=by)


@transaction.atomic(durable=True)
def try_out(*, hook: Webhook, at: datetime, by: Actor) -> Delivery:
    """
    Send a test, also while it is paused. It is tried once and counts as no failure. One that
    waits already is returned as it is.
    """
    hook = _locked(hook)
    waiting = hook.deliveries.filter(kind=TEST, state__in=[*TO_TELL, Told.LEASED]).first()
    if waiting is not None:
        return waiting
    made = Delivery.objects.create(
        webhook=hook, kind=TEST, happened_at=at, expires_at=at + EXPIRES, data={}
    )
    _note(hook, "webhook.tested", at=at, by=by)
    bell.ring(LOOK)
    return Delivery.objects.get(pk=made.pk)


@transaction.atomic(durable=True)
def send_again(*, delivery: Delivery, at: datetime, by: Actor) -> Delivery:
    """
    Tell one thing once more, under the same id; what waits for its next try goes at once.

    :raises NotTellable: it is being sent at this moment
    """
    hook = _locked(delivery.webhook)
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state == Told.LEASED or hook.state == HookState.REMOVED:
        raise NotTellable(_("This is being sent at this moment."))
    Delivery.objects.filter(pk=row.pk).update(
        state=Told.QUEUED,
        attempts=0,
        trouble="",
        not_before=Now(),
        expires_at=Greatest(F("expires_at"), Now() + EXPIRES),
    )
    _note(hook, "webhook.sent_again", at=at, by=by)
    bell.ring(LOOK)
    return Delivery.objects.get(pk=row.pk)


def of(subject: str) -> QuerySet[Webhook]:
    """The webhooks of one meeting ("meeting:3"), the oldest first, for display."""
    return Webhook.objects.of(subject)


def log(hook: Webhook) -> QuerySet[Delivery]:
    """What one webhook was told, the newest first, with every attempt."""
    return hook.deliveries.prefetch_related("tries").newest_first()


def counted(hooks: QuerySet[Webhook]) -> QuerySet[Webhook]:
    """The webhooks with how much waits for each (`waiting`)."""
    return hooks.annotate(waiting=Count("deliveries", Q(deliveries__state__in=TO_TELL)))


def secret(hook: Webhook) -> str:
    """The secret as the receiver needs it; shown when it is made, and never again."""
    return signing.secret(hook)


def _sorted(kinds: Iterable[str]) -> list[str]:
    wanted = set(kinds)
    return [kind for kind in Kind.values if kind in wanted]


def _locked(hook: Webhook) -> Webhook:
    # No key is changed: whoever writes an event meanwhile does not wait for us.
    return Webhook.objects.select_for_update(no_key=True).get(pk=hook.pk)


def _note(hook: Webhook, action: str, *, at: datetime, by: Actor) -> None:
    journal.record(by=by, at=at, action=action, subjects=[hook.subject, f"webhook:{hook.pk}"])
