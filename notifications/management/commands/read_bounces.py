"""Reads the mailbox of mails that came back, as a worker does every minute."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from notifications.bounces import mailbox


class Command(BaseCommand):
    help = "Read what came back (BOUNCE_MAILBOX) and note which addresses do not exist."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCE_MAILBOX:
            raise CommandError("BOUNCE_MAILBOX is not set: there is nothing to read.")
        try:
            ours, others = mailbox.read(settings.BOUNCE_MAILBOX)
        except mailbox.NoMailbox as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{ours} reports about our mails, {others} other mails left there.")
