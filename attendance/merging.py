"""Two registrations of one person become one, at the door too: who came with either is in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.journal import Actor
from attendance.models import Checkpoint
from registrations import merging, seats, transitions
from registrations.merging import NotMergeable
from registrations.models import Registration
from registrations.transitions import AlreadyRegistered, StaleVersion

__all__ = ["AlreadyRegistered", "NotMergeable", "StaleVersion", "merge"]


def merge(
    *,
    kept: Registration,
    other: Registration,
    taken: Collection[str],
    at: datetime,
    by: Actor,
    version: int | None = None,
    other_version: int | None = None,
) -> Registration:
    """
    Merge `other` into `kept` and return it, all in one transaction. `taken`: what is taken
    over of what the other one says (registrations.merging.PARTS).

    From then on the other one's link, number and ticket code mean the kept one; its scans are
    read with the kept one's, so that two badges open the door once; the figures count one
    person. A seat too many goes to whoever is next in line. It cannot be undone.

    `version`, `other_version`: of which the choice was made; None skips the check.

    :raises NotMergeable: they are one already, or one of them is gone
    :raises StaleVersion: one of them was changed in the meantime (`version`: the current one)
    :raises AlreadyRegistered: a third one has the name and address that were chosen
    """
    try:
        return _merge(kept, other, taken, (version, other_version), at=at, by=by)
    except IntegrityError as error:
        if "one_live_registration_per_person_and_meeting" not in str(error):
            raise
        raise AlreadyRegistered(
            _("Somebody with this name and address is on the list already.")
        ) from error


@transaction.atomic(durable=True)
def _merge(
    kept: Registration,
    other: Registration,
    taken: Collection[str],
    versions: tuple[int | None, int | None],
    *,
    at: datetime,
    by: Actor,
) -> Registration:
    counters = seats.lock(kept.meeting_id)
    doors = list(Checkpoint.objects.filter(meeting=kept.meeting_id).values_list("pk", flat=True))
    _stop_scans(doors, [kept.pk, other.pk])
    # By id, as everybody locks several.
    now = {one.pk: transitions.locked(one) for one in sorted({kept, other}, key=lambda one: one.pk)}
    kept, other = now[kept.pk], now[other.pk]
    for one, version in zip((kept, other), versions, strict=True):
        if version is not None and version != one.version:
            raise StaleVersion(
                _("This registration was changed in the meantime. Look at it again."),
                version=one.version,
            )
    merging.absorb(counters, kept, other, taken=taken, at=at, by=by)
    _fold(doors, kept)
    return kept


def _fold(doors: list[int], kept: Registration) -> None:
    """Who came with either is in, once."""
    with connection.cursor() as cursor:
        for door in doors:
            cursor.execute("SELECT attendance_fold(%s, %s)", [door, kept.pk])


def _stop_scans(doors: list[int], people: list[int]) -> None:
    """
    Let scans of either wait until it is decided whom they mean; before the rows are locked, as
    scans do it, and in one order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(k.key) FROM ("
            " SELECT DISTINCT attendance_lock_key(d.id, p.id) AS key"
            " FROM unnest(%s::bigint[]) d(id), unnest(%s::bigint[]) p(id) ORDER BY 1) k",
            [doors, people],
        )
