"""The person's own link: shows and changes one registration, and never checks anybody in."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext as _

from accounts import links
from accounts.refusals import Refused
from registrations.models import CalendarFeed, Registration

PURPOSE = "mine"
FEED_PURPOSE = "calendar"
_PLACE = "the-token"


class LinkUnknown(Refused):
    code = "link_invalid"


def token(registration: Registration) -> str:
    """The token of the current generation; an older one opens nothing."""
    return links.token(PURPOSE, str(registration.uid), registration.link_generation)


def hashed(registration: Registration) -> bytes:
    """What the row keeps of its token."""
    return links.hashed(token(registration))


def find(presented: str) -> Registration:
    """
    The registration that a link opens, with all that its page shows. Looks only. The link of
    whoever was merged opens the registration that was kept.

    :raises LinkUnknown: no registration has this link, or has it no longer
    """
    rows = Registration.objects.select_related(
        "meeting",
        "meeting__region_set",
        "meeting__seats",
        "category",
        "region",
        "region__region_set",
        "offer",
    )
    registration = rows.filter(link_hash=links.hashed(presented)).first()
    if registration is not None and registration.merged_into_id is not None:
        registration = rows.get(pk=registration.merged_into_id)
    if registration is None:
        raise LinkUnknown(
            _("This link does not open a registration. Perhaps a newer mail has a newer link.")
        )
    return registration


def revoke_merged(registration: Registration) -> None:
    """The links of those who were merged into it open nothing any more."""
    for one in registration.merged.all():
        one.link_generation += 1
        one.link_hash = hashed(one)
        one.save(update_fields=["link_generation", "link_hash"])


def manage_url(registration: Registration) -> str:
    return _absolute("mine", registration)


def calendar_url(registration: Registration) -> str:
    return _absolute("mine-calendar", registration)


def google_url(registration: Registration) -> str:
    """A short address that leads to Google's calendar, filled in with what holds then."""
    return _absolute("mine-google", registration)


def feed_token(feed: CalendarFeed) -> str:
    """Of the current generation, as everywhere; it opens the calendar and nothing else."""
    return links.token(FEED_PURPOSE, str(feed.registration.uid), feed.generation)


def feed_url(feed: CalendarFeed) -> str:
    """What a calendar program follows."""
    return f"{settings.PUBLIC_URL}{reverse('calendar-feed', args=[feed_token(feed)])}"


def webcal_url(feed: CalendarFeed) -> str:
    """The same for the program that the device keeps for calendars."""
    return "webcal://" + feed_url(feed).partition("://")[2]


def ticket_url(registration: Registration) -> str:
    return _absolute("mine-qr", registration)


def cancel_url(registration: Registration) -> str:
    return _absolute("mine-cancel", registration)


def offer_url(registration: Registration) -> str:
    return _absolute("mine-offer", registration)


def refuse_offer_url(registration: Registration) -> str:
    return _absolute("mine-offer-decline", registration)


def unsubscribe_url(registration: Registration) -> str:
    return _absolute("mine-unsubscribe", registration)


def page_url(name: str, slug: str) -> str:
    """The absolute address of a public page of a meeting."""
    return f"{settings.PUBLIC_URL}{reverse(name, args=[slug])}"


def _absolute(name: str, registration: Registration) -> str:
    before, after = _around(name, get_script_prefix())
    return f"{settings.PUBLIC_URL}{before}{token(registration)}{after}"


@lru_cache(maxsize=64)
def _around(name: str, _prefix: str) -> tuple[str, str]:
    """An address before and after its token. Kept: a letter has five, a meeting 100,000."""
    before, _, after = reverse(name, args=[_PLACE]).partition(_PLACE)
    return before, after
