"""
What a mail provider reports by its webhook, in the words of django-anymail.

Anymail knows each provider's form and proof; whatever it makes of an event is believed as a
report of another server is. No signal is used: whoever calls knows what happens.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.http import HttpRequest

from notifications.bounces import fates, reports
from notifications.models import Fate

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# As anymail has them; Amazon's needs a library of its own.
VIEWS = {
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailtrap": "MailtrapTrackingWebhookView",
    "postal": "PostalTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
    "unisender_go": "UnisenderGoTrackingWebhookView",
}
FATES = {
    EventType.DELIVERED: Fate.DELIVERED,
    EventType.BOUNCED: Fate.BOUNCED,
    EventType.REJECTED: Fate.BOUNCED,
    EventType.COMPLAINED: Fate.COMPLAINED,
}


class Forged(Exception):
    """The request does not prove that it comes from the provider."""


class Unreadable(Exception):
    """The provider's proof is there, but what it says is not in its form."""


def hear(provider: str, request: HttpRequest) -> int:
    """
    Believe what a request says; how many events were news.

    :raises Forged: nothing is believed
    :raises Unreadable: nothing is believed
    """
    view = getattr(import_module(f"anymail.webhooks.{provider}"), VIEWS[provider])()
    try:
        view.setup(request)
        view.run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise Forged(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        # A proof that cannot even be looked for is none.
        raise Forged(type(error).__name__) from error
    try:
        events: list[AnymailTrackingEvent] = view.parse_events(request)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(type(error).__name__) from error
    return sum(_believe(event, source=provider) for event in events)


def _believe(event: AnymailTrackingEvent, *, source: str) -> bool:
    fate = FATES.get(event.event_type)
    message_id = _message_id(event)
    if fate is None or message_id is None:
        return False
    said: dict[str, Any] = {"reply": str(event.mta_response or event.description or "")[:2000]}
    if fate == Fate.BOUNCED:
        report = reports.failed(message_id, "", said["reply"])
        # Where there are no words of a server, the provider's verdict has to do.
        is_hard = report.is_hard or (
            not said["reply"]
            and event.event_type == EventType.BOUNCED
            and event.reject_reason in (RejectReason.BOUNCED, RejectReason.INVALID)
        )
        reason = "mailbox_unknown" if is_hard else report.reason
        said |= {"reason": reason, "is_hard": is_hard, "code": report.code}
    return fates.believe(message_id=message_id, fate=fate, source=source, **said)


def _message_id(event: AnymailTrackingEvent) -> UUID | None:
    """Our own Message-ID, wherever the provider repeats it; else by what it calls the mail."""
    said = f"{event.message_id} {json.dumps(event.esp_event, default=str)}"
    domain = re.escape(settings.MAIL_DOMAIN)
    found = re.search(rf"({_UUID})@{domain}\b", said, re.IGNORECASE)
    if found:
        return UUID(found.group(1))
    return fates.by_receipt(str(event.message_id or ""))
