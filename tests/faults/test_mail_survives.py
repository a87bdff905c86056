"""Workers that die, a broker that forgets, two schedulers: no mail lost, none twice unseen."""

import re
import time
from collections import Counter

import pytest
from django.db import transaction

from notifications import outbox
from notifications.models import Attempt, Message, State
from tests.notifications.scripted import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


def write(count):
    with transaction.atomic():
        for number in range(count):
            outbox.enqueue(
                key=f"storm:{number}",
                kind="trial",
                to=f"guest{number}@example.org",
                language="en",
                template="notifications/trial",
                snapshot={"site": "example.org"},
                subjects=[],
            )


def deliveries(sink):
    """How often each Message-ID was accepted by the other side."""
    return Counter(
        re.search(rb"Message-ID: <([0-9a-f-]{36})@", words).group(1).decode()
        for _, words in list(sink.accepted)
    )


def all_at_rest():
    return not Message.objects.exclude(state=State.SENT).exists()


def test_500_mails_three_killed_workers_a_flushed_broker_and_two_beats(broker, sink, staff):
    sink.seconds_per_mail = 0.01
    write(500)
    staff.beat()
    staff.beat()
    since = time.monotonic()
    try:
        for killed in range(3):
            worker = staff.worker()
            wait_until(lambda k=killed: len(sink.accepted) >= 100 * (k + 1), seconds=40)
            staff.kill(worker)
            if killed == 1:
                broker.flush()
        staff.worker()
        wait_until(all_at_rest, seconds=60)
    except AssertionError:
        states = Counter(Message.objects.values_list("state", flat=True))
        pytest.fail(f"{states}\n{staff.words()}")

    counted = deliveries(sink)
    marked = {str(pk) for pk in Message.objects.repeated().values_list("message_id", flat=True)}
    lost = set(map(str, Message.objects.values_list("message_id", flat=True))) - counted.keys()
    doubled = {message for message, times in counted.items() if times > 1}
    print(
        f"\nmail storm: lost={len(lost)} doubled={len(doubled)} marked={len(marked)}"
        f" seconds={time.monotonic() - since:.1f}"
    )
    assert lost == set()
    assert doubled <= marked
    # Each kill can catch one message per process with its words on the wire.
    reasons = Counter(Attempt.objects.filter(outcome="ambiguous").values_list("reply", flat=True))
    assert len(marked) <= 3 * 2, (reasons, staff.words())
    assert max(counted.values()) <= 2
    assert sum(counted.values()) == 500 + len(doubled)
