"""Bring the shipped list of regions up to date with the program's files."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from events import regions


class Command(BaseCommand):
    help = "Loads the shipped list of regions. Again is harmless."

    @transaction.atomic(durable=True)
    def handle(self, *args: Any, **options: Any) -> None:
        region_set = regions.load_shipped(at=timezone.now())
        count = region_set.regions.count()
        self.stdout.write(f"{region_set.name}: {count} ({region_set.source})")
