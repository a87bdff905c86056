"""
Close the lists: participants and heads change nothing any more, and who is confirmed is
kept as a numbered list. What organizers change afterwards is an amendment to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting, MeetingStatus
from registrations import offers, pass_lists, seats, waitlist
from registrations.models import PassList, lists_close

__all__ = [
    "ListsOpen",
    "NothingChanged",
    "NothingToClose",
    "NothingToReopen",
    "close",
    "is_closed",
    "lacks_list",
    "reopen",
    "take",
    "take_due",
]


class NothingToClose(Refused):
    code = "nothing_to_close"


class NothingToReopen(Refused):
    code = "nothing_to_reopen"


class ListsOpen(Refused):
    code = "lists_open"


class NothingChanged(Refused):
    code = "nothing_changed"


def is_closed(meeting: Meeting, *, at: datetime) -> bool:
    """Whether only organizers change the lists of a meeting that is there to be attended."""
    return _has_lists(meeting) and not meeting.takes_edits(at)


@transaction.atomic(durable=True)
def close(
    *,
    meeting: Meeting,
    at: datetime,
    by: Actor,
    note: str = "",
    closes_registration: bool = False,
) -> tuple[PassList, bool]:
    """
    Close the lists now and keep who is confirmed as a list; return it and whether it is new.

    Nobody moves up from the waiting list by the program any more: offers of a seat that are
    still open end, and those who had one are told. With
    `closes_registration`, nobody registers either. Lists that are closed already stay as
    they are: twice, or twice at once, makes one list.

    :raises NothingToClose: the meeting is not published, called off or purged
    """
    # The counters first: whoever is just being moved up is so before, or not at all.
    counters = seats.lock(meeting.pk)
    meeting = _locked(meeting)
    if not _has_lists(meeting):
        raise NothingToClose(_("Only a published meeting has lists to be closed."))
    last = pass_lists.latest(meeting)
    if last and (last.made_at >= at or not lacks_list(meeting, last, at=at)):
        return last, False
    if meeting.takes_edits(at):
        meeting.edits_close_at = at
        meeting.version += 1
        opens = meeting.registration_opens_at
        if closes_registration and meeting.takes_registrations(at) and (not opens or opens < at):
            meeting.registration_closes_at = at
        meeting.save(update_fields=["edits_close_at", "registration_closes_at", "version"])
        offers.end_all(counters, at=at, by=by, why="closed")
    return _make(meeting, "lists.closed", at=at, by=by, note=note), True


@transaction.atomic(durable=True)
def reopen(*, meeting: Meeting, at: datetime, by: Actor, until: datetime | None = None) -> Meeting:
    """
    Let participants and heads change the lists again, `until` a moment or the beginning.

    Free seats go to whoever waits. The lists made so far stay. Twice is harmless.

    :raises NothingToReopen: that moment is over, or is not before the meeting ends; or the
        meeting is not published, called off or purged
    """
    counters = seats.lock(meeting.pk)
    meeting = _locked(meeting)
    if not _has_lists(meeting):
        raise NothingToReopen(_("Only a published meeting has lists to be opened."))
    if meeting.takes_edits(at):
        return meeting
    if not at < (until or meeting.starts_at) <= meeting.ends_at:
        raise NothingToReopen(_("Say until when: a moment that is ahead, before the end."))
    meeting.edits_close_at = until
    meeting.version += 1
    meeting.save(update_fields=["edits_close_at", "version"])
    waitlist.fill(counters, meeting=meeting, at=at)
    closes_at = lists_close(meeting)
    _note(meeting, "lists.reopened", at=at, by=by, changes={"until": closes_at.isoformat()})
    return meeting


@transaction.atomic(durable=True)
def take(*, meeting: Meeting, at: datetime, by: Actor, note: str = "") -> PassList:
    """
    Keep the closed lists as they are now under the next number: the amendment becomes a list.

    :raises ListsOpen: the lists are not closed
    :raises NothingChanged: the last list says the same (`number`: which one)
    """
    meeting = _locked(meeting)
    if not is_closed(meeting, at=at):
        raise ListsOpen(_("The lists are open. Close them first."))
    last = pass_lists.latest(meeting)
    if last and not pass_lists.difference(last):
        raise NothingChanged(
            _("Nothing has changed since list No. %(number)s.") % {"number": last.number},
            number=last.number,
        )
    return _make(meeting, "lists.taken", at=at, by=by, note=note)


def take_due(*, at: datetime) -> int:
    """Make a list for every meeting whose lists closed by time; return how many were made."""
    made_since = PassList.objects.filter(meeting=OuterRef("pk"), made_at__gte=OuterRef("closes_at"))
    closed = (
        Meeting.objects.filter(status=MeetingStatus.PUBLISHED, purged_at=None, ends_at__gt=at)
        .annotate(closes_at=Coalesce("edits_close_at", "starts_at"))
        .filter(~Exists(made_since), closes_at__lte=at)
    )
    return sum(_take_due(meeting, at=at) for meeting in closed.order_by("pk"))


@transaction.atomic(durable=True)
def _take_due(meeting: Meeting, *, at: datetime) -> bool:
    meeting = _locked(meeting)
    # Another beat, or the organizer, may have been quicker, or may have opened them again.
    if not is_closed(meeting, at=at):
        return False
    if not lacks_list(meeting, pass_lists.latest(meeting), at=at):
        return False
    _make(meeting, "lists.closed", at=at, by=journal.SYSTEM)
    return True


def lacks_list(meeting: Meeting, last: PassList | None, *, at: datetime) -> bool:
    """Whether no list was made since the lists closed, `last` being the last; or they are open."""
    return meeting.takes_edits(at) or last is None or last.made_at < lists_close(meeting)


def _has_lists(meeting: Meeting) -> bool:
    return meeting.status == MeetingStatus.PUBLISHED and meeting.purged_at is None


def _make(meeting: Meeting, action: str, *, at: datetime, by: Actor, note: str = "") -> PassList:
    made = pass_lists.make(meeting=meeting, at=at, by=by.who, note=note)
    _note(
        meeting,
        action,
        at=at,
        by=by,
        changes={"list": made.number, "people": made.people},
    )
    return made


def _locked(meeting: Meeting) -> Meeting:
    # Not its key: whoever registers meanwhile refers to it and need not wait.
    return (
        Meeting.objects.select_for_update(of=("self",), no_key=True)
        .select_related("region_set")
        .get(pk=meeting.pk)
    )


def _note(
    meeting: Meeting, action: str, *, at: datetime, by: Actor, changes: dict[str, Any]
) -> None:
    journal.record(by=by, at=at, action=action, subjects=[f"meeting:{meeting.pk}"], changes=changes)
