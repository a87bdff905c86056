"""What organizers are written when one of their webhooks is paused by itself."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from events.models import Meeting
from notifications import outbox
from notifications.models import Pause, Webhook
from registrations import letters, mail_facts


def write_paused(*, hook: Webhook, at: datetime) -> None:
    """Tell all organizers of the meeting, in the transaction of the pause."""
    meeting = Meeting.objects.get(pk=int(hook.subject.partition(":")[2]))
    page = reverse("manage-webhook", args=[meeting.slug, hook.uid])
    for owner in meeting.owners.order_by("pk"):
        with translation.override(meeting.language):
            host = mail_facts.host_name(meeting)
            snapshot = {
                "host": host,
                "title": meeting.text("title"),
                "short_title": meeting.text("short_title"),
                "is_sample": meeting.is_sample,
                "address": hook.url,
                "reason": str(Pause(hook.pause).label),
                "page_url": f"{settings.PUBLIC_URL}{page}",
            }
        outbox.enqueue(
            key=f"webhook_paused:{hook.pk}:{at:%Y%m%d%H%M%S%f}:{owner.pk}",
            kind="webhook_paused",
            to=owner.email,
            to_name=owner.get_full_name(),
            language=meeting.language,
            template=letters.TEMPLATES + "webhook_paused",
            snapshot=snapshot,
            subjects=[f"meeting:{meeting.pk}"],
            sender_name=host,
        )
