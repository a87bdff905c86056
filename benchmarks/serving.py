"""The product's own web server for a benchmark, and clients that cost its two cores little."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Protocol

CLIENTS = 8
# A browser asks for a page or two over one connection. Kept for ever, all eight may lie with
# one of the two server processes, as chance has it, and half of the machine stands idle.
CALLS_A_CONNECTION = 20


class Client(Protocol):
    """Somebody who does the same thing again and again over a kept connection."""

    def call(self) -> None: ...

    def close(self) -> None: ...


class Closed(RuntimeError):
    """The other side ended the connection."""


class Http:
    """HTTP/1.1 by hand on kept connections: a library would take as long as the server."""

    def __init__(self, port: int) -> None:
        self.port, self.calls = port, 0
        self.socket = socket.create_connection(("127.0.0.1", port))

    def ask(self, head: str, body: str = "", *, expects: tuple[int, ...] = (200,)) -> bytes:
        """Send one request (`head` is its line and headers); return head and body of the answer."""
        self.calls += 1
        if self.calls % CALLS_A_CONNECTION == 0:
            self.socket.close()
            self.socket = socket.create_connection(("127.0.0.1", self.port))
        content = body.encode()
        lines = f"{head}\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(content)}\r\n\r\n"
        try:
            self.socket.sendall(lines.encode() + content)
            answer = self._more()
        except (Closed, ConnectionError):  # the server lets go of a line nobody speaks on
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.socket.sendall(lines.encode() + content)
            answer = self._more()
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        start, _blank, rest = answer.partition(b"\r\n\r\n")
        length = int(start.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self._more()
        if int(start.split()[1]) not in expects:
            raise RuntimeError((start + b"\n" + rest)[:800].decode())
        return start + b"\r\n\r\n" + rest

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> bytes:
        part = self.socket.recv(65536)
        if not part:
            raise Closed("The server closed the connection.")
        return part


def timed(
    seconds: float, make: Callable[[], Client], *, clients: int = CLIENTS
) -> tuple[float, list[float]]:
    """Let so many clients work at once; calls a second, and how long each took (seconds)."""
    workers = [make() for _n in range(clients)]
    since = time.perf_counter()

    def work(client: Client) -> list[float]:
        took = []
        while (start := time.perf_counter()) < since + seconds:
            client.call()
            took.append(time.perf_counter() - start)
        client.close()
        return took

    with ThreadPoolExecutor(clients) as pool:
        took = [each for one in pool.map(work, workers) for each in one]
    return len(took) / (time.perf_counter() - since), took


@contextmanager
def server(**environment: str) -> Iterator[int]:
    """The product's web server, with its own settings, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = ["-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    files = tempfile.mkdtemp(prefix="yavka-benchmark-")
    env = os.environ | {"PUBLIC_URL": f"http://127.0.0.1:{port}", "LOG_LEVEL": "ERROR"}
    env |= {"VAR_DIR": files} | environment
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"]
    subprocess.run(collect, env=env, check=True)
    command += ["--log-level", "warning", "config.wsgi"]
    process = subprocess.Popen([sys.executable, *command], env=env)
    try:
        for tries in count():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if tries > 600 or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(files)
