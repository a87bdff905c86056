"""What is written because of somebody whom we do not know: counted for each mailbox."""

from __future__ import annotations

from datetime import datetime

from accounts.journal import Actor
from accounts.models import Via
from notifications import sparing

# Visitors of the form and of the API, and whoever holds the link of a registration: anybody
# may have made it.
_DOORS = (Via.PUBLIC, Via.LINK, Via.API)


def spare(*addresses: str, at: datetime, by: Actor) -> frozenset[str]:
    """
    Count a letter to each of these addresses, unless it is an organizer who causes it. Returns
    those that have had enough: letters to them are left out (`Registration.spared`).

    Comes before anything else is locked.
    """
    if by.user is not None or by.via not in _DOORS:
        return frozenset()
    return sparing.held_back(addresses, at=at)
