"""From a row to the bytes that are handed to the mail server."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from notifications import mime, rendering
from notifications.models import Message

# What mail servers usually take (bytes); enclosures of ours are a hundredth of that.
LARGEST = 10_000_000


class TooLarge(Exception):
    """A message that hardly any mail server would take."""


def compose(message: Message, at: datetime) -> bytes:
    """
    The whole message. Leaves its subject on the row.

    :raises UnusableAddress, TooLarge: as they say
    :raises Exception: whatever a template or an enclosure raises
    """
    rendered = rendering.render(message)
    message.subject_line = rendered.subject[:500]
    envelope = mime.Envelope(
        message_id=message.message_id,
        domain=settings.MAIL_DOMAIN,
        sender=sender(),
        sender_name=message.sender_name,
        recipient=message.recipient,
        recipient_name=message.recipient_name,
        reply_to=message.reply_to,
        language=message.language,
        thread=message.thread,
        unsubscribe_url=message.unsubscribe_url,
        date=at,
    )
    content = mime.build(envelope, rendered)
    if len(content) > LARGEST:
        raise TooLarge(f"{len(content)} bytes, at most {LARGEST}")
    return content


def sender() -> str:
    """The bare address of DEFAULT_FROM_EMAIL, which may carry a name."""
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("<")[2].rstrip("> ")
