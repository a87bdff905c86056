"""What an answer of a mail server means, and when to try again. docs/mail.md has the table."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

_STEPS = {
    # Greylisting and other passing trouble of one mailbox.
    "soon": [timedelta(minutes=m) for m in (2, 5, 10, 20, 40, 60, 120, 240)],
    # Somebody has to empty a mailbox.
    "slowly": [timedelta(hours=h) for h in (1, 4, 8, 12)],
}
_STEPS["stumbled"] = _STEPS["soon"]
# The mail server will have nothing of us until somebody changes the settings.
REFUSES_US = "relay_refuses_us"
_REFUSES_US = (530, 534, 535, 538)
# While the mail server itself is away: how long until the next knock.
_FIRST_PROBE, _LAST_PROBE = timedelta(seconds=15), timedelta(minutes=5)


class Verdict(Enum):
    """Whose trouble it is, and whether time may heal it."""

    SENT = "sent"
    RELAY = "relay"  # the mail server: every message has the same trouble, none is to blame
    # The server, at this message: both are left alone, so that the next knock is another one.
    STUMBLED = "stumbled"
    SOON = "soon"  # this message, for a while
    SLOWLY = "slowly"  # this message, for longer
    FAILED = "failed"  # this message, for ever
    UNCERTAIN = "uncertain"  # nobody can know whether it arrived


@dataclass(frozen=True)
class Answer:
    """The last thing the other side said, at which command, and what it means."""

    verdict: Verdict
    reason: str  # a key of explanations.EXPLANATIONS
    code: int | None
    text: str
    # How long it asked to be left alone, where it said so.
    patience: timedelta | None = None
    # What it calls the message that it took, where that is not our Message-ID.
    receipt: str = ""

    @property
    def blames_relay(self) -> bool:
        """Whether the next message would meet the same."""
        return self.verdict in (Verdict.RELAY, Verdict.STUMBLED)

    @property
    def needs_admin(self) -> bool:
        """Whether waiting alone will not help: a password, a sender, a certificate."""
        return self.reason == REFUSES_US

    @property
    def spoken(self) -> bool:
        """Whether the mail server itself gave it."""
        return self.code is not None


def read(command: str, code: int, text: str) -> Answer:
    """
    The meaning of a reply that refuses: `command` is where the dialogue stood.

    Commands: "connect" (greeting, EHLO, TLS), "auth", "mail", "rcpt", "data" (before the
    words are sent), "dot" (after they were).
    """
    enhanced = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", text)
    status = enhanced.group(1) if enhanced else ""
    verdict, reason = _meaning(command, code, status)
    # smtplib has -1 for what is no reply at all.
    return Answer(verdict, reason, code if code > 0 else None, text[:2000])


def _meaning(command: str, code: int, status: str) -> tuple[Verdict, str]:
    kind = code // 100
    if command == "dot" and kind not in (2, 4, 5):
        # Junk where a yes or no was due: the words were sent, so nobody knows.
        return Verdict.UNCERTAIN, "connection_broke"
    if command == "dot" and kind == 2:
        return Verdict.SENT, ""
    # The server wants another password, or another sender: time alone heals neither.
    if code in _REFUSES_US or (kind == 5 and command in ("auth", "mail")):
        return Verdict.RELAY, REFUSES_US
    if command in ("connect", "auth", "mail") or kind not in (4, 5):
        return Verdict.RELAY, "relay_down"
    # It is shutting down.
    if code == 421 and command != "dot":
        return Verdict.RELAY, "relay_down"
    if kind == 5 and status == "5.3.4":
        return Verdict.FAILED, "too_large"
    if code in (452, 552) or status[1:] == ".2.2":
        return Verdict.SLOWLY, "mailbox_full"
    if kind == 4:
        return Verdict.SOON, "try_later"
    unknown = status.startswith("5.1.") or (not status and code in (550, 551, 553))
    if command == "rcpt" and unknown:
        return Verdict.FAILED, "mailbox_unknown"
    return Verdict.FAILED, "refused"


def wait(verdict: Verdict, attempt: int, *, chance: random.Random) -> timedelta:
    """How long until the next try, after the `attempt`-th (from 1); ±20 % so that waves part."""
    steps = _STEPS[verdict.value]
    step: timedelta = steps[min(attempt, len(steps)) - 1]
    return step * chance.uniform(0.8, 1.2)


def next_probe(failures: int) -> timedelta:
    """How long to leave the mail server alone after that many failures in a row (from 1)."""
    return min(_FIRST_PROBE * (1 << min(failures - 1, 10)), _LAST_PROBE)
