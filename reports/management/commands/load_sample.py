"""Make the two sample meetings, through the same use cases as everything else."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from reports.sample import pair
from reports.sample.past import SEED


class Command(BaseCommand):
    help = (
        "Makes two synthetic meetings: one of January 2020 that is over, with known numbers, "
        "and one in two weeks that is open. Twice is harmless: what is there is left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", metavar="EMAIL", help="whose meetings they are")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")
        parser.add_argument("--now", metavar="ISO", help="the moment that counts as now")
        parser.add_argument("--seed", type=int, default=SEED, help="other people, same numbers")
        parser.add_argument(
            "--force", action="store_true", help="even where there are real meetings"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = pair.find()
        if found is None:
            if pair.there_is_something_real() and not options["force"]:
                raise CommandError(
                    "There are real meetings in this database. The sample was not loaded beside "
                    "them; --force loads it all the same."
                )
            found = pair.make(
                owner=_owner(options["owner"]), now=_now(options["now"]), seed=options["seed"]
            )
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
            return
        for name, value in found.as_json().items():
            for line in value if isinstance(value, list) else [value]:
                self.stdout.write(f"{name}: {line}")


def _owner(email: str | None) -> User:
    users = User.objects.filter(is_active=True).order_by("pk")
    owner = users.filter(email__iexact=email).first() if email else users.first()
    if owner is None:
        raise CommandError(
            f"There is no organizer {email}."
            if email
            else "There is no organizer yet. Make one, or name one with --owner."
        )
    return owner


def _now(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not a moment, as in 2026-01-24T12:40+03:00.") from error
    if moment.tzinfo is None:
        raise CommandError(f"{text} has no time zone, as in 2026-01-24T12:40+03:00.")
    return moment
