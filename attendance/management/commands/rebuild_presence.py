"""Make the table of who is in anew from the log of scans."""

from typing import Any

from django.core.management.base import BaseCommand

from attendance import presence


class Command(BaseCommand):
    help = "Make the table of who is in anew from the log of scans."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{presence.rebuild()} people are in.")
