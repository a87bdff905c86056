"""
How fast mail leaves: the outbox drained by two processes, to a sink on this machine.

Floor: the same bytes, made beforehand, handed over by smtplib from two processes over one
connection each. Beside it: the usual way, one Celery task per mail.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import benchmarks

PROCESSES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drain:
        _drain()
    elif options.floor:
        _hand_over(Path(options.floor), options.count)
    else:
        _measure(count=200 if options.quick else 1000, rounds=1 if options.quick else 3)


def _measure(*, count: int, rounds: int) -> None:
    with _sink() as port:
        os.environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "LOG_LEVEL": "WARNING"}
        os.environ |= {"MAIL_SWEEP_SECONDS": "3600", "MAIL_EPOCH": "benchmark"}
        # Before the settings are read: the usual way needs a broker.
        with _broker(), benchmarks.own_database(), tempfile.TemporaryDirectory() as folder:
            letter = Path(folder) / "letter"
            facts = _facts()
            size = _write_one(facts, letter)
            drained, floor, by_task, cpu = [], [], [], []
            for _ in range(rounds):
                floor.append(count / _timed(["--floor", str(letter), "--count", str(count)]))
                before = _cpu_of_children()
                drained.append(count / _timed_drain(facts, count))
                cpu.append((_cpu_of_children() - before) / count * 1000)
                by_task.append(count / _timed_tasks(facts, count))
    sys.stdout.write(f"{count} mails of {size} bytes, {PROCESSES} processes\n")
    benchmarks.report(
        "mail.drain_2_processes", drained, "mails/s", floor=floor, goal=200, goal_of_floor=0.35
    )
    # On a busy machine this one still says something. Starting up is in it.
    benchmarks.report("mail.drain_cpu", cpu, "ms/mail", less_is_better=True)
    benchmarks.report("mail.one_task_per_mail", by_task, "mails/s")
    gain = [a / b for a, b in zip(drained, by_task, strict=True)]
    benchmarks.report("mail.drain_over_tasks", gain, "×", goal=1.5)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- the letter: a confirmation with picture and calendar ---------------------------


def _facts() -> dict[str, object]:
    """A confirmation as the product writes it; `factories` makes the rows it speaks of."""
    from django.conf import settings  # noqa: PLC0415 -- after setup
    from django.db import transaction  # noqa: PLC0415

    from notifications.models import Message  # noqa: PLC0415
    from registrations import letters  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    # The broker is for the tasks that we count, not for the product's own wake-ups.
    settings.BELL_RINGS = False
    registration = factories.make_registration()
    with transaction.atomic():
        letters.write_confirmed(registration)
    message = Message.objects.values(
        "kind", "template", "snapshot", "enclosures", "sender_name", "reply_to", "language"
    ).get()
    Message.objects.all().delete()
    return dict(message)


def _fill(facts: dict[str, object], count: int) -> None:
    from notifications.models import Message  # noqa: PLC0415 -- after setup

    Message.objects.all().delete()
    Message.objects.bulk_create(
        Message(
            **facts,
            dedupe_key=f"bench:{number}",
            recipient=f"guest{number}@example.org",
            recipient_name="Пётр Ильич Иванов",
            subjects=[],
        )
        for number in range(count)
    )


def _write_one(facts: dict[str, object], letter: Path) -> int:
    from django.utils import timezone  # noqa: PLC0415 -- after setup

    from notifications import composing  # noqa: PLC0415
    from notifications.models import Message  # noqa: PLC0415

    _fill(facts, 1)
    return letter.write_bytes(composing.compose(Message.objects.get(), timezone.now()))


# --- the three ways -----------------------------------------------------------------


def _timed_drain(facts: dict[str, object], count: int) -> float:
    _fill(facts, count)
    seconds = _timed(["--drain"])
    _assert_sent(count)
    return seconds


def _timed_tasks(facts: dict[str, object], count: int) -> float:
    from benchmarks.mail_by_task import deliver_one  # noqa: PLC0415 -- after setup
    from notifications.models import Message  # noqa: PLC0415

    _fill(facts, count)
    command = ["-m", "celery", "-A", "config.celery", "worker", "--loglevel", "WARNING"]
    command += [
        "--include",
        "benchmarks.mail_by_task",
        "--concurrency",
        str(PROCESSES),
        "--without-mingle",
        "--without-gossip",
    ]
    pks = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    worker = subprocess.Popen([sys.executable, *command])
    try:
        # The first one shows that the worker is up.
        deliver_one.delay(pks[0])
        _wait_for(1)
        since = time.perf_counter()
        for pk in pks[1:]:
            deliver_one.delay(pk)
        _wait_for(count)
        return time.perf_counter() - since
    finally:
        worker.terminate()
        worker.wait()


def _wait_for(count: int) -> None:
    from notifications.models import Message, State  # noqa: PLC0415 -- after setup

    over_at = time.monotonic() + 120
    while Message.objects.filter(sent_at__isnull=False, state__in=[State.SENT]).count() < count:
        if time.monotonic() > over_at:
            raise SystemExit("The mail did not leave within two minutes.")
        time.sleep(0.05)


def _assert_sent(count: int) -> None:
    from notifications.models import Attempt, Message  # noqa: PLC0415 -- after setup

    sent = Message.objects.filter(sent_at__isnull=False).count()
    if sent != count or Attempt.objects.count() % count:
        raise SystemExit(f"{sent} of {count} mails were sent: the figure would be a lie.")


def _timed(arguments: list[str]) -> float:
    """Seconds that PROCESSES copies of ourselves take, from "all are ready" to "all are done"."""
    copies = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.mail", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for copy in copies:
        assert copy.stdout
        copy.stdout.readline()
    since = time.perf_counter()
    for copy in copies:
        assert copy.stdin
        copy.stdin.write("go\n")
        copy.stdin.flush()
    if any([copy.wait() for copy in copies]):
        raise SystemExit("A process of the benchmark failed.")
    return time.perf_counter() - since


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _drain() -> None:
    benchmarks.setup()
    from django.utils import timezone  # noqa: PLC0415 -- after setup

    from notifications import composing, delivery  # noqa: PLC0415
    from notifications.models import Message  # noqa: PLC0415

    # A worker lives for weeks: what it loads at its first mail is not what is measured.
    first = Message.objects.order_by("pk").first()
    assert first
    composing.compose(first, timezone.now())
    _ready()
    delivery.drain(seconds=600)


def _hand_over(letter: Path, count: int) -> None:
    import smtplib  # noqa: PLC0415 -- only the floor needs it

    content = letter.read_bytes()
    port = int(os.environ["EMAIL_URL"].rpartition(":")[2])
    _ready()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as smtp:
        for _ in range(count // PROCESSES):
            smtp.sendmail("a@example.org", ["b@example.org"], content)


# --- the other side, and the broker -------------------------------------------------


@contextmanager
def _sink() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.sink"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _broker() -> Iterator[None]:
    from embedded import engines  # noqa: PLC0415 -- not for the copies

    with tempfile.TemporaryDirectory() as folder:
        engine = engines.valkey(Path(folder) / "broker", durable=False)
        process = engine.start()
        try:
            engine.wait_until_ready(process)
            os.environ["REDIS_URL"] = engine.url
            yield
        finally:
            engine.stop(process)


if __name__ == "__main__":
    main()
