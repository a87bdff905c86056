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
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.browser.pages import World
from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def served(database_url: str) -> Iterator[tuple[str, World]]:
    """
    The address of a running server, and its world. Ends with its database dropped.

    `database_url` names any database of the engine; the one made here is beside it.
    """
    name = f"look_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "DATABASE_URL": urlunsplit(urlsplit(database_url)._replace(path=f"/{name}")),
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "PUBLIC_URL": base,
        "LOG_LEVEL": "ERROR",
    }

    def python(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=env, check=True, capture_output=True,
            text=True,
        ).stdout  # fmt: skip

    try:
        python("manage.py", "migrate", "-v0")
        python("manage.py", "catalogue", "--compile")
        world: World = json.loads(python("-m", "tests.browser.world").strip().splitlines()[-1])
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--insecure", "--noreload", str(port)],
            cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(base, server)
            yield base, world
        finally:
            server.terminate()
            server.wait(timeout=15)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{error.cmd}\n{error.stdout}\n{error.stderr}") from error
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _wait(base: str, server: subprocess.Popen[bytes], within: float = 30) -> None:
    since = time.monotonic()
    while server.poll() is None and time.monotonic() - since < within:
        try:
            urllib.request.urlopen(f"{base}/healthz", timeout=2)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server for the browser did not start.")
