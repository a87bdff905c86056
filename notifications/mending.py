"""What is done to many messages at once: first counted, then one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Exists, Max, OuterRef, Q, TextChoices, Value
from django.db.models.functions import Cast, Concat, Lower
from django.utils.translation import gettext_lazy as _

from accounts.journal import Actor
from accounts.refusals import Refused
from notifications import kinds, remedies, sparing, suppressing
from notifications.models import Message, MessageQuerySet, State

# Whoever waits for the answer is a person before a page: the rest is one more press.
AT_ONCE = 500


class Act(TextChoices):
    """What may be done to a message."""

    RESEND = "resend", _("send again")
    SETTLE = "settle", _("mark as delivered")
    WITHDRAW = "withdraw", _("withdraw")
    SUPPRESS = "suppress", _("write no more to the address")


class Outcome(TextChoices):
    """What came of it for one message."""

    DONE = "done", _("done")
    NOT_ANY_MORE = "not_any_more", _("left as it was: its state has changed meanwhile")
    REFUSED = "refused", _("cannot be sent again")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One message, and what came of it."""

    message: Message
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Mended:
    """What was done, message by message, and how many were left for the next time."""

    rows: tuple[Row, ...]
    left: int

    @property
    def done(self) -> int:
        return sum(row.outcome is Outcome.DONE for row in self.rows)


def suitable(messages: MessageQuerySet, act: Act, *, reason: str = "") -> MessageQuerySet:
    """
    Those of the messages that the act is for; they were looked for by that `reason`, if any.

    Many are sent again only where the post office has given up or waits: what has arrived,
    or was withdrawn on purpose, is repeated by hand, each by itself. What was sent again
    already is not sent a third time: its repetition is a message of its own.

    What a mailbox was spared (notifications.sparing) is sent only to who asks for just that,
    and of each person the last word: whoever is confirmed need not read that he is waiting.
    """
    if act == Act.SETTLE:
        return messages.troubled()
    if act == Act.WITHDRAW:
        return messages.withdrawable()
    if act == Act.SUPPRESS:
        return _newest_to_each(messages)
    again = Concat(Value("again:"), Cast(OuterRef("pk"), CharField()))
    stuck = [State.FAILED, State.AMBIGUOUS, State.EXPIRED, State.DEFERRED]
    fits = Q(state__in=stuck)
    if reason == sparing.REASON:
        fits |= _last_word()
    return (
        messages.filter(fits)
        .exclude(recipient="")
        .exclude(Exists(Message.objects.filter(dedupe_key=again)))
    )


def _newest_to_each(messages: MessageQuerySet) -> MessageQuerySet:
    """Of every address that is written to, the newest of these messages."""
    to = messages.exclude(recipient="").order_by().values(address=Lower("recipient"))
    return messages.filter(pk__in=to.values_list(Max("pk"))).exclude(suppressing.stops())


def _last_word() -> Q:
    """What was spared, and nothing was said to the person since but what everybody is told."""
    later = Message.objects.filter(
        pk__gt=OuterRef("pk"),
        subjects__contains=OuterRef("subjects"),
        recipient=OuterRef("recipient"),
    ).exclude(kind__in=kinds.TO_MANY)
    spared = Q(state=State.DROPPED, reason=sparing.REASON)
    return spared & ~Q(kind__in=kinds.TO_MANY) & ~Q(Exists(later))


def mend(
    *, messages: MessageQuerySet, act: Act, at: datetime, by: Actor, reason: str = ""
) -> Mended:
    """
    Do it to the oldest AT_ONCE of the messages that it is for.

    Each is a transaction of its own, so one that is refused does not stop the others, and
    whatever is cut off half-way is simply done again.
    """
    found = suitable(messages, act, reason=reason)
    rows = [
        Row(message=message, outcome=one(message, act=act, at=at, by=by))
        for message in found.order_by("pk")[:AT_ONCE]
    ]
    return Mended(rows=tuple(rows), left=found.exclude(pk__in=[r.message.pk for r in rows]).count())


def one(message: Message, *, act: Act, at: datetime, by: Actor) -> Outcome:
    """Do it to one message, and say what came of it."""
    steps: dict[Act, Callable[[], object]] = {
        Act.RESEND: lambda: remedies.resend(message=message, at=at, by=by),
        Act.SETTLE: lambda: remedies.settle(message=message, at=at, by=by),
        Act.WITHDRAW: lambda: remedies.take_back(message=message, at=at, by=by),
        Act.SUPPRESS: lambda: suppressing.stop(message=message, at=at, by=by),
    }
    try:
        return Outcome.DONE if steps[act]() else Outcome.NOT_ANY_MORE
    except Refused:
        return Outcome.REFUSED
