"""What a provider's answer means (HTTP), in the same classes as a mail server's. docs/mail.md."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from notifications.replies import REFUSES_US, Answer, Verdict

# Who asks for more patience than this is asked again anyway.
MOST_PATIENCE = timedelta(hours=1)

# The provider will have nothing of us until somebody changes the settings: the key, the bill,
# the address of its interface, the domain.
_REFUSES_US = (401, 402, 403, 404, 405)
# Something in between gave up waiting; what stands behind it may have taken the message.
_UNKNOWN = (408, 504, 522, 524)
# Words with which a provider names the field that it does not like.
_ABOUT_SENDER = re.compile(
    r"""['"\s]from\b['"\s.]|sender|\bdomain\b.{0,60}\b(verif|not found|not allowed|unknown)""",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_RECIPIENT = re.compile(r"""['"]to['"]|recipient|personalizations""", re.IGNORECASE)


def read(*, status: int, text: str, recipient: str, patience: timedelta | None = None) -> Answer:
    """
    The meaning of a response other than an acceptance.

    `patience` is what it asked for (Retry-After). A 2xx that comes here is no acceptance that
    anybody can read: the words were taken, so nobody knows.
    """
    verdict, reason = _meaning(status, text, recipient)
    return Answer(verdict, reason, status, text[:2000], patience=patience)


def _meaning(status: int, text: str, recipient: str) -> tuple[Verdict, str]:
    if status // 100 == 2 or status in _UNKNOWN:
        return Verdict.UNCERTAIN, "connection_broke"
    if status in _REFUSES_US or status // 100 == 3:
        return Verdict.RELAY, REFUSES_US
    if status in (429, 503):
        return Verdict.RELAY, "relay_down"
    if status // 100 == 5:
        # Either all of it is broken, or this one message breaks it.
        return Verdict.STUMBLED, "relay_down"
    if status == 413:
        return Verdict.FAILED, "too_large"
    if recipient.lower() in text.lower() or (
        _ABOUT_RECIPIENT.search(text) and not _ABOUT_SENDER.search(text)
    ):
        return Verdict.FAILED, "mailbox_unknown"
    if _ABOUT_SENDER.search(text):
        # The domain, which all have, or one meeting's name for itself: the next knock tells.
        return Verdict.STUMBLED, REFUSES_US
    return Verdict.FAILED, "refused"


def patience(retry_after: str | None, *, now: datetime | None = None) -> timedelta | None:
    """What Retry-After asks for, in either of its forms; None where it says nothing."""
    if not retry_after:
        return None
    try:
        asked = timedelta(seconds=int(retry_after))
    except (ValueError, OverflowError):
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        asked = until - (now or datetime.now(UTC))
    return min(max(asked, timedelta(0)), MOST_PATIENCE)
