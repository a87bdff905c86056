"""
All benchmarks, one after the other, on a PostgreSQL of their own that writes to the disk.

    python -m benchmarks [--quick] [name …]

Nothing else should run meanwhile: the quotients bear a busy machine, the figures do not.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded import engines

EVERY = (
    "registration", "opening", "checkin", "growth", "page", "figures", "export", "badges", "mail",
    "mail_memory", "reminders", "start",
)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="small runs, to see that all work")
    options.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(EVERY)}")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(EVERY):
        options.error(f"there is no benchmark called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="yavka-benchmarks-") as folder:
        engine = engines.postgresql(Path(folder) / "postgresql", durable=True)
        process = engine.start()
        try:
            engine.wait_until_ready(process)
            sys.stdout.write(f"{machine()}\n")
            failed = [n for n in chosen.names or EVERY if not ran(n, engine.url, chosen.quick)]
        finally:
            engine.stop(process)
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


def machine() -> str:
    """What the figures were taken on."""
    cores = os.cpu_count()
    postgresql = subprocess.run(
        [engines.postgresql_bindir() / "postgres", "--version"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return f"{cores} cores, Python {platform.python_version()}, {postgresql}"


def ran(name: str, database: str, quick: bool) -> bool:
    """Run one; whether it came to its end."""
    sys.stdout.write(f"\n{name}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
    return not subprocess.run(command, env=os.environ | {"DATABASE_URL": database}).returncode


if __name__ == "__main__":
    main()
