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
from tests.notifications.scripted import Scripted

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def broker(tmp_path):
    """A Redis of our own, to be stopped, flushed and killed; `broker.url`, `broker.process`."""
    engine = engines.valkey(tmp_path / "broker", durable=False)
    process = engine.start()
    engine.wait_until_ready(process)
    yield _Broker(engine.url, process)
    process.send_signal(signal.SIGCONT)
    engine.stop(process)


class _Broker:
    def __init__(self, url, process):
        self.url = url
        self.process = process

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def flush(self):
        import redis  # noqa: PLC0415 -- the product itself never speaks to it

        redis.Redis.from_url(self.url).flushall()


@pytest.fixture
def sink():
    server = Scripted()
    yield server
    server.close()


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
        self._environment = environment
        self._folder = folder
        self._processes = []

    def worker(self):
        options = ["--concurrency", "2", "--loglevel", "INFO", "--without-mingle"]
        return self._start("config.celery", "worker", *options, "--without-gossip")

    def beat(self):
        schedule = self._folder / f"beat-{len(self._processes)}"
        return self._start("config.beat", "beat", "--pidfile", "", "--schedule", str(schedule))

    def _start(self, app, *words):
        log = self._folder / f"{words[0]}-{len(self._processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", app, *words],
                cwd=ROOT,
                env=self._environment,
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

    def end(self):
        for process in self._processes:
            if process.poll() is None:
                self.kill(process)

    def words(self):
        """What the processes said, for a failing test."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text()[-3000:]}" for log in self._folder.glob("*.log")
        )
