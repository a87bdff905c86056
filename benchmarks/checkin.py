"""Check-in at the door: scans one by one and in batches, against the bare statement."""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg

import benchmarks

CLIENTS, BATCH, ROUNDS = 8, 200, 3
PATH = "/api/v1/checkin/scans/"
# The least that lets each person in once: look the code up, insert, in one statement.
FLOOR_TABLE = """
CREATE TABLE floor_visit (registration_id bigint PRIMARY KEY, scan uuid, first_at timestamptz)
"""
FLOOR = """
WITH person AS (SELECT id FROM registrations_registration WHERE ticket_code = ANY(%s))
INSERT INTO floor_visit SELECT id, gen_random_uuid(), now() FROM person
ON CONFLICT (registration_id) DO NOTHING RETURNING first_at
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    quick = options.parse_args().quick
    people, seconds = (5_000, 1.0) if quick else (100_000, 5.0)
    os.environ.setdefault("PUBLIC_URL", "http://127.0.0.1")
    with benchmarks.own_database() as address:
        token, codes = fill(people)
        with psycopg.connect(address, autocommit=True) as db:
            db.execute(FLOOR_TABLE)
            db.execute("VACUUM ANALYZE registrations_registration")
        with server() as port:
            compare(address, port, token, codes, seconds)


def compare(address: str, port: int, token: str, codes: list[str], seconds: float) -> None:
    rates: dict[str, list[float]] = {"one": [], "floor": [], "many": [], "floor_many": []}
    slowest: list[float] = []
    for turn in range(ROUNDS + 1):
        done, took = timed(seconds, lambda: Client(port, token, codes, 1))
        rates["one"].append(done / seconds)
        slowest.append(sorted(took)[int(len(took) * 0.95)] * 1000)
        rates["floor"].append(timed(seconds, lambda: Bare(address, codes, 1))[0] / seconds)
        done = timed(seconds, lambda: Client(port, token, codes, BATCH))[0]
        rates["many"].append(done * BATCH / seconds)
        done = timed(seconds, lambda: Bare(address, codes, BATCH))[0]
        rates["floor_many"].append(done * BATCH / seconds)
        if turn == 0:  # the first round warms processes, plans and caches
            rates = {name: [] for name in rates}
            slowest = []
    benchmarks.report(
        "checkin.single_8_clients", rates["one"], "scans/s", floor=rates["floor"], goal=400
    )
    benchmarks.report("checkin.single_p95", slowest, "ms", goal=60, less_is_better=True)
    benchmarks.report(
        "checkin.batch_200", rates["many"], "scans/s", floor=rates["floor_many"], goal=5000
    )


def timed(seconds: float, make: Callable[[], Client | Bare]) -> tuple[int, list[float]]:
    """Let eight clients work for so long; how often each call was answered, and how quickly."""
    clients = [make() for _n in range(CLIENTS)]
    until = time.perf_counter() + seconds

    def work(client: Client | Bare) -> list[float]:
        took = []
        while (since := time.perf_counter()) < until:
            client.call()
            took.append(time.perf_counter() - since)
        client.close()
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        took = [each for one in pool.map(work, clients) for each in one]
    return len(took), took


class Client:
    """A desk on a kept connection: written by hand, so that it costs the server's cores little."""

    def __init__(self, port: int, token: str, codes: list[str], batch: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Device {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self.codes, self.batch = codes, batch

    def call(self) -> None:
        at = datetime.now(UTC).isoformat()
        scans = [
            {"id": str(uuid.uuid4()), "code": code, "scanned_at": at}
            for code in random.sample(self.codes, self.batch)
        ]
        body = json.dumps({"scans": scans})
        self.socket.sendall(f"{self.head}{len(body)}\r\n\r\n{body}".encode())
        answer = self.socket.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _blank, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:500].decode())
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self.socket.recv(65536)

    def close(self) -> None:
        self.socket.close()


class Bare:
    """The same work without a web server: one prepared statement on a kept connection."""

    def __init__(self, address: str, codes: list[str], batch: int) -> None:
        self.db = psycopg.connect(address, autocommit=True)
        self.codes, self.batch = codes, batch

    def call(self) -> None:
        self.db.execute(FLOOR, [random.sample(self.codes, self.batch)], prepare=True)

    def close(self) -> None:
        self.db.close()


def fill(people: int) -> tuple[str, list[str]]:
    """A meeting with so many confirmed people, and the token of a desk at it."""
    from django.db import connection  # noqa: PLC0415 -- Django is ready only now
    from django.utils import timezone  # noqa: PLC0415

    from attendance import desks  # noqa: PLC0415
    from events import access  # noqa: PLC0415
    from registrations import tickets  # noqa: PLC0415
    from registrations.models import Registration  # noqa: PLC0415
    from tests.attendance.door import make_link, make_meeting, make_person  # noqa: PLC0415

    now = timezone.now()
    meeting = make_meeting(starts_at=now, ends_at=now + timedelta(hours=3))
    make_person(meeting)
    own = {"id", "uid", "number", "ticket_code", "link_hash", "email", "name_key"}
    columns = [f.column for f in Registration._meta.concrete_fields if f.column not in own]
    codes = [tickets.new_code() for _n in range(people)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registrations_registration"
            f" (uid, number, ticket_code, link_hash, email, name_key, {', '.join(columns)})"
            " SELECT gen_random_uuid(), lpad(place::text, 7, '0'), code,"
            "  sha256(code::bytea), code || '@example.org', code,"
            f"  {', '.join(f't.{column}' for column in columns)}"
            " FROM registrations_registration t, unnest(%s::text[]) WITH ORDINALITY c(code, place)",
            [codes],
        )
    link = access.url(make_link(meeting, at=now)).rstrip("/").rpartition("/")[2]
    return desks.start(token=link, at=now)[1], codes


@contextmanager
def server() -> Iterator[int]:
    """The product's own web server, with its own settings, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = ["-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    env = os.environ | {"PUBLIC_URL": f"http://127.0.0.1:{port}", "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, *command, "config.wsgi"], env=env)
    try:
        for _wait in count():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if _wait > 600 or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
