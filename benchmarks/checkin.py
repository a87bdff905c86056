"""Check-in at the door: scans one by one and in batches, against the bare statement."""

from __future__ import annotations

import argparse
import json
import random
import uuid
from datetime import UTC, datetime, timedelta

import psycopg

import benchmarks
from benchmarks import serving

BATCH, ROUNDS = 200, 3
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
    with benchmarks.own_database() as address:
        token, codes = fill(people)
        with psycopg.connect(address, autocommit=True) as db:
            db.execute(FLOOR_TABLE)
            db.execute("VACUUM ANALYZE registrations_registration")
        with serving.server() as port:
            compare(address, port, token, codes, seconds)


def compare(address: str, port: int, token: str, codes: list[str], seconds: float) -> None:
    rates: dict[str, list[float]] = {"one": [], "floor": [], "many": [], "floor_many": []}
    slowest: list[float] = []
    for turn in range(ROUNDS + 1):
        rate, took = serving.timed(seconds, lambda: Phone(port, token, codes, 1))
        rates["one"].append(rate)
        slowest.append(sorted(took)[int(len(took) * 0.95)] * 1000)
        rates["floor"].append(serving.timed(seconds, lambda: Bare(address, codes, 1))[0])
        rate, _took = serving.timed(seconds, lambda: Phone(port, token, codes, BATCH))
        rates["many"].append(rate * BATCH)
        rate, _took = serving.timed(seconds, lambda: Bare(address, codes, BATCH))
        rates["floor_many"].append(rate * BATCH)
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


class Phone:
    """A desk's phone: scans so many tickets at a time."""

    def __init__(self, port: int, token: str, codes: list[str], batch: int) -> None:
        self.http = serving.Http(port)
        self.head = (
            f"POST {PATH} HTTP/1.1\r\nAuthorization: Device {token}\r\n"
            "Content-Type: application/json"
        )
        self.codes, self.batch = codes, batch

    def call(self) -> None:
        at = datetime.now(UTC).isoformat()
        scans = [
            {"id": str(uuid.uuid4()), "code": code, "scanned_at": at}
            for code in random.sample(self.codes, self.batch)
        ]
        self.http.ask(self.head, json.dumps({"scans": scans}))

    def close(self) -> None:
        self.http.close()


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


if __name__ == "__main__":
    main()
