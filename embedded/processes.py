"""
Processes that belong to somebody: started so that they never outlive their parent, known
again by the moment they started, stopped without touching anybody else's.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000


def start(
    argv: list[str],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    words: str = "",
    env: dict[str, str] | None = None,
    cwd: str = "/",
    account: int | None = None,
    disguised: bool = False,
) -> subprocess.Popen[bytes]:
    """
    Start a program that is sent `stop_signal` when this process dies, however it dies (Linux).

    It reads `words` from its standard input and writes to `log`. `account` is the number of
    the user it becomes; `disguised` puts it into a namespace of its own, see `disguise`.
    """
    parent = os.getpid()

    def become_a_child() -> None:
        if disguised:
            disguise()
        # Last: a change of identity would make the kernel forget it.
        if hasattr(_LIBC, "prctl"):
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    with log.open("ab") as out:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=env,
            cwd=cwd,
            user=account,
            group=account,
            extra_groups=None if account is None else [],
            # A Ctrl-C in the terminal is for the supervisor, who stops things in order.
            start_new_session=True,
            preexec_fn=become_a_child,
        )
    assert process.stdin
    try:
        process.stdin.write(words.encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended at once; whoever waits for it will read why in the log
    return process


def disguise() -> None:
    """
    Give this process a user namespace in which it is user 1000 and not root.

    For programs that refuse to run as root. Files stay root's, no account is made and no
    folder opened to anybody.

    :raises OSError: the machine forbids it, as containers often do
    """
    user, group = os.getuid(), os.getgid()
    if not hasattr(_LIBC, "unshare") or _LIBC.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "no user namespaces here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {user} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {group} 1")


def started(pid: int) -> str:
    """
    When the process started, as a word to compare; "" when there is no such process.

    Process numbers are used again. Number and start together are one process for ever.
    """
    try:
        # The name in parentheses may hold spaces and parentheses itself.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    return "" if fields[0] in "ZX" else f"{fields[19]} {boot}"


def _started_by_ps(pid: int) -> str:
    """Where there is no /proc (macOS)."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "" if answer.startswith("Z") else answer.partition(" ")[2].strip()


def ask(pid: int, start: str, signum: signal.Signals) -> bool:
    """Send the signal to the process that started at `start`; return whether it is there."""
    if not start or started(pid) != start:
        return False
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def stop(
    pid: int, start: str, *, signum: signal.Signals = signal.SIGTERM, within: float = 10
) -> None:
    """Ask the process that started at `start` to end; after `within` seconds, make it."""
    for word, patience in [(signum, within), (signal.SIGKILL, 5.0)]:
        if not ask(pid, start, word):
            return
        until = time.monotonic() + patience
        while started(pid) == start and time.monotonic() < until:
            time.sleep(0.02)
