"""Bring meetings in line with clocks that a country has changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations import clock_changes


class Command(BaseCommand):
    help = (
        "After an update of the time zone data: meetings keep their hour on the venue's clock."
        " `migrate` does the same. Again is harmless."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = clock_changes.follow(at=timezone.now())
        for one in found:
            said = "NOT brought in line, see the log" if one.failed else ", ".join(one.fields)
            self.stdout.write(f"{one.slug} ({one.zone}): {said}; letters: {one.told}")
        if failed := [one.slug for one in found if one.failed]:
            raise CommandError(f"Please set the times anew: {', '.join(failed)}")
