"""Databases that are made once in a run and copied: to copy one takes a tenth of a second."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.running import ROOT

# The run whose databases they are: the workers of one pytest share them.
RUN = "TEST_RUN"
# Any number, so that of two workers one makes it and the other waits.
_LOCK = 4_180_421


def url(database_url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))


def migrated(database_url: str) -> str:
    """The name of a database with all tables and what migrations bring, to be copied."""

    def migrate(address: str) -> str:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True,
            env=os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )  # fmt: skip
        return ""

    return made_once(database_url, "migrated", migrate)[0]


def made_once(
    database_url: str, kind: str, fill: Callable[[str], str], *, like: str = "template1"
) -> tuple[str, str]:
    """
    The name of a database, and the words with which `fill` answered when it was made.

    The first who asks makes it as a copy of `like` and has `fill` write into it.
    """
    name = _name(kind)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        # One that was not finished has no words.
        if found is None or found[0] is None:
            drop(connection, name)
            copy(connection, like, name)
            words = "." + fill(url(database_url, name))
            said = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(said.format(sql.Identifier(name), sql.Literal(words)))
            return name, words[1:]
        return name, found[0][1:]


def copy(connection: psycopg.Connection, like: str, name: str) -> None:
    words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    connection.execute(words.format(sql.Identifier(name), sql.Identifier(like)))


def drop(connection: psycopg.Connection, name: str) -> None:
    words = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(words.format(sql.Identifier(name)))


def discard_all(database_url: str) -> None:
    """Leave nothing behind on a server that is not ours."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for kind in ("world", "migrated"):
            drop(connection, _name(kind))


def _name(kind: str) -> str:
    return f"yavka_{kind}_{os.environ.setdefault(RUN, str(os.getpid()))}"
