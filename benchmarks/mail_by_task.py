"""The usual way, to compare with: one Celery task and one connection for each mail."""

from __future__ import annotations

import smtplib

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from notifications import composing
from notifications.models import Message, State


@shared_task
def deliver_one(pk: int) -> None:
    """Render, send and mark one message, as a task with a payload does."""
    message = Message.objects.get(pk=pk)
    content = composing.compose(message, timezone.now())
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname="bench") as smtp:
        smtp.sendmail(settings.DEFAULT_FROM_EMAIL, [message.recipient], content)
    Message.objects.filter(pk=pk).update(state=State.SENT, sent_at=timezone.now())
