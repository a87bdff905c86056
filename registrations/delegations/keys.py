"""The head's link: opens the list of one delegation and nothing else."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import links
from accounts.journal import Actor
from accounts.models import Via
from accounts.refusals import Refused
from registrations.models import Delegation

PURPOSE = "delegation"


class LinkUnknown(Refused):
    code = "link_invalid"


def token(delegation: Delegation) -> str:
    """The token of the current generation; an older one opens nothing."""
    return links.token(PURPOSE, str(delegation.uid), delegation.link_generation)


def hashed(delegation: Delegation) -> bytes:
    """What the row keeps of its token."""
    return links.hashed(token(delegation))


def url(delegation: Delegation) -> str:
    """The absolute address of the head's page."""
    return f"{settings.PUBLIC_URL}{reverse('delegation', args=[token(delegation)])}"


def find(presented: str) -> Delegation:
    """
    The delegation that a link opens. Looks only.

    :raises LinkUnknown: no delegation has this link, or has it no longer
    """
    found = (
        Delegation.objects.select_related(
            "meeting", "meeting__region_set", "category", "region", "places"
        )
        .filter(link_hash=links.hashed(presented))
        .first()
    )
    if found is None or found.meeting.purged_at is not None:
        raise LinkUnknown(
            _("This link does not open a delegation. Ask the organizer for the current one.")
        )
    return found


def head(delegation: Delegation) -> Actor:
    """Whoever holds the link acts as the head."""
    return Actor(who=f"delegation:{delegation.pk}", via=Via.LINK)


def head_named(delegation: Delegation) -> str:
    """Who the head is, for people: a name, else what the head is of."""
    return delegation.head_name or delegation.name
