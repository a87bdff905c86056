"""The web server's settings, for ./run and for the container alike."""

import gc
import logging
import os

from config.discretion import WithoutTokens

preload_app = True  # memory is shared, and a broken installation fails at once
worker_class = "gthread"
# Threads in all are PostgreSQL connections in all: more than eight make a hot meeting
# slower, not faster (docs/decisions/0001-web-server.md).
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 5
keepalive = 5
control_socket_disable = True  # nothing asks for it, and it writes into the home folder
accesslog = "-" if os.environ.get("ACCESS_LOG") else None
# Both have handlers of their own, which know nothing of the settings' filter.
for name in ("gunicorn.access", "gunicorn.error"):
    logging.getLogger(name).addFilter(WithoutTokens())
# Its heartbeat file must be in memory: on a disk, a slow write looks like a hung worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112


def when_ready(_server: object) -> None:
    """Just before the workers are forked: what is there now is never collected or copied."""
    gc.collect()
    gc.freeze()
