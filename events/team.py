"""Who organizes a meeting: its owners, who may all do everything with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import User
from accounts.refusals import Refused
from events.models import Meeting, MeetingOwner


class OrganizerUnknown(Refused):
    code = "organizer_unknown"


class LastOrganizer(Refused):
    code = "last_organizer"


@transaction.atomic(durable=True)
def add(*, meeting: Meeting, email: str, at: datetime, by: Actor) -> User:
    """
    Make somebody with an account an organizer of the meeting. Twice is harmless.

    :raises OrganizerUnknown: nobody signs in with this address
    """
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None:
        raise OrganizerUnknown(
            _("Nobody signs in with this address. Ask your administrator to make an account.")
        )
    _row, is_new = MeetingOwner.objects.get_or_create(
        meeting=meeting, user=user, defaults={"added_at": at}
    )
    if is_new:
        _note(meeting, "meeting.owner_added", user, at=at, by=by)
    return user


@transaction.atomic(durable=True)
def remove(*, meeting: Meeting, user: User, at: datetime, by: Actor) -> None:
    """
    Take a meeting out of somebody's hands.

    :raises LastOrganizer: a meeting is never without an organizer
    """
    # The meeting's row is the queue: two who remove each other must not both succeed.
    Meeting.objects.select_for_update(no_key=True).only("pk").get(pk=meeting.pk)
    owners = MeetingOwner.objects.filter(meeting=meeting)
    if not owners.exclude(user=user).exists():
        raise LastOrganizer(_("A meeting needs at least one organizer."))
    removed, _rows = owners.filter(user=user).delete()
    if removed:
        _note(meeting, "meeting.owner_removed", user, at=at, by=by)


def _note(meeting: Meeting, action: str, user: User, *, at: datetime, by: Actor) -> None:
    subjects = [f"meeting:{meeting.pk}", f"user:{user.pk}"]
    journal.record(by=by, at=at, action=action, subjects=subjects)
