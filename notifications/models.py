"""The post office's two tables: what is to be said, and each attempt to say it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Self

from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Now
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from notifications.explanations import EXPLANATIONS
from notifications.sparing_rows import Spared as Spared
from notifications.suppression_rows import RANKS as RANKS
from notifications.suppression_rows import Cause as Cause
from notifications.suppression_rows import Fate as Fate
from notifications.suppression_rows import Suppression as Suppression
from notifications.webhook_rows import TO_TELL as TO_TELL
from notifications.webhook_rows import Delivery as Delivery
from notifications.webhook_rows import DeliveryAttempt as DeliveryAttempt
from notifications.webhook_rows import HookState as HookState
from notifications.webhook_rows import Kind as Kind
from notifications.webhook_rows import Pause as Pause
from notifications.webhook_rows import Told as Told
from notifications.webhook_rows import Webhook as Webhook


class State(models.TextChoices):
    """design: queued → leased → sent | deferred | ambiguous | failed; see docs/mail.md."""

    QUEUED = "queued", pgettext_lazy("a message", "waiting")
    LEASED = "leased", _("being sent")
    DEFERRED = "deferred", _("will be tried again")
    SENT = "sent", _("sent")
    AMBIGUOUS = "ambiguous", _("uncertain: the connection broke after the text was sent")
    FAILED = "failed", pgettext_lazy("a message", "not delivered")
    EXPIRED = "expired", _("too late, not sent")
    WITHDRAWN = "withdrawn", _("withdrawn before sending")
    DROPPED = "dropped", _("left out")


class Phase(models.TextChoices):
    """How far the SMTP dialogue came; from DATA on, the result may be unknown."""

    NONE = "none", "none"
    CONNECT = "connect", "connect"
    DATA = "data", "data"
    DONE = "done", "done"


class Care(models.TextChoices):
    """What is worse: to lose the mail (A), or to send it twice (B)."""

    A = "a", _("must arrive")
    B = "b", _("must not be doubled")


WAITING = (State.QUEUED, State.DEFERRED)
# What needs a person.
TROUBLED = (State.FAILED, State.AMBIGUOUS)
WIDEST = KeyTransform("0", "subjects")


class MessageQuerySet(models.QuerySet["Message"]):
    def about(self, subject: str) -> Self:
        """Everything said about one row, named "registration:17" or "meeting:3"."""
        return self.filter(subjects__contains=[subject])

    def under(self, subject: str) -> Self:
        """Everything whose widest subject that is: letters name the widest one first."""
        return self.filter(subjects__0=subject)

    def of_kinds(self, kinds: Iterable[str]) -> Self:
        return self.filter(kind__in=list(kinds))

    def waiting(self) -> Self:
        """Neither sent nor given up: there is nothing to do but to wait."""
        return self.filter(state__in=[*WAITING, State.LEASED])

    def due(self) -> Self:
        """What a worker may take up now."""
        in_time = Q(expires_at=None) | Q(expires_at__gt=Now())
        return self.filter(in_time, state__in=WAITING, not_before__lte=Now())

    def withdrawable(self) -> Self:
        """Not sent, and the words are not on the wire: until then a worker may be stopped."""
        return self.filter(state__in=[*WAITING, State.LEASED]).before_words()

    def held(self, *, epoch: int) -> Self:
        """Leased under that epoch, and the lease has not run out."""
        return self.filter(state=State.LEASED, lease_epoch=epoch, lease_until__gt=Now())

    def lost(self) -> Self:
        """Leased, and the worker was not heard of again."""
        return self.filter(state=State.LEASED, lease_until__lte=Now())

    def before_words(self) -> Self:
        """The words are not on the wire: repeating is safe."""
        return self.filter(phase__in=[Phase.NONE, Phase.CONNECT])

    def too_late(self) -> Self:
        """Still waiting, and not worth sending any more."""
        return self.filter(state__in=WAITING, expires_at__lte=Now())

    def to_be_repeated(self) -> Self:
        """Uncertain for long enough, never repeated before, and losing it would be worse."""
        return (
            self.uncertain()
            .filter(
                Q(expires_at=None) | Q(expires_at__gt=Now()),
                care=Care.A,
                possible_duplicate=False,
                not_before__lte=Now(),
            )
            .exclude(recipient="")
        )

    def repeated(self) -> Self:
        """Sent again because nobody knew: some people may have got it twice."""
        return self.filter(possible_duplicate=True)

    def uncertain(self) -> Self:
        return self.filter(state=State.AMBIGUOUS)

    def troubled(self) -> Self:
        """What needs a person: the post office has done what it can."""
        return self.filter(state__in=TROUBLED)

    def by_state(self, *states: State) -> dict[State, int]:
        """How many there are in each of these states."""
        found = dict(
            self.filter(state__in=states)
            .values_list("state")
            .annotate(number=models.Count("pk"))
            .order_by()
        )
        return {state: found.get(state, 0) for state in states}

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Message(models.Model):
    """
    One mail to one person: a snapshot of facts, rendered when it is delivered.

    `dedupe_key` names the occasion, so that it is said once. `message_id` is fixed when
    the row is written and stays the same over all attempts. Every time in this table is
    the database's clock.
    """

    dedupe_key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    care = models.CharField(max_length=1, choices=Care, default=Care.A)
    # Lower goes first: answers to a person's own act before bulk.
    priority = models.PositiveSmallIntegerField(default=5)
    subjects = models.JSONField(default=list)
    recipient = models.EmailField(max_length=320)
    recipient_name = models.CharField(max_length=300, blank=True)
    reply_to = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10)
    template = models.CharField(max_length=120)
    template_version = models.PositiveSmallIntegerField(default=1)
    snapshot = models.JSONField(default=dict)
    enclosures = models.JSONField(default=list)
    thread = models.CharField(max_length=200, blank=True)
    unsubscribe_url = models.CharField(max_length=500, blank=True)
    message_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)

    created_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    # A key of explanations.EXPLANATIONS, or somebody's words.
    reason = models.CharField(max_length=300, blank=True)
    phase = models.CharField(max_length=7, choices=Phase, default=Phase.NONE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    # How many workers died while they held it; after three in a row it is laid aside.
    losses = models.PositiveSmallIntegerField(default=0, db_default=0)
    possible_duplicate = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    subject_line = models.CharField(max_length=500, blank=True)
    # What the provider calls it, for its reports; "" where it left by SMTP.
    receipt = models.CharField(max_length=200, blank=True, default="", db_default="")
    # What others reported after it was sent (notifications.bounces); rises by rank only.
    fate = models.CharField(max_length=10, choices=Fate, blank=True, default="", db_default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="message_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(phase__in=Phase.values), name="message_phase_is_known"
            ),
            models.CheckConstraint(condition=Q(care__in=Care.values), name="message_care_is_known"),
            models.CheckConstraint(condition=Q(fate__in=Fate.values), name="message_fate_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.LEASED, lease_until__isnull=False)
                | (~Q(state=State.LEASED) & Q(lease_until=None)),
                name="a_lease_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | Q(sent_at__isnull=False),
                name="what_is_sent_was_sent_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                "priority", "not_before", "id", name="message_due", condition=Q(state__in=WAITING)
            ),
            models.Index("lease_until", name="message_leased", condition=Q(state=State.LEASED)),
            models.Index(
                "not_before", name="message_uncertain", condition=Q(state=State.AMBIGUOUS)
            ),
            models.Index("id", name="message_failed", condition=Q(state=State.FAILED)),
            models.Index("receipt", name="message_by_receipt", condition=~Q(receipt="")),
            # Few: of whom strangers had us write too much (notifications.sparing).
            models.Index("thread", name="message_spared", condition=Q(reason="address_spared")),
            GinIndex(OpClass("subjects", name="jsonb_path_ops"), name="message_by_subject"),
            # The newest of a meeting, among any number; and what needs somebody.
            models.Index(WIDEST, F("id").desc(), name="message_by_widest"),
            models.Index(
                WIDEST, "not_before", name="message_oldest", condition=Q(state__in=WAITING)
            ),
            models.Index(WIDEST, "state", name="message_troubled", condition=Q(state__in=TROUBLED)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.dedupe_key}"

    @property
    def explanation(self) -> str:
        """Why it is in its state, as a sentence for people; "" where there is no need."""
        if self.is_suppressed:
            day = date_format(date.fromisoformat(self.reason.partition(":")[2]), "j E Y")
            return gettext("Not sent: mail to this address was stopped on %(day)s.") % {"day": day}
        return str(EXPLANATIONS.get(self.reason, self.reason))

    @property
    def is_suppressed(self) -> bool:
        """Left out, since an earlier mail to the address came back."""
        return self.reason.startswith("suppressed:")

    @property
    def came_back(self) -> bool:
        """Whoever waits for an answer of the person need not: it did not arrive."""
        return self.state == State.FAILED or self.is_suppressed


class Attempt(models.Model):
    """One try at delivering a message, and what the other side answered. Append-only."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_default=Now())
    phase = models.CharField(max_length=7, choices=Phase)
    outcome = models.CharField(max_length=9, choices=State)
    code = models.PositiveSmallIntegerField(null=True, blank=True)
    reply = models.TextField(blank=True)

    class Meta:
        # "Of the last ten minutes": the table only grows at its end, so this costs nothing.
        indexes = [BrinIndex(fields=["ended_at"], name="attempt_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.number} of {self.message_id}"


class Relay(models.Model):
    """
    The server that takes our mail, as all workers see it.

    While it refuses everybody, nobody's attempts are used up: the messages wait, and one
    worker knocks at `probe_at`.
    """

    name = models.CharField(max_length=200, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    troubled_since = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    reply = models.TextField(blank=True)
    # A password, a sender, a certificate: knocking alone will not help.
    needs_admin = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, probe_at=None, troubled_since=None)
                | Q(failures__gt=0, probe_at__isnull=False, troubled_since__isnull=False),
                name="a_troubled_relay_is_probed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.failures} failures"


class Tick(models.Model):
    """When a worker last did something: a worker is alive if its tick is fresh here."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class Bucket(models.Model):
    """
    What may leave now: tokens for the mail server, or for the receivers of one lane.

    Filled by time, on the database's clock; `ready_at` is when the next token is there.
    """

    lane = models.CharField(max_length=255, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tokens__gte=0), name="no_token_is_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.lane}, {self.tokens:.1f}"


class Epoch(models.Model):
    """
    How far this database has come, against a marker outside of it: see notifications.epoch.

    One row. While `paused_since` is set, nothing is sent.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    instance = models.UUIDField(default=uuid.uuid4)
    # Goes up before anything is sent.
    number = models.PositiveBigIntegerField(default=0, db_default=0)
    # settings.MAIL_EPOCH, where nothing can be kept outside.
    label = models.CharField(max_length=200, blank=True)
    # Until then a worker that finds no marker may believe this database.
    vouched_until = models.DateTimeField(null=True, blank=True)
    paused_since = models.DateTimeField(null=True, blank=True)
    # What stood outside when sending was paused.
    marker = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_epoch"),
        ]

    def __str__(self) -> str:
        return f"{self.instance}:{self.number}"
