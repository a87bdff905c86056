"""What was looked at, what stood there, whether that is good, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Verdict(IntEnum):
    """The higher, the worse; what could not be asked is no verdict on anybody."""

    GOOD = 0
    UNASKED = 1
    WARNS = 2
    WRONG = 3

    @property
    def words(self) -> Any:
        return _WORDS[self]


_WORDS = {
    Verdict.GOOD: pgettext_lazy("a verdict", "good"),
    Verdict.UNASKED: _("could not ask"),
    Verdict.WARNS: pgettext_lazy("a verdict", "could be better"),
    Verdict.WRONG: pgettext_lazy("a verdict", "wrong"),
}


@dataclass(frozen=True, kw_only=True)
class Remark:
    """
    One thing to say. `advice` is the line to write into the DNS or the environment.

    The words are put into the reader's language when they are shown.
    """

    verdict: Verdict
    words: Any
    facts: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""

    def __str__(self) -> str:
        return str(self.words) % self.facts


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found under one heading, with the records as they are."""

    topic: Any
    subject: str
    remarks: tuple[Remark, ...]
    records: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return max((remark.verdict for remark in self.remarks), default=Verdict.GOOD)


def good(words: Any, **facts: Any) -> Remark:
    return Remark(verdict=Verdict.GOOD, words=words, facts=facts)


def warns(words: Any, *, advice: str = "", **facts: Any) -> Remark:
    return Remark(verdict=Verdict.WARNS, words=words, facts=facts, advice=advice)


def wrong(words: Any, *, advice: str = "", **facts: Any) -> Remark:
    return Remark(verdict=Verdict.WRONG, words=words, facts=facts, advice=advice)


def unasked(why: object) -> Remark:
    return Remark(
        verdict=Verdict.UNASKED,
        words=_("Nobody answered in time: %(why)s. This says nothing about your settings."),
        facts={"why": why},
    )
