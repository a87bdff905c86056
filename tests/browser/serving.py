"""A server of the product over a database of its own, filled with the world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError

import psycopg

from config import catalogues
from tests import templates
from tests.browser.pages import World
from tests.running import ROOT, free_port


@contextmanager
def served(database_url: str) -> Iterator[tuple[str, World]]:
    """
    The address of a running server, and its world. Ends with its database dropped.

    `database_url` names any database of the engine; the one made here is beside it.
    """
    known, words = templates.made_once(
        database_url, "world", _build, like=templates.migrated(database_url)
    )
    world: World = json.loads(words)
    name = f"look_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        templates.copy(connection, known, name)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    try:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--insecure", "--noreload", str(port)],
            cwd=ROOT, env=_environment(templates.url(database_url, name), base),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(base, server)
            yield base, world
        finally:
            server.terminate()
            server.wait(timeout=15)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            templates.drop(connection, name)


def _build(address: str) -> str:
    """Fill a database with the world; what it is asked by is in the answer."""
    catalogues.compile_stale()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.browser.world"], cwd=ROOT,
            # The port of whoever will serve it is not known yet, and nothing keeps it.
            env=_environment(address, "http://127.0.0.1"), check=True, capture_output=True,
            text=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{error.cmd}\n{error.stdout}\n{error.stderr}") from error
    return done.stdout.strip().splitlines()[-1]


def _environment(address: str, base: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "PUBLIC_URL": base,
        "LOG_LEVEL": "ERROR",
    }


def _wait(base: str, server: subprocess.Popen[bytes], within: float = 90) -> None:
    since = time.monotonic()
    while server.poll() is None and time.monotonic() - since < within:
        try:
            urllib.request.urlopen(f"{base}/healthz", timeout=2)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server for the browser did not start.")
