"""Two schedulers whose clocks are ninety seconds apart (F07): each reminder is one letter."""

import re
import threading
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection

from notifications import delivery
from notifications.models import Message, State
from registrations import reminders
from registrations.models import Audience, ReminderRule, RuleKind
from tests.factories import make_meeting, make_registration

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

# The meeting of the factory begins on 26 May 2026: the day before, at 10:00 in Moscow.
DUE = datetime(2026, 5, 25, 7, tzinfo=UTC)


def at_once(*acts):
    """Run these in threads that start together; none may fail."""
    together, failures = threading.Barrier(len(acts)), []

    def run(act):
        try:
            together.wait(10)
            act()
        except Exception as error:  # noqa: BLE001 -- shown below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    "people", [40, pytest.param(2000, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_each_reminder_is_written_and_delivered_once(server, people):
    for day in (1, 7):
        meeting = make_meeting(seat_limit=people)
        ReminderRule.objects.create(
            meeting=meeting, kind=RuleKind.DAYS_BEFORE, amount=day, at_time=time(10),
            audience=Audience.ALL,
        )  # fmt: skip
        for _ in range(people // 2):
            make_registration(meeting=meeting)
    Message.objects.all().delete()

    for minute in range(-8 * 24 * 60, 3, 24 * 60):
        now = DUE + timedelta(minutes=minute, seconds=20)
        late = now + timedelta(seconds=90)
        at_once(
            lambda now=now: reminders.send_due(at=now),
            lambda late=late: reminders.send_due(at=late),
        )
    # Their time is that of the test's clock, not of the database's.
    Message.objects.update(expires_at=None)
    written = Message.objects.of_kinds(["reminder"]).filter(state=State.QUEUED).count()
    at_once(delivery.drain, delivery.drain)

    assert written == people
    deliveries = Counter(
        re.search(rb"Message-ID: <([0-9a-f-]{36})@", words).group(1) for _, words in server.accepted
    )
    assert len(deliveries) == sum(deliveries.values()) == people
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
