"""
Children that are kept alive: started, started again when they end, stopped in order.

Standard library only, and small: this process stays in memory all the time.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from embedded import processes

# Every child carries it, and nobody else does: so the next start can tell what a killed
# supervisor left behind from everything else on the machine.
MARK = "YAVKA_SUPERVISED_IN"
_LONG_LIFE = 20.0


@dataclass(kw_only=True)
class Child:
    """A process that should be there, and what is known about it."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    # Children of a lower tier use those of a higher one, and are stopped before them.
    tier: int = 0
    process: subprocess.Popen[bytes] | None = None
    born: float = 0.0
    due: float = 0.0
    failures: int = 0


@dataclass
class Supervisor:
    """Call `add` for each child, then `watch`, which returns when somebody says stop."""

    children: list[Child] = field(default_factory=list)
    said_stop: str = ""
    # Whether somebody looks at `said_stop`; otherwise a signal breaks off what is being done.
    is_watching: bool = False

    def __post_init__(self) -> None:
        self._wake, self._bell = os.pipe()
        for end in (self._wake, self._bell):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear_stop)
        # Without a handler the wake-up above would not be written.
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def add(self, child: Child) -> Child:
        self.children.append(child)
        self._start(child)
        return child

    def watch(self, *, until: Callable[[], bool] = lambda: False, pause: float = 60.0) -> None:
        """Keep everybody alive until told to stop, or `until` holds (asked every `pause` s)."""
        self.is_watching = True
        while not self.said_stop and not until():
            now = time.monotonic()
            for child in self.children:
                self._look_after(child, now)
            waits = [c.due - now for c in self.children if not c.process]
            select.select([self._wake], [], [], max(0.0, min([pause, *waits])))
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)
        self.is_watching = False

    def stop(self) -> None:
        """Stop all within 15 s, users before what they use, each with its whole family."""
        self.is_watching = True  # a second Ctrl-C does not make this any quicker
        for tier, patience in [(0, 7.0), (1, 2.0), (2, 4.0)]:
            group = [c.process for c in self.children if c.process and c.tier == tier]
            for child in self.children:
                if child.process in group and not _has_ended(child.process):
                    child.process.send_signal(child.stop_signal)
            until = time.monotonic() + patience
            while time.monotonic() < until and not all(map(_has_ended, group)):
                time.sleep(0.02)
            for process in group:
                _end_family(process)
        for child in self.children:
            child.process = None

    def _hear_stop(self, number: int, _frame: FrameType | None) -> None:
        self.said_stop = signal.Signals(number).name
        if not self.is_watching:
            raise KeyboardInterrupt

    def _start(self, child: Child) -> None:
        child.process = child.start()
        child.born = time.monotonic()

    def _look_after(self, child: Child, now: float) -> None:
        if child.process is None:
            if now >= child.due:
                self._start(child)
            return
        if not _has_ended(child.process):
            return
        # What it left of its own family would hold its port or its files.
        status = _end_family(child.process)
        child.process = None
        child.failures = 0 if now - child.born > _LONG_LIFE else child.failures + 1
        child.due = now + min(30.0, 0.2 * 2**child.failures)
        print(f"Yavka: {child.name} ended ({_cause(status)}) and is started again.", flush=True)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has; without reaping it, so that its number is nobody else's yet."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return bool(os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))


def _end_family(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the child's process group, itself included; return its status."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


def marked(home: Path) -> list[int]:
    """
    The processes that a supervisor of `home` started and left behind (Linux).

    Known by the mark in their environment, which a process number can never tell.
    """
    mark = f"{MARK}={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # somebody else's, or gone
    return [pid for pid in found if pid != os.getpid()]


def clear_away(home: Path) -> int:
    """Stop what a killed supervisor of `home` left behind; return how many there were."""
    left = [(pid, processes.started(pid)) for pid in marked(home)]
    for pid, start in left:
        processes.ask(pid, start, signal.SIGTERM if not _is_postgres(pid) else signal.SIGINT)
    for pid, start in left:
        processes.stop(pid, start, signum=signal.SIGTERM, within=5)
    return len(left)


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
