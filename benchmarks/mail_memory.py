"""
What a queue of 100,000 due mails costs the worker that works it off: memory, and each claim.

Measured against a queue of 1,000: both must be nearly the same. The last figure is a claim
behind 100,000 mails whose domain has no token left.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import benchmarks
from benchmarks import mail

TURN = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--drain", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drain:
        _drain(options.drain)
    else:
        _measure(few=500 if options.quick else 1000, many=5_000 if options.quick else 100_000)


def _measure(*, few: int, many: int) -> None:
    with mail._sink() as port:
        os.environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "LOG_LEVEL": "WARNING"}
        os.environ |= {"MAIL_SWEEP_SECONDS": "3600", "MAIL_EPOCH": "benchmark"}
        with benchmarks.own_database():
            facts = mail._facts()
            peaks, claims = {}, {}
            for due in (few, many):
                _fill(facts, due)
                claims[due] = _claims()
                peaks[due] = _peak(min(due, few * 5))
            blocked = _claims(but=["example.org"], found=0)
    grown = peaks[many] - peaks[few]
    sys.stdout.write(f"{few} and {many} due; memory over {few} and {few * 5} mails sent\n")
    benchmarks.report("mail.memory", [peaks[many]], "MiB")
    benchmarks.report("mail.memory_grown", [grown], "MiB", goal=8, less_is_better=True)
    slower = [statistics.median(claims[many]) / statistics.median(claims[few])]
    benchmarks.report("mail.claim", claims[many], "ms", less_is_better=True)
    benchmarks.report("mail.claim_many_over_few", slower, "×", goal=2, less_is_better=True)
    benchmarks.report("mail.claim_past_blocked", blocked, "ms", goal=500, less_is_better=True)


def _fill(facts: dict[str, object], count: int) -> None:
    """One letter by the product, and copies of it by the database."""
    from django.db import connection  # noqa: PLC0415 -- after setup

    from notifications.models import Message  # noqa: PLC0415

    mail._fill(facts, 1)
    fields = [field.column for field in Message._meta.concrete_fields if field.column != "id"]
    own = {
        "dedupe_key": "'bench:' || n",
        "recipient": "'guest' || n || '@example.org'",
        "message_id": "gen_random_uuid()",
    }
    values = ", ".join(own.get(field, field) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO notifications_message ({', '.join(fields)}) "
            f"SELECT {values} FROM notifications_message, generate_series(1, %s) n",
            [count - 1],
        )
        cursor.execute("VACUUM ANALYZE notifications_message")


def _claims(*, but: list[str] | None = None, found: int = 20) -> list[float]:
    """Milliseconds of some claims; the rows are put back."""
    from notifications import delivery  # noqa: PLC0415 -- after setup

    took = []
    for _ in range(11):
        since = time.perf_counter()
        batch = delivery.claim(but=but or [])
        took.append((time.perf_counter() - since) * 1000)
        if len(batch) != found:
            raise SystemExit(f"{len(batch)} were claimed, not {found}: the figure would be a lie.")
        delivery._put_back(batch)
    return took[1:]


def _peak(count: int) -> float:
    """MiB that a worker of its own has at most while it sends so many."""
    command = [sys.executable, "-m", "benchmarks.mail_memory", "--drain", str(count)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(said)


def _drain(count: int) -> None:
    benchmarks.setup()
    from notifications import delivery  # noqa: PLC0415 -- after setup
    from notifications.models import Message  # noqa: PLC0415

    over_at = time.monotonic() + TURN
    while Message.objects.filter(state="sent").count() < count and time.monotonic() < over_at:
        delivery.drain(seconds=1)
    # Not getrusage: that one counts what the parent had before it started us.
    status = Path("/proc/self/status").read_text()
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    sys.stdout.write(f"{int(peak) / 1024:.1f}\n")


if __name__ == "__main__":
    main()
