"""A trial message: written like any other, so that what becomes of it is what becomes of all."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from notifications import outbox
from notifications.models import Message

KIND = "trial"


@transaction.atomic(durable=True)
def write(*, to: str, language: str) -> Message:
    """Put a trial message to that address into the outbox."""
    key = f"trial:{uuid.uuid4()}"
    site = urlsplit(settings.PUBLIC_URL).netloc
    outbox.enqueue(
        key=key,
        kind=KIND,
        to=to,
        language=language,
        template="notifications/trial",
        snapshot={"site": site},
        subjects=[],
        sender_name=site,
    )
    return Message.objects.get(dedupe_key=key)


def find(pk: int) -> Message | None:
    """A trial message of before, to see what became of it; nobody's real mail."""
    return Message.objects.filter(pk=pk, kind=KIND).first()
