"""Two organizers at one meeting: whoever saves second is told what the first one changed."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from events.models import Meeting


class StaleVersion(Refused):
    code = "stale_version"


def begin(meeting: Meeting, *, version: int | None) -> Meeting:
    """
    Lock the meeting for a change and raise its version.

    `version` is the one that the change was made from; None skips the check.

    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A meeting is changed inside a use case's transaction.")
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk)
    if version is not None and version != meeting.version:
        raise StaleVersion(
            _("The meeting was changed in the meantime. Look at it again."),
            version=meeting.version,
        )
    meeting.version += 1
    meeting.save(update_fields=["version"])
    return meeting
