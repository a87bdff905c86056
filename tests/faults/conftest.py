"""Real processes to break: a broker of our own, workers and beats on the tests' database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from embedded import engines
from tests.notifications.conftest import server  # noqa: F401 -- a fixture
from tests.notifications.scripted import Scripted

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def broker(tmp_path):
    """A Redis of our own, to be stopped, flushed and killed; `broker.url`, `broker.process`."""
    engine = engines.valkey(tmp_path / "broker", durable=False)
    process = engine.start()
    engine.wait_until_ready(process)
    broker = _Broker(engine, process)
    yield broker
    broker.process.send_signal(signal.SIGCONT)
    engine.stop(broker.process)


class _Broker:
    def __init__(self, engine, process):
        self._engine = engine
        self.url = engine.url
        self.port = int(engine.url.rpartition(":")[2].partition("/")[0])
        self.process = process

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def come_back_empty(self):
        """As after a power cut of a broker that keeps nothing."""
        self.process.kill()
        self.process.wait()
        self.process = self._engine.start()
        self._engine.wait_until_ready(self.process)

    def flush(self):
        import redis  # noqa: PLC0415 -- the product itself never speaks to it

        redis.Redis.from_url(self.url).flushall()


@pytest.fixture
def sink():
    sink = Scripted()
    yield sink
    sink.close()


@pytest.fixture
def staff(broker, sink, tmp_path):
    """Starts workers and beats on the database of the test; all are gone afterwards."""
    database = connection.settings_dict
    address = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:"
        f"{database['PORT']}/{database['NAME']}"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": address,
        "REDIS_URL": broker.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "SECRET_KEY": django_settings.SECRET_KEY,
        "LINK_KEY": django_settings.LINK_KEY,
        "VAR_DIR": str(tmp_path),
        # Short, but longer than a live worker stands still on a busy machine.
        "MAIL_LEASE_SECONDS": "8",
        "MAIL_UNCERTAIN_SECONDS": "3",
        "MAIL_SWEEP_SECONDS": "1",
        "EMAIL_TIMEOUT": "10",
    }
    staff = _Staff(environment, tmp_path)
    yield staff
    staff.end()


class _Staff:
    def __init__(self, environment, folder):
        self.environment = environment
        self._folder = folder
        self._processes = []

    def worker(self, *, concurrency=2, hours_ahead=0):
        """A worker; with `hours_ahead`, one whose own clock is wrong."""
        options = ["--concurrency", str(concurrency), "--loglevel", "INFO", "--without-mingle"]
        app = "tests.faults.wrong_clock" if hours_ahead else "config.celery"
        options += ["--without-gossip"]
        return self._start(app, "worker", *options, HOURS_AHEAD=str(hours_ahead))

    def beat(self):
        schedule = self._folder / f"beat-{len(self._processes)}"
        return self._start("config.beat", "beat", "--pidfile", "", "--schedule", str(schedule))

    def _start(self, app, *words, **more):
        log = self._folder / f"{words[0]}-{len(self._processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", app, *words],
                cwd=ROOT,
                env=self.environment | more,
                stdout=output,
                stderr=output,
                # A group of its own, so that a worker dies with its children.
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def kill(self, process):
        """As a power cut would: the whole group at once, with no chance to say goodbye."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_child(self, process):
        """One child alone, as the kernel does when memory is short."""
        found = subprocess.run(
            ["pgrep", "--parent", str(process.pid)], capture_output=True, text=True, check=False
        )
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)

    def end(self):
        for process in self._processes:
            if process.poll() is None:
                self.kill(process)

    def words(self):
        """What the processes said, for a failing test."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text()[-3000:]}" for log in self._folder.glob("*.log")
        )
