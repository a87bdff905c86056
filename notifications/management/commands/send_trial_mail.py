"""Puts a message into the outbox, to see whether mail arrives, signed and readable."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from notifications import outbox


class Command(BaseCommand):
    help = "Send a trial message through the outbox, as every other mail goes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--language", default=settings.LANGUAGE_CODE)

    def handle(self, *args: Any, **options: Any) -> None:
        key = f"trial:{uuid.uuid4()}"
        site = urlsplit(settings.PUBLIC_URL).netloc
        with transaction.atomic():
            outbox.enqueue(
                key=key,
                kind="trial",
                to=options["address"],
                language=options["language"],
                template="notifications/trial",
                snapshot={"site": site},
                subjects=[],
                sender_name=site,
            )
        self.stdout.write(f"Written as {key}; a worker sends it within ten seconds.")
