"""The post office on the command line: how it is, and the choice after a restore."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import journal
from notifications import bell, delivery, epoch, health, outbox

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_NEEDS = {
    "paused": "Mail is paused since a backup was restored: see manage.py mail resume --help.",
    "relay_settings": "The mail server refuses us: its address, password, sender or certificate.",
    "relay_down": "The mail server takes no mail; everything waits, nothing is lost.",
    "refused": "More than one mail in fifty is refused as spam: see SPF, DKIM, DMARC.",
    "late": "Mail that is due has been waiting for more than five minutes.",
    "uncertain": "Mails of uncertain fate wait for a person: Messages in the admin.",
}


class Command(BaseCommand):
    help = "Say how the post office is, or let it go on after a backup was restored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="how it is; status 1 if something needs a person")
        resume = actions.add_parser(
            "resume",
            help="send again after a restore",
            description="After a backup was restored, mails wait in it that were sent already.",
        )
        choice = resume.add_mutually_exclusive_group(required=True)
        choice.add_argument(
            "--skip-older-than",
            type=_duration,
            metavar="6h",
            help="leave out what was due and written that long ago: choose the age of the backup",
        )
        choice.add_argument(
            "--send-all", action="store_true", help="send all that waits; some will come twice"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "status":
            self._status()
        else:
            self._resume(options["skip_older_than"])

    def _status(self) -> None:
        now = health.look()
        waiting = sum(lane.waiting for lane in now.lanes)
        due = sum(lane.due for lane in now.lanes)
        by_lane = ", ".join(f"{lane.due} of priority {lane.priority}" for lane in now.lanes)
        lines = [
            f"waiting {waiting}, due {due}" + (f" ({by_lane})" if due else ""),
            f"oldest due {now.oldest_due_seconds:.0f} s",
            f"being sent {now.leased}",
            f"uncertain {now.uncertain}, in a day {now.uncertain_of_10_000:.1f} of 10,000",
            f"not delivered {now.failed}",
            f"refused as spam in ten minutes {now.refused_in_ten_minutes}"
            f" of {now.tries_in_ten_minutes}",
            f"left out so that nobody is flooded {now.held_back},"
            f" addresses in a day {now.spared_in_a_day}",
        ]
        if now.relay:
            lines.append(
                f"mail server: no mail since {now.relay.troubled_since}: {now.relay.reply}"
            )
        lines += [f"! {_NEEDS[need]}" for need in now.needs]
        self.stdout.write("\n".join(lines))
        if now.needs:
            raise SystemExit(1)

    def _resume(self, skip_older_than: timedelta | None) -> None:
        # Leases of before the restore run out first, so that the choice is made about them too.
        delivery.sweep()
        try:
            left_out = epoch.resume(
                skip_older_than=skip_older_than, at=timezone.now(), by=journal.SYSTEM
            )
        except epoch.NotPaused:
            raise CommandError("Mail is not paused: there is nothing to choose.") from None
        bell.ring(outbox.LOOK)
        self.stdout.write(f"Mail is sent again; {left_out} messages were left out.")


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if not found:
        raise ArgumentTypeError("a number with m, h or d, for example 6h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
