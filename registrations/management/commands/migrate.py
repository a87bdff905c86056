"""
Django's own, and after it what an update of the program may have brought besides: other rules
of time zones. So there is no step that an administrator could forget.
"""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.commands import migrate


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        only_looks = options.get("plan") or options.get("check_unapplied")
        if not only_looks and not options.get("app_label"):
            try:
                call_command("follow_clocks", stdout=self.stdout, stderr=self.stderr)
            except CommandError as said:
                # One meeting waits for its organizer; the servers of all others may start.
                self.stderr.write(str(said))
