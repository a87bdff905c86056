"""The real ./run, for journeys: its own folder, its own port, everything it starts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from embedded import supervision

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """`start` waits for the banner; `known` is var/run.json; `stop` is what Ctrl-C is."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.home = home
        self.port = port or free_port()
        self.output = home.parent / f"{home.name}.out"

    def command(self, *arguments: str) -> dict[str, Any]:
        """What subprocess needs to run ./run in this folder with the tests' own libraries."""
        ours = ("DATABASE_URL", "REDIS_URL", "TEST_", "DJANGO_", "SECRET_KEY", "PYTEST_")
        env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        env |= {"VAR_DIR": str(self.home), "YAVKA_VENV": sys.prefix, "YAVKA_PYTHON": sys.executable}
        return {"args": [ROOT / "run", "--port", str(self.port), *arguments], "env": env}

    def start(self, *arguments: str, within: float = 120) -> float:
        """Return the seconds it took."""
        since = time.monotonic()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                **self.command(*arguments), stdout=output, stderr=subprocess.STDOUT
            )
        self.pid = self.process.pid
        while "Yavka is running." not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() - since < within, self.output.read_text()
            time.sleep(0.05)
        return time.monotonic() - since

    @property
    def known(self) -> dict[str, Any]:
        return json.loads((self.home / "run.json").read_text())

    def children(self) -> dict[str, int]:
        """The processes it supervises, by what they are."""
        names = ("gunicorn", "worker", "beat", "mailbox", "postgres", "valkey")
        found = {}
        for pid in supervision.marked(self.home):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
                parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue  # gone meanwhile
            if int(parent) == self.pid:
                found |= {name: pid for name in names if name in words}
        return found

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> float:
        """Return the seconds it took."""
        since = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signum)
        self.process.wait(30)
        return time.monotonic() - since
