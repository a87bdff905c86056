"""Finding messages of one meeting, and how its post is: for whoever answers for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications import epoch, explanations, relay
from notifications.models import Attempt, Message, MessageQuerySet, Relay, State
from notifications.suppressing import STOPPED

_WAITS = ExpressionWrapper(Now() - F("not_before"), DurationField())
# Beyond that nobody wants to know how many there are exactly.
COUNTED = 1_000
# Two words for several states, beside the states themselves.
TROUBLED, WAITING = "troubled", "waiting"
STATES = {
    TROUBLED: _("needs somebody: not delivered or uncertain"),
    WAITING: _("still to go"),
    **{state.value: state.label for state in State},
}


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for; what is empty does not matter."""

    state: str = ""  # a key of STATES
    kind: str = ""
    domain: str = ""  # what stands behind the @
    reason: str = ""  # a key of explanations.EXPLANATIONS
    code: int | None = None  # what a mail server answered at any attempt
    text: str = ""  # a part of the address or of the name

    def narrow(self, messages: MessageQuerySet) -> MessageQuerySet:
        """Those of the messages that fit all of it."""
        if self.state == TROUBLED:
            messages = messages.troubled()
        elif self.state == WAITING:
            messages = messages.waiting()
        elif self.state:
            messages = messages.filter(state=self.state)
        if self.kind:
            messages = messages.filter(kind=self.kind)
        if self.domain:
            messages = messages.filter(recipient__iendswith="@" + self.domain.lstrip("@"))
        if self.reason:
            codes = explanations.same(self.reason)
            # With the day since when.
            stopped = Q(reason__startswith=f"{STOPPED}:") if STOPPED in codes else Q()
            messages = messages.filter(Q(reason__in=codes) | stopped)
        if self.code is not None:
            said = Attempt.objects.filter(message=OuterRef("pk"), code=self.code)
            messages = messages.filter(Exists(said))
        for word in self.text.split():
            fits = Q(recipient__icontains=word) | Q(recipient_name__icontains=word)
            messages = messages.filter(fits)
        return messages


def under(subject: str) -> MessageQuerySet:
    """Everything that lies under one widest subject ("meeting:3"), the newest first."""
    return Message.objects.under(subject).newest_first()


def counted(messages: MessageQuerySet) -> tuple[int, bool]:
    """How many there are, up to COUNTED, and whether there are more."""
    found = messages.order_by()[: COUNTED + 1].count()
    return min(found, COUNTED), found > COUNTED


def repetitions(messages: list[Message]) -> dict[int, int]:
    """Which of these were sent again, and as which message: id → id."""
    keys = {f"again:{message.pk}": message.pk for message in messages}
    again = Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", "pk")
    return {keys[key]: pk for key, pk in again}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How the post of one meeting is. The mail server and the pause concern all meetings."""

    oldest_due: datetime | None
    seconds_late: float
    uncertain: int
    failed: int
    relay: Relay | None
    paused_since: datetime | None


def condition(subject: str) -> Condition:
    """Look at it, in four queries; what is finished is not counted."""
    mine = Message.objects.under(subject)
    # The first of an index, not the least of all rows: there may be 100,000 of them.
    by_age = mine.due().order_by("not_before").annotate(waits=_WAITS)
    late = by_age.values("not_before", "waits").first()
    open_ones = mine.by_state(State.AMBIGUOUS, State.FAILED)
    return Condition(
        oldest_due=late["not_before"] if late else None,
        seconds_late=late["waits"].total_seconds() if late else 0.0,
        uncertain=open_ones[State.AMBIGUOUS],
        failed=open_ones[State.FAILED],
        relay=relay.trouble(),
        paused_since=epoch.state().paused_since,
    )
