"""The body of a delivery and its signature: Standard Webhooks, HMAC-SHA-256 with a timestamp."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

from django.conf import settings

from notifications.models import Delivery, Webhook

# So long a receiver may still check with the secret from before a rotation.
OVERLAP = timedelta(days=1)


def secret(webhook: Webhook, generation: int | None = None) -> str:
    """What the receiver checks with: `whsec_` and 256 bits, derived as links are."""
    return "whsec_" + base64.b64encode(_key(webhook, generation or webhook.generation)).decode()


def body(delivery: Delivery, *, data: dict[str, object] | None = None) -> bytes:
    """What is posted; the same bytes at every attempt."""
    content = {
        "id": identity(delivery),
        "type": delivery.kind,
        "timestamp": _moment(delivery.happened_at),
        "data": delivery.data if data is None else data,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def identity(delivery: Delivery) -> str:
    """The id that repetitions are known by."""
    return f"evt_{delivery.uid.hex}"


def headers(delivery: Delivery, content: bytes, *, at: datetime) -> dict[str, str]:
    """The three headers of the standard; within a day of a rotation, two signatures."""
    webhook, moment = delivery.webhook, str(int(at.timestamp()))
    signed = f"{identity(delivery)}.{moment}.".encode() + content
    generations = [webhook.generation]
    if webhook.rotated_at is not None and at < webhook.rotated_at + OVERLAP:
        generations.append(webhook.generation - 1)
    return {
        "webhook-id": identity(delivery),
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(_key(webhook, g), signed) for g in generations),
    }


def _key(webhook: Webhook, generation: int) -> bytes:
    text = f"webhook|{webhook.uid}|{generation}".encode()
    return hmac.digest(settings.LINK_KEY.encode(), text, "sha256")


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
