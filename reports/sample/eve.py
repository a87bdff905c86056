"""The past meeting's eve: its lists are closed, and life goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from accounts.journal import Actor
from events.models import Meeting
from registrations import amending, closing
from registrations.models import PassList, Registration

GIVEN: Final = "Передан в бюро пропусков башни «Образец»"
GIVEN_AGAIN: Final = "Изменения переданы по телефону и письмом"
PROMOTED_TO: Final = "исполняющий обязанности генерального директора"


def close_lists(*, meeting: Meeting, at: datetime, by: Actor) -> PassList:
    """The first list, for the guards of the building."""
    made, _is_new = closing.close(meeting=meeting, at=at, by=by, note=GIVEN)
    return made


def correct(*, registration: Registration, at: datetime, by: Actor) -> Registration:
    """Somebody has a new position since yesterday: the secretariat writes it down."""
    return amending.amend(
        registration=registration,
        changes={"position": PROMOTED_TO},
        version=None,
        at=at,
        by=by,
        as_organizer=True,
    )


def take_list(*, meeting: Meeting, at: datetime, by: Actor) -> PassList:
    """The amendment becomes the second list."""
    return closing.take(meeting=meeting, at=at, by=by, note=GIVEN_AGAIN)
