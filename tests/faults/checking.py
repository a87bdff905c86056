"""
Judges a storm afterwards: what the post office says it did against what the other side saw.

It knows neither the program nor its tables: it reads the history of the mail server (lines
of JSON, tests/notifications/scripted.py) and a list of intents, one for each message that
was to be sent.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# Nothing more happens to these without a person.
AT_REST = {"sent", "failed", "ambiguous", "expired", "withdrawn", "dropped"}


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What was to be sent, and what the post office says became of it."""

    message_id: str
    recipient: str
    care: str
    state: str
    possible_duplicate: bool
    # Codes of permanent refusals that it has on record.
    refusals: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Findings:
    """Each list holds Message-IDs; all but `uncertain` must be empty."""

    lost: list[str] = field(default_factory=list)
    doubled_unexplained: list[str] = field(default_factory=list)
    doubled_that_must_not: list[str] = field(default_factory=list)
    thrice: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    failed_without_refusal: list[str] = field(default_factory=list)
    unheard_of: list[str] = field(default_factory=list)
    to_another: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    sends: int = 0
    doubled: int = 0

    @property
    def uncertain_of_1_000(self) -> float:
        return len(self.uncertain) / max(1, self.sends) * 1000

    @property
    def faults(self) -> dict[str, list[str]]:
        """What must not be, by name."""
        names = [
            *("lost", "doubled_unexplained", "doubled_that_must_not", "thrice", "unfinished"),
            *("failed_without_refusal", "unheard_of", "to_another"),
        ]
        return {name: found for name in names if (found := getattr(self, name))}

    def line(self, name: str, seconds: float) -> str:
        """The one line of a run."""
        verdict = "FAIL" if self.faults else "pass"
        return (
            f"{name} {verdict} sends={self.sends} lost={len(self.lost)}"
            f" dup={self.doubled} unexplained={len(self.doubled_unexplained)}"
            f" class_b_dup={len(self.doubled_that_must_not)} uncertain={len(self.uncertain)}"
            f" ({self.uncertain_of_1_000:.2f} of 1,000) unfinished={len(self.unfinished)}"
            f" seconds={seconds:.0f}"
        )


def read(history: Path) -> list[dict]:
    """The mail server's lines."""
    with history.open(encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


def judge(history: list[dict], intents: list[Intent]) -> Findings:
    """Compare the two."""
    found = Findings()
    taken = [line for line in history if line["event"] == "accepted"]
    times = Counter(line["message_id"] for line in taken)
    known = {intent.message_id: intent for intent in intents}
    assert len(known) == len(intents), "two intents have the same Message-ID"
    found.sends = len(taken)
    found.unheard_of = [name for name in times if name not in known]
    found.to_another = [
        line["message_id"]
        for line in taken
        if line["message_id"] in known and known[line["message_id"]].recipient != line["recipient"]
    ]
    for intent in intents:
        _judge_one(intent, times[intent.message_id], found)
    return found


def _judge_one(intent: Intent, times: int, found: Findings) -> None:
    name, state = intent.message_id, intent.state
    if state not in AT_REST:
        found.unfinished.append(name)
    elif times == 0 and state == "sent":
        found.lost.append(name)
    elif times == 0 and state == "failed" and not intent.refusals:
        found.failed_without_refusal.append(name)
    elif times == 0 and state in ("expired", "withdrawn", "dropped"):
        # Nobody took it back, and nothing in a storm has an end.
        found.lost.append(name)
    # It was taken, and the organizer is told that it was not.
    if times and state == "failed" and not intent.possible_duplicate:
        found.failed_without_refusal.append(name)
    if intent.possible_duplicate or state == "ambiguous":
        found.uncertain.append(name)
    if times > 1:
        _judge_doubled(intent, times, found)


def _judge_doubled(intent: Intent, times: int, found: Findings) -> None:
    found.doubled += 1
    if intent.care == "b":
        found.doubled_that_must_not.append(intent.message_id)
    if not intent.possible_duplicate:
        found.doubled_unexplained.append(intent.message_id)
    if times > 2:
        found.thrice.append(intent.message_id)
