"""
Workers that are killed, a broker that forgets, a mail server that fails one time in ten.

The short storm belongs to every check, the long one is the promise of docs/mail.md. What
happened is judged by tests/faults/checking.py, from the mail server's own history.
"""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from notifications import outbox
from notifications.models import Attempt, Care, Message, Relay, State
from tests.faults import checking
from tests.notifications.scripted import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

# What a mail server does to one try in ten, most often first. Each five-hundredth of these
# breaks after the text was taken: that is what nobody can know.
USUAL = ["rcpt-451"] * 6 + ["rcpt-450", "rcpt-452", "data-451", "dot-451", "drop-rcpt", "rcpt-554"]
FAULTS = (*(USUAL * 41), "rcpt-421", "rcpt-421", "rcpt-421", "rcpt-421", "rcpt-421", "drop-dot")
WAITING = (State.QUEUED, State.LEASED, State.DEFERRED)


def write(count, **more):
    """Seven of ten must arrive, three must not be doubled."""
    with transaction.atomic():
        for number in range(count):
            outbox.enqueue(
                key=f"storm:{number}",
                kind="announcement" if number % 10 < 3 else "confirmed",
                to=f"guest{number}@example.org",
                language="en",
                template="notifications/trial",
                snapshot={"site": "example.org"},
                subjects=[],
                **more,
            )


def hurry():
    """What waits for an hour waits no longer: time is moved in the data."""
    Message.objects.filter(state=State.DEFERRED).update(not_before=Now())
    Relay.objects.filter(failures__gt=0, probe_at__gt=Now()).update(probe_at=Now())


def at_rest():
    # In one look: between two, what is uncertain may have become what waits.
    repeatable = Message.objects.uncertain().filter(care=Care.A, possible_duplicate=False)
    return not (Message.objects.filter(state__in=WAITING) | repeatable).exists()


def intents():
    refusals = {}
    for message, code in Attempt.objects.filter(outcome=State.FAILED, code__gte=500).values_list(
        "message_id", "code"
    ):
        refusals.setdefault(message, []).append(code)
    return [
        checking.Intent(
            message_id=str(message.message_id),
            recipient=message.recipient,
            care=message.care,
            state=message.state,
            possible_duplicate=message.possible_duplicate,
            refusals=tuple(refusals.get(message.pk, ())),
        )
        for message in Message.objects.all()
    ]


@pytest.mark.parametrize(
    ("messages", "kills", "flushes", "rate"),
    [
        pytest.param(300, 4, 1, 900, id="short"),
        pytest.param(10_000, 100, 3, 1200, id="long", marks=pytest.mark.long),
    ],
)
def test_storm(broker, sink, staff, tmp_path, messages, kills, flushes, rate):
    """Nothing lost, nothing doubled but what is marked, and few of these."""
    sink.mix, sink.seed, sink.faults = 0.1, 5, FAULTS
    sink.history = tmp_path / "history.jsonl"
    staff.environment["MAIL_RATES"] = f"relay={rate}"
    chance = random.Random(5)
    write(messages)
    staff.beat()
    staff.beat()
    workers = [staff.worker(concurrency=1) for _ in range(3)]
    wait_until(lambda: sink.accepted, seconds=60)
    since = time.monotonic()
    flush_at = {kills * (n + 1) // (flushes + 1) for n in range(flushes)}

    for killed in range(kills):
        # By what was sent and not by time, so that a busy machine has the same storm.
        sent = messages * (killed + 1) // (kills + 2)
        wait_until(lambda sent=sent: hurry() or len(sink.accepted) >= sent, seconds=120, pause=0.2)
        time.sleep(chance.uniform(0, 0.3))
        staff.kill(workers.pop(chance.randrange(len(workers))))
        workers.append(staff.worker(concurrency=1))
        if killed in flush_at:
            broker.flush()
    last_kill = time.monotonic()

    def over():
        hurry()
        return at_rest()

    try:
        wait_until(over, seconds=120 + messages / (rate / 60), pause=0.2)
    except AssertionError:
        states = Counter(Message.objects.values_list("state", "reason"))
        pytest.fail(f"{states}\n{staff.words()}")
    found = checking.judge(checking.read(sink.history), intents())
    print(
        f"\n{found.line('mail storm', time.monotonic() - since)} kills={kills} flushes={flushes}"
        f" recover_s={time.monotonic() - last_kill:.0f}"
        f" states={dict(Counter(Message.objects.values_list('state', flat=True)))}"
    )

    assert found.faults == {}
    # Three hundred are too few for a share: there each kill may catch one.
    assert len(found.uncertain) <= max(messages / 1000, kills if messages < 1000 else 0)


def test_a_broker_that_comes_back_empty_three_times_loses_nothing(broker, sink, staff, tmp_path):
    """F03."""
    sink.history = tmp_path / "history.jsonl"
    staff.environment["MAIL_RATES"] = "relay=1200"
    write(240)
    staff.beat()
    staff.worker()

    for times in range(3):
        wait_until(lambda t=times: len(sink.accepted) >= 60 * (t + 1), seconds=60)
        broker.come_back_empty()
    wait_until(at_rest, seconds=60)

    found = checking.judge(checking.read(sink.history), intents())
    assert found.faults == {}
    assert (found.sends, found.uncertain) == (240, [])


def test_a_child_that_the_kernel_kills_loses_nothing(sink, staff, tmp_path):
    """F05: the broker would give its work back at once or never; the sweep does not ask it."""
    sink.history = tmp_path / "history.jsonl"
    staff.environment["MAIL_RATES"] = "relay=1200"
    write(150)
    staff.beat()
    worker = staff.worker(concurrency=1)

    for times in range(2):
        wait_until(lambda t=times: len(sink.accepted) >= 40 * (t + 1), seconds=60)
        staff.kill_child(worker)
    wait_until(at_rest, seconds=60)

    found = checking.judge(checking.read(sink.history), intents())
    assert found.faults == {}
    assert len(found.uncertain) <= 2


def test_workers_whose_clocks_are_wrong_by_an_hour_send_each_mail_once(sink, staff, tmp_path):
    """F30: leases, due times and wake-ups; the clock that counts is the database's."""
    sink.history = tmp_path / "history.jsonl"
    write(80)
    with transaction.atomic():
        outbox.enqueue(
            key="later",
            kind="confirmed",
            to="later@example.org",
            language="en",
            template="notifications/trial",
            snapshot={"site": "example.org"},
            subjects=[],
        )
    Message.objects.filter(dedupe_key="later").update(not_before=Now() + timedelta(minutes=30))
    sink.seconds_per_mail = 0.02
    staff.beat()
    staff.worker(concurrency=1, hours_ahead=1)
    wait_until(lambda: len(sink.accepted) >= 20, seconds=60)
    staff.worker(concurrency=1, hours_ahead=-1)
    wait_until(lambda: len(sink.accepted) == 80, seconds=60)
    # Several sweeps later, and still nothing early and nothing twice.
    time.sleep(3)

    states = Counter(Message.objects.values_list("state", flat=True))
    assert states == {State.SENT: 80, State.QUEUED: 1}
    assert len(set(sink.recipients())) == len(sink.accepted) == 80
