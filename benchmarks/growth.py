"""
Registering, scanning and opening a page among 1,000 and among 1,000,000 registrations.

What is stored already must not make the next person wait: each figure is how much slower the
same thing is among a million. The figure of the press has its own (`benchmarks.figures`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import benchmarks
from benchmarks import checkin, figures, registration, serving
from benchmarks.page import Reader

ROUNDS = 3
MOST = 1.5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    quick = options.parse_args().quick
    seconds, crowd, meetings = (1.0, 500, 2) if quick else (4.0, 50_000, 20)
    with benchmarks.own_database():
        slugs = registration.fill()
        token, codes = checkin.fill(500 if quick else 1_000)
        vacuum()
        with serving.server(REGISTRATIONS_PER_ADDRESS="100000000") as port:
            clients: dict[str, Callable[[], serving.Client]] = {
                "registration": lambda: registration.Api(port, slugs[:1]),
                "scan": lambda: checkin.Phone(port, token, codes, 1),
                "page": lambda: Reader(port, f"/m/{slugs[1]}/"),
            }
            few = measured(clients, seconds)
            for number in range(meetings):
                figures.fill(registration.MEETINGS + number, crowd)
            vacuum()
            many = measured(clients, seconds)
    for name in clients:
        slower = [a / b for a, b in zip(few[name], many[name], strict=True)]
        benchmarks.report(f"growth.{name}", slower, "× the time", goal=MOST, less_is_better=True)
        benchmarks.report(f"growth.{name}_few", few[name], "/s")
        benchmarks.report(f"growth.{name}_many", many[name], "/s")


def measured(
    clients: dict[str, Callable[[], serving.Client]], seconds: float
) -> dict[str, list[float]]:
    """Calls a second of each, the first round only to warm processes, plans and caches."""
    rates: dict[str, list[float]] = {name: [] for name in clients}
    for _turn in range(ROUNDS + 1):
        for name, make in clients.items():
            rates[name].append(serving.timed(seconds, make)[0])
    return {name: sorted(each[1:], key=lambda rate: -rate) for name, each in rates.items()}


def vacuum() -> None:
    """As autovacuum leaves the tables, which would otherwise come in the middle."""
    from django.db import connection  # noqa: PLC0415 -- after setup

    connection.cursor().execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
