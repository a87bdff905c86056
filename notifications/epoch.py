"""
Whether this database is the one that sent the last mail, or an older copy of it.

A restored backup holds mails as waiting that were sent after it was made. So a number goes up
before anything is sent, in the database and in a marker outside of it that no backup holds
(settings.MAIL_EPOCH_FILE). A database that is behind the marker was restored: nothing is
sent until an administrator has chosen what to do with what waits (`manage.py mail resume`).

Where no file is kept, MAIL_EPOCH is a name instead, changed by hand after a restore. With
neither, a worker believes a database in which nothing was sent yet, or for which another
worker has vouched within minutes; else it stops and asks.
"""

from __future__ import annotations

import fcntl
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now

from accounts import journal
from accounts.journal import Actor
from notifications.models import WAITING, Epoch, Message, Phase, State

logger = logging.getLogger(__name__)

# How long one worker that knows the marker vouches for others that have none.
VOUCHES_FOR = timedelta(minutes=5)
# How long an administrator does, who has just told them to go on.
CHOICE_HOLDS = timedelta(hours=1)
_LABEL = "name "


@dataclass(frozen=True)
class Marker:
    """What the file outside says: which installation, how far, and when (database's clock)."""

    instance: UUID
    number: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.instance} {self.number} {self.at.isoformat()}"


class NotPaused(Exception):
    """There is nothing to choose: mail is being sent."""


def may_send() -> bool:
    """
    Whether this database may be believed. If not, sending is paused for all workers.

    Asked before each batch is claimed.
    """
    # Before the row: both only go up, so a row read later is never behind its own file.
    marker = None if settings.MAIL_EPOCH else _read()
    row = _row()
    if row.paused_since:
        return False
    if settings.MAIL_EPOCH:
        return _is_called(row, settings.MAIL_EPOCH)
    if marker is None:
        believed = not row.number or row.is_vouched  # type: ignore[attr-defined]  # annotated
    elif marker.instance == row.instance:
        believed = marker.number <= row.number
    else:
        # Of another database. A new one holds nothing that is older than its neighbour's word.
        old = Message.objects.waiting().filter(created_at__lt=marker.at)
        believed = not row.number and not old.exists()
    if not believed:
        _pause(str(marker or ""))
        return False
    if marker is None or marker.instance != row.instance:
        return advance()
    if not row.is_vouched_for_long:  # type: ignore[attr-defined]  # annotated
        Epoch.objects.filter(pk=1).update(vouched_until=Now() + VOUCHES_FOR)
    return True


def advance() -> bool:
    """Go one further, in the database first. Returns False where sending is paused."""
    if settings.MAIL_EPOCH:
        return not Epoch.objects.filter(pk=1, paused_since__isnull=False).exists()
    with transaction.atomic():
        moved = Epoch.objects.filter(pk=1, paused_since=None).update(
            number=F("number") + 1,
            vouched_until=Greatest(F("vouched_until"), Now() + VOUCHES_FOR),
        )
        row = Epoch.objects.annotate(now=Now()).get(pk=1)
    if moved:
        _keep(Marker(row.instance, row.number, row.now))
    return bool(moved)


def state() -> Epoch:
    """The row, for display: since when sending is paused, if it is."""
    return _row()


@transaction.atomic(durable=True)
def resume(*, skip_older_than: timedelta | None, at: datetime, by: Actor) -> int:
    """
    Send again from now on. Returns how many waiting messages were left out.

    With `skip_older_than`, what was due when sending was paused and had been written that
    long ago is left out, and what is uncertain for as long is not repeated. What is due
    later is kept: it cannot have been sent.

    :raises NotPaused: there is nothing to choose
    """
    row = Epoch.objects.select_for_update().filter(paused_since__isnull=False).first()
    if row is None:
        raise NotPaused
    left_out = 0
    if skip_older_than is not None:
        old = Message.objects.filter(created_at__lt=Now() - skip_older_than)
        old.filter(Q(state=State.AMBIGUOUS) | Q(state=State.LEASED, phase=Phase.DATA)).update(
            state=State.AMBIGUOUS, lease_until=None, expires_at=Now()
        )
        # A lease of before the restore is nobody's any more.
        left_out = old.filter(
            state__in=[*WAITING, State.LEASED], not_before__lte=row.paused_since
        ).update(state=State.DROPPED, reason="skipped_after_restore", lease_until=None)
    Epoch.objects.filter(pk=1).update(
        paused_since=None,
        marker="",
        vouched_until=Greatest(F("vouched_until"), Now() + CHOICE_HOLDS),
        **_adopted(row),
    )
    hours = None if skip_older_than is None else skip_older_than.total_seconds() / 3600
    journal.record(
        by=by,
        at=at,
        action="mail.resumed",
        subjects=["epoch:1"],
        changes={"skip_older_than_hours": hours, "left_out": left_out},
    )
    return left_out


def _adopted(row: Epoch) -> dict[str, Any]:
    """The database goes on where the marker stood, so that they agree from now on."""
    if row.marker.startswith(_LABEL):
        return {"label": row.marker.removeprefix(_LABEL)}
    if marker := _parse(row.marker):
        return {"instance": marker.instance, "number": max(marker.number, row.number) + 1}
    return {}


def _row() -> Epoch:
    rows = Epoch.objects.annotate(
        is_vouched=Q(vouched_until__gt=Now()),
        is_vouched_for_long=Q(vouched_until__gt=Now() + VOUCHES_FOR / 2),
    )
    if row := rows.filter(pk=1).first():
        return row
    Epoch.objects.bulk_create([Epoch()], ignore_conflicts=True)
    return rows.get(pk=1)


def _is_called(row: Epoch, name: str) -> bool:
    if row.label == name:
        return True
    if row.label:
        _pause(_LABEL + name)
        return False
    Epoch.objects.filter(pk=1, label="").update(label=name)
    return True


def _pause(marker: str) -> None:
    if Epoch.objects.filter(pk=1, paused_since=None).update(paused_since=Now(), marker=marker):
        logger.critical(
            "Mail is paused: this database looks like a restored backup, in which mails wait"
            " that were sent already (outside stands: %s). Choose: manage.py mail resume"
            " --skip-older-than 6h, or manage.py mail resume --send-all.",
            marker or "nothing",
        )


def _read() -> Marker | None:
    try:
        return _parse(settings.MAIL_EPOCH_FILE.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return None


def _keep(marker: Marker) -> None:
    """
    Write the marker down, unless another worker is further already.

    That it cannot be written stops no mail: the next start asks instead.
    """
    path = settings.MAIL_EPOCH_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _parse(os.read(file, 1000).decode("ascii", "replace"))
            if known and known.instance == marker.instance and known.number >= marker.number:
                return
            # As long as any other, so that a cut of power leaves the old one or the new one.
            os.pwrite(file, f"{marker!s:<120}\n".encode("ascii"), 0)
            os.ftruncate(file, 121)
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        logger.error("The marker of sent mail cannot be kept in %s: %s", path, error)


def _parse(text: str) -> Marker | None:
    try:
        instance, number, at = text.split()
        return Marker(UUID(instance), int(number), datetime.fromisoformat(at))
    except ValueError:
        return None
