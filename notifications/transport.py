"""
What carries a mail away: a mail server (SMTP), or a provider's interface on the web.

Both are a line that is opened once and serves many messages; both ask the same last question
before the first word, and say the same when the words did not arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Protocol, Self, cast

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.providers import PROVIDERS
from notifications.replies import Answer

# By name, since a provider's library takes memory that a mail server does not need.
LINES = {"smtp": "notifications.smtp.Line", "api": "notifications.provider.Line"}


class Broken(Exception):
    """The dialogue ended without an acceptance. `answer` says what that means."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class Fenced(Exception):
    """The guard before the words said no: the message is not ours any more."""


class Line(Protocol):
    """
    A connection that is opened at the first message and kept for the next.

    Nothing is sent twice by it and no row is touched: whoever calls decides what an answer is
    worth. After any trouble the connection is closed; the next message opens another.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None: ...

    def send(
        self, *, sender: str, recipient: str, content: bytes, may_speak: Callable[[], bool]
    ) -> Answer:
        """
        Hand over one message. Returns the acceptance.

        `may_speak` is asked once, before the first word of the message: from there on the
        result may become unknown.

        :raises Fenced: it said no; nothing was sent
        :raises Broken: refused, broken off, or unknown
        """
        ...


def line() -> Line:
    """A line of the kind that the installation has chosen (EMAIL_TRANSPORT)."""
    return cast(Line, import_string(LINES[settings.EMAIL_TRANSPORT])())


def problem() -> str:
    """Why no mail can leave, whatever the other side says: a sentence, or ""."""
    chosen, provider = settings.EMAIL_TRANSPORT, settings.EMAIL_PROVIDER
    if chosen not in LINES:
        return f"EMAIL_TRANSPORT is “{chosen}”: choose smtp or api."
    if chosen == "smtp":
        return ""
    if provider not in PROVIDERS:
        names = ", ".join(PROVIDERS)
        return f"EMAIL_TRANSPORT is api, but EMAIL_PROVIDER is “{provider}”: choose one of {names}."
    return str(import_module("notifications.provider").problem())
