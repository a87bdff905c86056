"""What the product does against the least it could take. benchmarks/README.md explains."""

from __future__ import annotations

import os
import statistics
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


def setup() -> None:
    """Make Django ready, with the product's own settings."""
    os.environ.setdefault("SECRET_KEY", "benchmarks-only")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415 -- after the environment is set

    django.setup()


@contextmanager
def own_database() -> Iterator[str]:
    """
    A new, migrated database beside the one of DATABASE_URL, dropped at the end.

    Call it before :func:`setup`; yields its address, which DATABASE_URL then holds too.
    """
    import psycopg  # noqa: PLC0415 -- only those who need a database

    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(urlunsplit(parts), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        address = urlunsplit(parts._replace(path=f"/{name}"))
        os.environ["DATABASE_URL"] = address
        try:
            setup()
            from django.core.management import call_command  # noqa: PLC0415 -- after setup
            from django.db import connections  # noqa: PLC0415 -- after setup

            call_command("migrate", verbosity=0)
            yield address
            connections.close_all()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def report(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    floor: Sequence[float] = (),
    goal: float | None = None,
    goal_of_floor: float | None = None,
    less_is_better: bool = False,
) -> None:
    """Print the line of one figure: median and range, beside its floor and its goal."""
    middle = statistics.median(values)
    words = [f"{name:<28}", f"{middle:.4g} {unit} [{min(values):.4g}–{max(values):.4g}]"]
    verdicts = []
    if floor:
        quotient = middle / statistics.median(floor)
        words.append(f"floor {statistics.median(floor):.4g}  {quotient:.2f} of floor")
        verdicts.append((goal_of_floor, quotient, "× floor"))
    verdicts.append((goal, middle, ""))
    for wanted, got, of in verdicts:
        if wanted is not None:
            reached = got <= wanted if less_is_better else got >= wanted
            sign = "≤" if less_is_better else "≥"
            words.append(f"goal {sign} {wanted:g}{of} {'reached' if reached else 'MISSED'}")
    sys.stdout.write("  ".join(words) + "\n")
