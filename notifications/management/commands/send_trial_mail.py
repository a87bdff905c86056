"""Puts a message into the outbox, to see whether mail arrives, signed and readable."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from notifications import mime, trial


class Command(BaseCommand):
    help = "Send a trial message through the outbox, as every other mail goes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", type=mime.address)
        parser.add_argument("--language", default=settings.LANGUAGE_CODE)

    def handle(self, *args: Any, **options: Any) -> None:
        message = trial.write(to=options["address"], language=options["language"])
        self.stdout.write(f"Written as {message.dedupe_key}; a worker sends it within ten seconds.")
