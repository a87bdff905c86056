"""Hold the seat counters against the rows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.models import Meeting
from registrations import seats


class Command(BaseCommand):
    help = (
        "Compares every meeting's seat counter with its registrations and fails when they "
        "differ. Looks only. Meaningful while nobody registers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="*", help="only these meetings")

    def handle(self, *args: Any, **options: Any) -> None:
        meetings = Meeting.objects.order_by("pk")
        if options["slug"]:
            meetings = meetings.filter(slug__in=options["slug"])
            if unknown := set(options["slug"]) - {meeting.slug for meeting in meetings}:
                raise CommandError(f"No such meeting: {', '.join(sorted(unknown))}.")
        drifts = {meeting.slug: drift for meeting in meetings if (drift := seats.audit(meeting.pk))}
        for slug, drift in drifts.items():
            for name, (counter, rows) in drift.items():
                self.stdout.write(f"{slug}: {name}: counter {counter}, rows {rows}")
        if drifts:
            raise CommandError(f"Drift in {len(drifts)} of {len(meetings)} meetings.")
        self.stdout.write(f"No drift in {len(meetings)} meetings.")
