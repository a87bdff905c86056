"""The invited person's link: opens one invitation and nothing else."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import links
from accounts.journal import Actor
from accounts.models import Via
from accounts.refusals import Refused
from registrations.models import Invitation

PURPOSE = "invitation"


class LinkUnknown(Refused):
    code = "link_invalid"


def token(invitation: Invitation) -> str:
    """The token of the current generation; an older one opens nothing."""
    return links.token(PURPOSE, str(invitation.uid), invitation.link_generation)


def hashed(invitation: Invitation) -> bytes:
    """What the row keeps of its token."""
    return links.hashed(token(invitation))


def renew(invitation: Invitation) -> list[str]:
    """
    Another link, which nobody has been written yet; return the names of the fields set.

    Whoever has the old one has a link that opens nothing.
    """
    invitation.link_generation += 1
    invitation.link_hash = hashed(invitation)
    invitation.sent_at = invitation.reminded_at = None
    return ["link_generation", "link_hash", "sent_at", "reminded_at"]


def url(invitation: Invitation, page: str = "invitation") -> str:
    """The absolute address of the invited person's page, or of one of its parts."""
    return f"{settings.PUBLIC_URL}{reverse(page, args=[token(invitation)])}"


def find(presented: str) -> Invitation:
    """
    The invitation that a link opens. Looks only.

    :raises LinkUnknown: no invitation has this link, or has it no longer
    """
    found = (
        Invitation.objects.select_related(
            "meeting",
            "meeting__region_set",
            "meeting__seats",
            "category",
            "region",
            "registration",
        )
        .filter(link_hash=links.hashed(presented))
        .first()
    )
    if found is None or found.erased_at or found.meeting.purged_at:
        raise LinkUnknown(
            _(
                "This link does not open an invitation. Perhaps a newer mail has a newer link, "
                "or it was passed on to somebody else."
            )
        )
    return found


def invited(invitation: Invitation) -> Actor:
    """Whoever holds the link acts as the invited person."""
    return Actor(who=f"invitation:{invitation.pk}", via=Via.LINK)
