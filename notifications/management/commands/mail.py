"""The post office on the command line: how it is, who believes it, the choice after a restore."""

from __future__ import annotations

import re
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from accounts import journal
from notifications import bell, delivery, epoch, health, mime, outbox, trial
from notifications.checking import looking
from notifications.checking.findings import Verdict
from notifications.models import WAITING, State

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
    help = "Say how the post office is, who believes it, or let it go on after a restore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="how it is; status 1 if something needs a person")
        check = actions.add_parser(
            "check",
            help="whether receivers can believe our mail; status 1 if something is wrong",
            description="Looks at SPF, DKIM, DMARC, MX and at the mail server or provider.",
        )
        check.add_argument(
            "--to", type=mime.address, metavar="ADDRESS", help="send a test mail there, too"
        )
        check.add_argument(
            "--wait", type=int, default=30, metavar="SECONDS", help="for the test mail to leave"
        )
        check.add_argument("--language", default=settings.LANGUAGE_CODE)
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
        elif options["action"] == "check":
            self._check(options["to"], options["language"], seconds=options["wait"])
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

    def _check(self, to: str | None, language: str, *, seconds: int) -> None:
        with translation.override(language):
            findings = looking.look()
            for finding in findings:
                self.stdout.write(
                    f"{finding.verdict.words}: {finding.topic} {finding.subject}".rstrip()
                )
                for record in finding.records:
                    self.stdout.write(f"    {record}")
                for remark in finding.remarks:
                    self.stdout.write(f"  - {remark}")
                    if remark.advice:
                        self.stdout.write(f"    → {remark.advice}")
            is_wrong = any(finding.verdict is Verdict.WRONG for finding in findings)
            if to and not self._try_out(to, language, seconds=seconds):
                is_wrong = True
        if is_wrong:
            raise SystemExit(1)

    def _try_out(self, to: str, language: str, *, seconds: int) -> bool:
        """A test mail, and what has become of it within these seconds."""
        mail = trial.write(to=to, language=language)
        over_at = time.monotonic() + seconds
        while mail.state in (*WAITING, State.LEASED) and time.monotonic() < over_at:
            time.sleep(0.5)
            mail.refresh_from_db()
        said = f"{mail.get_state_display()} {mail.explanation}".strip()
        last = mail.tries.order_by("pk").last()
        reply = f" ({last.code or ''} {last.reply})" if last else ""
        self.stdout.write(f"{mail.dedupe_key} → {to}: {said}{reply}")
        return mail.state == State.SENT

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
        self.stdout.write(f"Mail is sent again; messages left out: {left_out}.")


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if not found:
        raise ArgumentTypeError("a number with m, h or d, for example 6h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
