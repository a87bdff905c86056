"""Links for helpers: a desk's, the press officer's. One purpose each, revocable, expiring."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import journal, links
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import AccessLink, Meeting, Purpose


class LinkUnknown(Refused):
    code = "link_invalid"


class LinkExpired(Refused):
    code = "link_expired"


@transaction.atomic(durable=True)
def issue(
    *,
    meeting: Meeting,
    purpose: str,
    label: str,
    expires_at: datetime,
    at: datetime,
    by: Actor = journal.SYSTEM,
    number: int | None = None,
    may_admit: bool = True,
) -> AccessLink:
    """Make a link for a helper. A desk without a number gets the next free one."""
    # The meeting's row is the queue in which numbers are given out.
    Meeting.objects.select_for_update(no_key=True).only("pk").get(pk=meeting.pk)
    if purpose == Purpose.DESK and number is None:
        taken = meeting.access_links.desks().values_list("number", flat=True)
        number = max((n for n in taken if n), default=0) + 1
    label = label or _usual_label(meeting, number)
    link = AccessLink(
        meeting=meeting,
        purpose=purpose,
        label=label,
        number=number,
        may_admit=may_admit,
        created_at=at,
        expires_at=expires_at,
        token_hash=b"",
    )
    # The token is derived from the row's own id, hence the two steps.
    link.token_hash = links.hashed(f"{meeting.pk}:{purpose}:{label}:{number}:{at.timestamp()}")
    link.save(force_insert=True)
    link.token_hash = links.hashed(_token(link))
    link.save(update_fields=["token_hash"])
    _note(link, "access_link.issued", by=by, at=at)
    return link


def url(link: AccessLink) -> str:
    """The absolute address to give to the helper. The same one each time it is asked for."""
    name = "desk" if link.purpose == Purpose.DESK else "press"
    return f"{settings.PUBLIC_URL}{reverse(name, args=[_token(link)])}"


def resolve(*, token: str, purpose: str, at: datetime) -> AccessLink:
    """
    The link that a token opens. Looks only.

    :raises LinkUnknown: there is none, it was revoked or renewed, or is for something else
    :raises LinkExpired: it was valid once
    """
    link = (
        AccessLink.objects.select_related("meeting", "meeting__region_set")
        .filter(token_hash=links.hashed(token), purpose=purpose, revoked_at=None)
        .first()
    )
    if link is None:
        raise LinkUnknown(_("This link is not known. Ask the organizer for a new one."))
    if link.expires_at <= at:
        raise LinkExpired(_("This link has run out. Ask the organizer for a new one."))
    return link


@transaction.atomic(durable=True)
def renew(*, link: AccessLink, expires_at: datetime, at: datetime, by: Actor) -> AccessLink:
    """
    Make a new address for the same purpose; the old one stops working at once.

    So do the shifts that began with it: whoever had the old address begins anew.
    """
    link = AccessLink.objects.select_for_update().get(pk=link.pk)
    link.generation += 1
    link.token_hash = links.hashed(_token(link))
    link.expires_at = expires_at
    link.save(update_fields=["generation", "token_hash", "expires_at"])
    _note(link, "access_link.renewed", by=by, at=at)
    return link


@transaction.atomic(durable=True)
def revoke(*, link: AccessLink, at: datetime, by: Actor) -> AccessLink:
    """Stop the link at once. Twice is harmless."""
    link = AccessLink.objects.select_for_update().get(pk=link.pk)
    if link.revoked_at is None:
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        _note(link, "access_link.revoked", by=by, at=at)
    return link


def _usual_label(meeting: Meeting, number: int | None) -> str:
    """What a link is called that nobody named: stewards and the log must tell desks apart."""
    with translation.override(meeting.language):
        return _("Desk %(n)s") % {"n": number} if number else _("Press")


def _token(link: AccessLink) -> str:
    return links.token(link.purpose, str(link.pk), link.generation)


def _note(link: AccessLink, action: str, *, by: Actor, at: datetime) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{link.meeting_id}", f"access_link:{link.pk}"],
        changes={"purpose": link.purpose, "label": link.label},
    )
