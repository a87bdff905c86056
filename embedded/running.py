"""
./run: Yavka for trying, from a fresh checkout to a page, in one command.

Makes the environment, starts PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name
others), prepares the installation, and keeps the web server, worker, beat and mailbox alive
until Ctrl-C. Everything it writes is in .venv and var. Not for production: see
docs/administrator.md.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import IO, Any

from embedded import bootstrap, engines, installation, processes, rootless, supervision
from embedded.bootstrap import ROOT, Step, Stopped
from embedded.supervision import Child, Supervisor

MAKES = ("postgresql", "valkey", "mail", "media", "static", "log", "installation.json", "run.json")


def main() -> None:
    arguments = _arguments()
    try:
        with Alone(_home()):
            bootstrap.continue_inside("embedded.running", sys.argv[1:], pins=bootstrap.RUN)
            _live(_home(), arguments)
    except Stopped as stopped:
        bootstrap.fail(stopped)
    except rootless.EngineRefused as refused:
        bootstrap.fail(Stopped(str(refused)))
    except OSError as error:
        bootstrap.fail(bootstrap.explain(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Run Yavka for trying: web server, worker, scheduler, mailbox, database.",
        epilog="DATABASE_URL and REDIS_URL: use these instead of starting engines. "
        "Ctrl-C stops everything that was started here, and nothing else.",
    )
    parser.add_argument("--port", type=int, default=8000, help="of the web server (8000)")
    parser.add_argument("--fresh", action="store_true", help="delete all data in var/ first")
    parser.add_argument("--yes", action="store_true", help="with --fresh: do not ask")
    return parser.parse_args()


def _home() -> Path:
    return Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()


class Alone:
    """Only one ./run at a time in one folder; the lock goes with the process."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __enter__(self) -> IO[str]:
        self.home.mkdir(parents=True, exist_ok=True)
        self.file = (self.home / "run.lock").open("a")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stopped(
                f"It is already running in this folder (its data is in {self.home}). "
                "Stop that one first: Ctrl-C in its window."
            ) from None
        return self.file

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _live(home: Path, arguments: argparse.Namespace) -> None:
    if left := supervision.clear_away(home):
        print(f"  · Stopped what an interrupted ./run had left ({left} processes)")
    if arguments.fresh:
        _discard(home, sure=arguments.yes)
        # Asked once; after a restart of this process nobody wants to lose data again.
    _require_free(arguments.port)
    (home / "log").mkdir(exist_ok=True)
    os.environ[supervision.MARK] = str(home)
    supervisor = Supervisor()
    try:
        known = installation.recall(home)
        env = _environment(home, known, arguments.port)
        env |= _start_engines(supervisor, home)
        _start_mailbox(supervisor, home, env, known)
        if not installation.is_prepared(home, known):
            installation.prepare(home, known, env)
        _start_yavka(supervisor, home, env, arguments.port)
        ready = partial(_answers, arguments.port, "/readyz")
        _wait(supervisor, "The web server", ready, home / "log" / "web")
        if supervisor.said_stop:
            return
        banner = installation.publish(home, known, env)
        print(banner, flush=True)
        supervisor.watch()
    finally:
        if supervisor.children:
            print("\nYavka: stopping …", flush=True)
            supervisor.stop()
            print("Yavka: stopped.", flush=True)


def _discard(home: Path, *, sure: bool) -> None:
    if not sure:
        if not sys.stdin.isatty():
            raise Stopped("--fresh deletes all data in var/: say --yes as well.", status=2)
        print(f"This deletes the database, the mails and the files in {home}.")
        if input("Type yes to go on: ").strip().lower() != "yes":
            raise Stopped("Nothing was deleted.")
    for name in MAKES:
        path = home / name
        if name in ("postgresql", "valkey"):
            rootless.discard(path)
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise Stopped(
                f"Port {port} is in use by another program, or not allowed: choose another, "
                f"for example ./run --port {8001 if port == 8000 else 8000}."
            ) from None


