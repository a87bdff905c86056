"""What is written because of somebody whom we do not know: counted for each mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.journal import Actor
from accounts.models import Via
from notifications import sparing
from registrations import idempotency
from registrations.idempotency import Claim
from registrations.models import Registration

# Visitors of the form and of the API, and whoever holds the link of a registration: anybody
# may have made it.
_DOORS = (Via.PUBLIC, Via.LINK, Via.API)


def begin(
    claim: Claim | None,
    *,
    addresses: Sequence[str],
    answer: dict[str, Any],
    at: datetime,
    by: Actor,
) -> tuple[dict[str, Any] | None, frozenset[str]]:
    """
    Claim the key of a request (`idempotency.begin`) and count its letters (`spare`), in one
    statement where there are both. Returns the first answer if there is one already, and who
    is spared.

    :raises KeyReused: the key came before with another body
    :raises StillRunning: the twin is not done yet
    """
    if claim is None or not _is_stranger(by) or not any(addresses):
        if first := idempotency.begin(claim, answer=answer, at=at):
            return first, frozenset()
        return None, spare(*addresses, at=at, by=by)
    claiming = sparing.First(idempotency.CLAIM, idempotency.values(claim, answer=answer, at=at))
    with idempotency.waiting():
        spared = sparing.held_back_after(claiming, addresses, at=at)
    if spared is None:
        return idempotency.first_answer(claim), frozenset()
    return None, spared


def spare(*addresses: str, at: datetime, by: Actor) -> frozenset[str]:
    """
    Count a letter to each of these addresses, unless it is an organizer who causes it. Returns
    those that have had enough: letters to them are left out (`Registration.spared`).

    Comes before anything else is locked.
    """
    return sparing.held_back(addresses, at=at) if _is_stranger(by) else frozenset()


def spare_about(registration: Registration, *, at: datetime, by: Actor) -> frozenset[str]:
    """As `spare` or, where an organizer causes it, as `spare_untold`."""
    if _is_stranger(by):
        return spare(registration.email, registration.submitted_by_email, at=at, by=by)
    return spare_untold(registration, at=at)


def spare_untold(registration: Registration, *, at: datetime) -> frozenset[str]:
    """
    As `spare`, those addresses of a registration that were spared all about it, whoever
    decides on it: five hundred requests under one address are declined with a few mails.
    """
    addresses = registration.email, registration.submitted_by_email
    untold = sparing.untold(str(registration.uid), filter(None, addresses))
    return sparing.held_back(untold, at=at)


def _is_stranger(by: Actor) -> bool:
    return by.user is None and by.via in _DOORS
