"""
Whether a container is healthy: python -m config.health web|worker. Status 0 means yes.

Quick and small, since it is asked twice a minute: it loads no Django.
"""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

import environ
import psycopg

# Beat rings every 15 seconds; a worker that renders badges may be busy for a while.
_FRESH_SECONDS = 120


def web(port: int) -> bool:
    """The web server answers, and so does its database."""
    host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or "localhost"
    with socket.create_connection(("127.0.0.1", port), timeout=4) as page:
        page.sendall(f"GET /readyz HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        return b" 200 " in page.recv(64)


def worker() -> bool:
    """A worker did what beat rang for, not long ago."""
    url = environ.FileAwareEnv().str("DATABASE_URL")
    with psycopg.connect(url, connect_timeout=4) as database:
        row = database.execute(
            "SELECT count(*) FROM notifications_tick "
            "WHERE name = 'worker' AND at > now() - %s * interval '1 second'",
            [_FRESH_SECONDS],
        ).fetchone()
    return bool(row and row[0])


if __name__ == "__main__":
    is_healthy = web(int(os.environ.get("PORT", "8000"))) if sys.argv[1] == "web" else worker()
    raise SystemExit(not is_healthy)
