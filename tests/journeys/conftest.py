"""One ./run for all journeys: real server, worker, beat, SMTP and mailbox."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.journeys.mailbox import Mailbox
from tests.running import Running


class Shared:
    """
    A ./run that pytest's workers use together: the first one starts it, the last one stops it.

    To start costs as much as a journey, and its database is its own: the tests' one is not
    touched.
    """

    def __init__(self, folder: Path) -> None:
        self.home, self.note = folder / "journeys", folder / "journeys.json"
        self.lock = folder / "journeys.lock"

    @contextmanager
    def noted(self) -> Iterator[dict[str, int]]:
        """Who it is and how many use it; one worker at a time."""
        with self.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            note = json.loads(self.note.read_text()) if self.note.exists() else {"users": 0}
            yield note
            self.note.write_text(json.dumps(note))

    def join(self) -> Running:
        with self.noted() as note:
            running = Running(self.home, note.get("port"))
            if note["users"] == 0:
                running.start(within=300)
                note |= {"port": running.port, "pid": running.pid}
            running.pid = note["pid"]
            note["users"] += 1
        return running

    def leave(self) -> None:
        with self.noted() as note:
            note["users"] -= 1
            if note["users"] == 0:
                stop(note["pid"])


def stop(pid: int) -> None:
    """End a ./run that perhaps another worker has started, and wait until it is gone."""
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < until, "./run does not stop"
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:  # another worker's child
        state = Path(f"/proc/{pid}/stat")
        return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="session")
def yavka(tmp_path_factory):
    own = tmp_path_factory.getbasetemp()
    shared = Shared(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)
    running = shared.join()
    try:
        yield running
    finally:
        shared.leave()


@pytest.fixture(scope="session")
def mailbox(yavka):
    return Mailbox(yavka.known["mailbox"])


@pytest.fixture(scope="module")
def driver():
    # Not longer than a file: while Playwright runs, Django takes the thread for asynchronous.
    with sync_playwright() as started:
        yield started
