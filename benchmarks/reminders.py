"""
Reminding 100,000 people of one meeting: the plan, the letters, and the page that lists them.

The floor of the letters is as many rows of the outbox, written by one statement. Registrations
are written in bulk, past the use cases: what is measured reads them.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks import figures, own_database, report

if TYPE_CHECKING:
    from datetime import datetime

    from registrations.models import ReminderRule

ROUNDS = 5
PLAN_SECONDS, LETTER_SECONDS, PAGE_MS, MEMORY_MB = 5, 180, 500, 50

COPY = """
INSERT INTO notifications_message (
    dedupe_key, kind, care, priority, subjects, recipient, recipient_name, reply_to, sender_name,
    language, template, template_version, snapshot, enclosures, thread, unsubscribe_url,
    message_id, not_before, state, reason, phase, attempts, lease_epoch, possible_duplicate,
    subject_line)
SELECT 'floor:' || id, kind, care, priority, '["meeting:0"]', recipient, recipient_name, reply_to,
    sender_name, language, template, template_version, snapshot, enclosures, thread,
    unsubscribe_url, gen_random_uuid(), not_before, 'dropped', '', phase, 0, 0, false, ''
FROM notifications_message WHERE kind = 'reminder'
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    people = 2_000 if options.parse_args().quick else 100_000
    with own_database():
        rule = fill(people)
        plans(rule, people)
        letters(rule, people)
        page(rule)


def fill(people: int) -> ReminderRule:
    """A meeting in forty days, that many people in all of Russia, and a rule a week before."""
    from datetime import time as clock  # noqa: PLC0415 -- the name is taken

    from django.db import connection  # noqa: PLC0415 -- after setup
    from django.utils import timezone  # noqa: PLC0415

    from registrations.models import ReminderRule, RuleKind  # noqa: PLC0415

    meeting = figures.fill(1, people)
    meeting.starts_at = timezone.now() + timedelta(days=40)
    meeting.ends_at = meeting.starts_at + timedelta(hours=3)
    meeting.save(update_fields=["starts_at", "ends_at"])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return ReminderRule.objects.create(
        meeting=meeting, kind=RuleKind.DAYS_BEFORE, amount=7, at_time=clock(10)
    )


def plans(rule: ReminderRule, people: int) -> None:
    """Deciding for everybody, and the table of the page of reminders."""
    from registrations import reminder_forecast, reminder_plan, reminders  # noqa: PLC0415
    from registrations.models import Registration  # noqa: PLC0415

    due_at = reminder_plan.due(rule, rule.meeting)
    everybody = list(Registration.objects.confirmed().select_related("region"))

    def decide() -> None:
        for one in everybody:
            reminder_plan.plan(
                rule=rule, meeting=rule.meeting, zone=one.zone,
                confirmed_at=one.status_changed_at, now=due_at,
            )  # fmt: skip

    report(
        f"reminders.decide_{people}", [_seconds(decide)], "s", goal=PLAN_SECONDS,
        less_is_better=True,
    )  # fmt: skip
    forecast = [
        _seconds(lambda: reminder_forecast.forecast(rule, rule.meeting, at=due_at)) * 1000
        for _ in range(ROUNDS)
    ]
    report("reminders.forecast", forecast, "ms", goal=5_000, less_is_better=True)
    idle = [_seconds(lambda: _look(reminders.send_due, due_at - timedelta(hours=30))) * 1000]
    report("reminders.look_before", idle, "ms", goal=1_000, less_is_better=True)


def letters(rule: ReminderRule, people: int) -> None:
    """Writing them all in one look, how the memory grows meanwhile, and the look after it."""
    from django.db import connection  # noqa: PLC0415 -- after setup

    from notifications.models import Message  # noqa: PLC0415
    from registrations import reminder_plan, reminders  # noqa: PLC0415

    due_at = reminder_plan.due(rule, rule.meeting)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = _seconds(lambda: _look(reminders.send_due, due_at + timedelta(minutes=1)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    written = Message.objects.of_kinds(["reminder"]).count()
    assert written == sum(1 for n in range(1, people + 1) if n % 20)
    with connection.cursor() as cursor:
        floor = _seconds(lambda: cursor.execute(COPY))
        cursor.execute("VACUUM ANALYZE notifications_message")
    report(
        f"reminders.write_{written}", [taken], "s", floor=[floor], goal=LETTER_SECONDS,
        less_is_better=True,
    )  # fmt: skip
    report("reminders.memory_grown", [grown], "MB", goal=MEMORY_MB, less_is_better=True)
    again = [
        _seconds(lambda: _look(reminders.send_due, due_at + timedelta(minutes=2))) * 1000
        for _ in range(ROUNDS)
    ]
    report("reminders.look_after", again, "ms", goal=5_000, less_is_better=True)


def page(rule: ReminderRule) -> None:
    """The office's page of messages, with filters that find everything, little and nothing."""
    from django.conf import settings  # noqa: PLC0415 -- after setup
    from django.test import Client  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    # The names of files as they are in the repository: nothing was collected here.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    client = Client()
    client.force_login(rule.meeting.owners.get())
    for name, query in {
        "all": "", "waiting": "?state=waiting", "troubled": "?state=troubled",
        "one_person": "?q=p77777@", "nobody": "?domain=nowhere.example", "code": "?code=550",
    }.items():  # fmt: skip
        address = f"/manage/{rule.meeting.slug}/messages/{query}"

        def look(address: str = address) -> None:
            assert client.get(address, secure=True).status_code == 200

        look()
        taken = [_seconds(look) * 1000 for _ in range(ROUNDS)]
        report(f"reminders.page_{name}", taken, "ms", goal=PAGE_MS, less_is_better=True)


def _look(send_due: Callable[..., Any], at: datetime) -> None:
    send_due(at=at)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
