"""./run from nothing running to its first page, and the memory of what then stands idle."""

from __future__ import annotations

import argparse
import re
import tempfile
import time
import urllib.request
from pathlib import Path

import benchmarks
from embedded import supervision
from tests.running import Running

ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    quick = options.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="yavka-benchmark-") as folder:
        home = Path(folder) / "var"
        started(home)  # makes the samples; from now on the installation is warm
        runs = [started(home, idle=2 if quick else 20) for _n in range(1 if quick else ROUNDS)]
    benchmarks.report(
        "start.warm_to_first_page", [took for took, _m in runs], "s", goal=4, less_is_better=True
    )
    benchmarks.report(
        "start.idle_pss_python", [memory for _t, memory in runs], "MiB", goal=450,
        less_is_better=True,
    )  # fmt: skip


def started(home: Path, *, idle: float = 0) -> tuple[float, float]:
    """Seconds to the first page, and MiB of all Python processes after so many seconds idle."""
    it = Running(home)
    try:
        since = time.perf_counter()
        it.start(within=300)
        urllib.request.urlopen(it.known["url"]).read()
        took = time.perf_counter() - since
        time.sleep(idle)
        processes = {it.process.pid, *supervision.marked(home)}
        return took, sum(map(proportional, processes))
    finally:
        it.stop()


def proportional(pid: int) -> float:
    """The process's share of memory (PSS: proc(5)) in MiB; 0 if it is none of Python's."""
    place = Path(f"/proc/{pid}")
    if b"python" not in (place / "cmdline").read_bytes():
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0


if __name__ == "__main__":
    main()
