"""
The list of participants as a file: 10,000 and 100,000 rows, CSV and XLSX, time and memory.

Floor: psql's COPY of the same columns as they are stored, into a file, in the same run; no
program that reads the rows through PostgreSQL can do less. Each export runs in a process of
its own, so that its memory can be told from what Django takes anyway.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import figures, own_database, report, setup

ROUNDS = 3
# Seconds for 10,000 rows; megabytes above what Django takes.
GOALS = {"csv": 0.5, "xlsx": 3.0}
GOAL_MEMORY = 20.0
STORED = (
    "r.number, r.status, family_name, given_name, patronymic, latin_name, organization, r.position,"
    " region_id, region_id, category_id, attendance_mode, email, phone, source,"
    " submitted_by_name, registered_at"
)


def main() -> None:
    if "--export" in sys.argv:
        _export(*sys.argv[2:])
        return
    sizes = (1_000, 10_000) if "--quick" in sys.argv else (10_000, 100_000)
    with own_database() as database, tempfile.TemporaryDirectory() as folder:
        for number, rows in enumerate(sizes):
            figures.fill(number, rows)
        _vacuum()
        memory: dict[str, list[float]] = {}
        for number, rows in enumerate(sizes):
            for form, goal in GOALS.items():
                floor: list[float] = []
                seconds: list[float] = []
                grown: list[float] = []
                for _round in range(ROUNDS):
                    floor.append(_copy(database, number, Path(folder) / "floor"))
                    taken = _in_its_own_process(form, number, folder)
                    seconds.append(taken["seconds"])
                    grown.append(taken["megabytes"])
                goal_here = goal if rows == 10_000 else None
                limit = 2.0 if form == "csv" else None
                report(
                    f"export.{form}_{rows}", seconds, "s", floor=floor, goal=goal_here,
                    goal_of_floor=limit, less_is_better=True,
                )  # fmt: skip
                report(
                    f"export.{form}_{rows}_memory", grown, "MB", goal=GOAL_MEMORY,
                    less_is_better=True,
                )  # fmt: skip
                memory.setdefault(form, []).append(statistics.median(grown))
        for form, (small, large) in memory.items():
            report(f"export.{form}_memory_growth", [large - small], "MB", goal=5.0,
                   less_is_better=True)  # fmt: skip


def _copy(database: str, number: int, file: Path) -> float:
    """Seconds that psql takes to copy the stored columns into a file."""
    psql = shutil.which("psql")
    query = (
        f"SELECT {STORED} FROM registrations_registration r JOIN events_meeting m"
        f" ON m.id = r.meeting_id WHERE m.slug = 'bench-{number}' ORDER BY sort_key, r.id"
    )
    if psql is None:
        raise SystemExit("psql is needed for the floor: apt-get install postgresql-client")
    command = [psql, database, "-qc", f"\\copy ({query}) TO '{file}' WITH (FORMAT csv)"]
    return _seconds(lambda: subprocess.run(command, check=True))


def _in_its_own_process(form: str, number: int, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.export", "--export", form, str(number), folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _export(form: str, number: str, folder: str) -> None:
    """The product's own way from the filtered list to a file, and what it took."""
    setup()
    from django.http import QueryDict  # noqa: PLC0415 -- after setup

    from events.models import Meeting  # noqa: PLC0415
    from reports import exports, roster  # noqa: PLC0415

    meeting = Meeting.objects.select_related("region_set").get(slug=f"bench-{number}")
    # What only a first request pays: the connection, and what one exported row imports.
    for warm in exports.csv(roster.RosterFilter(QueryDict("q=0"), meeting=meeting).people,
                            meeting=meeting):  # fmt: skip
        del warm
    people = roster.RosterFilter(QueryDict(""), meeting=meeting).people
    before = _megabytes()

    def work() -> None:
        with (Path(folder) / f"list.{form}").open("w+b") as file:
            if form == "csv":
                for piece in exports.csv(people, meeting=meeting):
                    file.write(piece)
            else:
                exports.xlsx(people, file, meeting=meeting)

    seconds = _seconds(work)
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": _megabytes() - before}))


def _megabytes() -> float:
    """The most that this process ever held. Not ru_maxrss, which begins with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _vacuum() -> None:
    from django.db import connection  # noqa: PLC0415 -- after setup

    connection.cursor().execute("VACUUM ANALYZE")


if __name__ == "__main__":
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    main()
