"""“Where is my registration?”: the links of an address, mailed to that address and nowhere else."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from events.models import Meeting
from notifications import sparing
from registrations import letters, throttle
from registrations.models import Registration

# More people than this nobody registers from one address by hand.
MOST_PEOPLE = 50
PER_ADDRESS, PER_VISITOR = 3, 10
HOUR = 3600


@transaction.atomic(durable=True)
def send(*, meeting: Meeting, email: str, visitor: str, language: str, at: datetime) -> None:
    """
    Mail the links of all registrations that name this address, the participant's or of
    whoever registered him, in one letter. Whether there are any, only the mailbox learns.

    An address gets at most three such letters an hour, whoever asks, and none if strangers have
    caused enough of other mail to it (`notifications.sparing`).

    :raises Throttled: one visitor asks about many addresses
    """
    throttle.hit(f"find:{visitor}", limit=PER_VISITOR, seconds=HOUR, at=at)
    address = email.strip().lower()
    if not throttle.allows(f"find:{meeting.pk}:{address}", limit=PER_ADDRESS, seconds=HOUR, at=at):
        return
    named = Registration.objects.live().filter(
        Q(email__iexact=address) | Q(submitted_by_email__iexact=address),
        meeting=meeting,
        erased_at=None,
    )
    found = list(named.select_related("category", "region").by_name()[:MOST_PEOPLE])
    for registration in found:
        registration.meeting = meeting
    if found and not sparing.held_back([address], at=at):
        letters.write_links(found, to=email.strip(), language=language, at=at)
