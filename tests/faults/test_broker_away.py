"""The broker refuses or hangs: whoever commits does not notice, and the mail leaves later."""

import re
import socket
import time

import pytest
from celery import Celery
from django.db import transaction

from accounts.journal import PUBLIC
from notifications import bell, outbox
from notifications.models import Message, State
from registrations import booking
from tests.factories import NOON, make_application, make_meeting
from tests.faults.proxy import Proxy
from tests.notifications.scripted import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

# What a visitor may be made to wait, seconds, on a machine that runs a whole test suite.
AT_ONCE = 2


def hang_bell(monkeypatch, settings, url):
    """A new bell on that broker, with the product's own timeouts."""
    app = Celery("faults", set_as_current=False, fixups=[])
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = url
    settings.BELL_RINGS = True
    monkeypatch.setattr(bell, "current_app", app)
    monkeypatch.setattr(bell, "_bell", bell.Bell())
    return app


def seconds(act):
    since = time.monotonic()
    act()
    return time.monotonic() - since


def write(key="anna"):
    with transaction.atomic():
        outbox.enqueue(
            key=key,
            kind="trial",
            to="anna@example.org",
            language="en",
            template="notifications/trial",
            snapshot={"site": "example.org"},
            subjects=[],
        )


def register(meeting, **overrides):
    booking.register(
        meeting=meeting,
        application=make_application(meeting, **overrides),
        consents=[],
        at=NOON,
        by=PUBLIC,
    )


def test_registering_does_not_notice_a_broker_that_refuses(monkeypatch, settings):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    hang_bell(monkeypatch, settings, f"redis://127.0.0.1:{port}/0")
    meeting = make_meeting(seat_limit=20)
    # The first of a process also loads what it needs.
    register(meeting)

    slowest = max(seconds(lambda: register(meeting)) for _ in range(10))

    assert slowest < AT_ONCE
    assert Message.objects.count() == 11


def test_registering_does_not_notice_a_broker_that_hangs(monkeypatch, settings, broker):
    app = hang_bell(monkeypatch, settings, broker.url)
    meeting = make_meeting(seat_limit=20)
    # Connected before it hangs: that is the case in which Celery waits for ever.
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
    register(meeting)
    time.sleep(1)
    broker.hang()

    slowest = max(seconds(lambda: register(meeting)) for _ in range(10))
    time.sleep(settings.BELL_DELAY_SECONDS + 0.2)
    while_it_hangs_in_the_bell = max(seconds(lambda: register(meeting)) for _ in range(5))

    assert slowest < AT_ONCE
    assert while_it_hangs_in_the_bell < AT_ONCE
    assert Message.objects.count() == 16


def test_a_burst_rings_once(monkeypatch, settings, broker):
    app = hang_bell(monkeypatch, settings, broker.url)
    rings = []
    monkeypatch.setattr(app, "send_task", lambda task, **options: rings.append(task))

    for number in range(50):
        write(f"burst {number}")
    wait_until(lambda: rings)
    time.sleep(0.5)

    assert rings == [outbox.LOOK] * len(rings)
    assert len(rings) <= 4


def test_a_forked_process_has_a_bell_of_its_own():
    before = bell._bell

    bell._hang_a_new_one()

    assert bell._bell is not before
    assert bell._bell._ringer is None


def test_what_was_written_while_the_broker_was_away_leaves_when_it_is_back(
    monkeypatch, settings, broker, sink, staff
):
    hang_bell(monkeypatch, settings, broker.url)
    staff.worker()
    staff.beat()
    write("before")
    wait_until(lambda: len(sink.accepted) == 1, seconds=40)

    broker.hang()
    assert seconds(lambda: write("meanwhile")) < AT_ONCE
    # Longer than every timeout of the bell: its ring is lost for good.
    time.sleep(8)
    broker.go_on()

    wait_until(lambda: len(sink.accepted) == 2, seconds=20)
    wait_until(lambda: Message.objects.get(dedupe_key="meanwhile").state == State.SENT)


def test_a_broker_that_refuses_for_a_while_delays_mail_and_nothing_else(
    monkeypatch, settings, broker, sink, staff
):
    """F01: everything of ours behind a line that is cut; registering goes on."""
    line = Proxy(broker.port)
    url = broker.url.replace(f":{broker.port}", f":{line.port}")
    staff.environment["REDIS_URL"] = url
    hang_bell(monkeypatch, settings, url)
    meeting = make_meeting(seat_limit=100)
    staff.worker()
    staff.beat()
    register(meeting)
    wait_until(lambda: len(sink.accepted) == 1, seconds=40)

    line.refuse()
    slowest = max(seconds(lambda: register(meeting)) for _ in range(30))
    assert slowest < AT_ONCE
    assert Message.objects.count() == 31
    time.sleep(2)
    line.listen()

    wait_until(lambda: len(sink.accepted) >= 31, seconds=60)
    names = {re.search(rb"Message-ID: <(.+?)>", words).group(1) for _, words in sink.accepted}
    assert len(names) == len(sink.accepted) == 31
    line.close()
