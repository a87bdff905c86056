"""
The bell: tells the workers to look, and never makes anybody wait.

A request must not depend on Redis, refused or hung: a thread of its own rings, once for
all the work of a third of a second. A ring that is lost costs nothing but time, because
the scheduler looks every few seconds anyway.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

# A wake-up that nobody took within a minute is worth nothing: the sweep came by. Beyond that,
# only what clocks may differ by.
STALE_AFTER_SECONDS = 60 + settings.CLOCKS_DIFFER_BY


class Bell:
    """Collects the names of tasks and sends each once, from a thread that may hang."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._ringer: threading.Thread | None = None

    def strike(self, task: str) -> None:
        """Want that task run soon. Returns at once, whatever the broker does."""
        if not settings.BELL_RINGS:
            return
        with self._changed:
            self._wanted.add(task)
            if self._ringer is None:
                self._ringer = threading.Thread(target=self._run, name="bell", daemon=True)
                self._ringer.start()
            self._changed.notify()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
            # Whoever commits in the meantime is served by the same ring.
            pause.wait(settings.BELL_DELAY_SECONDS)
            with self._changed:
                tasks, self._wanted = self._wanted, set()
            for task in tasks:
                self._send(task)

    def _send(self, task: str) -> None:
        try:
            current_app.send_task(
                task, expires=STALE_AFTER_SECONDS, ignore_result=True, retry=False
            )
        except Exception as error:  # noqa: BLE001 -- the sweep does what the bell could not
            logger.warning("The bell for %s was not heard: %s", task, error)


_bell = Bell()


def _hang_a_new_one() -> None:
    """A forked child inherits the bell, but not its thread, and perhaps a held lock."""
    global _bell
    _bell = Bell()


os.register_at_fork(after_in_child=_hang_a_new_one)


def _strike(task: str) -> None:
    _bell.strike(task)


def ring(task: str) -> None:
    """Have a worker run the named task soon after the commit. Never blocks, never fails."""
    transaction.on_commit(partial(_strike, task), robust=True)