def _environment(home: Path, known: dict[str, Any], port: int) -> dict[str, str]:
    env = bootstrap.clean_environment()
    # What a developer's shell may hold, and what would change what is being tried.
    env.pop("DEBUG", None)
    return env | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": known["secret_key"],
        "LINK_KEY": known["link_key"],
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "VAR_DIR": str(home),
        "SHOW_SAMPLE_HINTS": "true",
        # One arena is enough for a few threads, and each costs memory.
        "MALLOC_ARENA_MAX": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _start_engines(supervisor: Supervisor, home: Path) -> dict[str, str]:
    found = {}
    for variable, make in [("DATABASE_URL", engines.postgresql), ("REDIS_URL", engines.valkey)]:
        if given := os.environ.get(variable):
            found[variable] = given
            continue
        place = home / make.__name__
        if not place.exists() and variable == "DATABASE_URL":
            bootstrap.require_space(home, mebibytes=200)
            with Step("Making an empty database"):
                engine = make(place, durable=True)
        else:
            engine = make(place, durable=True)
        child = Child(name=engine.name, start=engine.start, stop_signal=engine.stop_signal, tier=2)
        supervisor.add(child)
        assert child.process
        engine.wait_until_ready(child.process)
        found[variable] = engine.url
    return found


def _start_mailbox(
    supervisor: Supervisor, home: Path, env: dict[str, str], known: dict[str, Any]
) -> None:
    ports = known.setdefault("mailbox_ports", {})
    for name in ("smtp", "http"):
        if not (ports.get(name) and _is_free(ports[name])):
            ports[name] = engines.free_port()
    installation.keep(home, known)
    env["EMAIL_URL"] = f"smtp://127.0.0.1:{ports['smtp']}"
    command = [sys.executable, "-m", "embedded.mailbox", "--folder", str(home / "mail")]
    command += ["--smtp-port", str(ports["smtp"]), "--http-port", str(ports["http"])]
    _start(supervisor, home, env, "mailbox", command, words=known["mailbox_secret"], tier=1)


def _start_yavka(supervisor: Supervisor, home: Path, env: dict[str, str], port: int) -> None:
    python = sys.executable
    web = ["-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    _start(supervisor, home, env, "web", [python, *web, "config.wsgi"])
    worker = ["worker", "--concurrency", "2", "--loglevel", "INFO"]
    worker += ["--without-mingle", "--without-gossip"]
    celery = [python, "-m", "celery", "-A"]
    _start(supervisor, home, env, "worker", [*celery, "config.celery", *worker])
    beat = ["beat", "--loglevel", "INFO", "--pidfile", ""]
    _start(supervisor, home, env, "beat", [*celery, "config.beat", *beat])


def _start(
    supervisor: Supervisor,
    home: Path,
    env: dict[str, str],
    name: str,
    command: list[str],
    *,
    words: str = "",
    tier: int = 0,
) -> None:
    log = home / "log" / name
    if log.exists() and log.stat().st_size > 5_000_000:
        log.replace(log.with_suffix(".old"))
    start = partial(processes.start, command, log=log, env=env, cwd=str(ROOT), words=words)
    supervisor.add(Child(name=name, start=start, tier=tier))


def _wait(supervisor: Supervisor, what: str, is_ready: partial[bool], log: Path) -> None:
    until = time.monotonic() + 60
    supervisor.watch(until=lambda: is_ready() or time.monotonic() > until, pause=0.05)
    if not supervisor.said_stop and time.monotonic() > until:
        words = " | ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
        raise Stopped(f"{what} did not start. The end of {log}: {words}")


def _answers(port: int, path: str) -> bool:
    """By hand: an HTTP library would stay in memory for one question."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as page:
            page.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            return b" 200 " in page.recv(64)
    except OSError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


if __name__ == "__main__":
    main()
