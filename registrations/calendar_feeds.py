"""A participant asks for an address that the calendar follows, changes it, gives it up."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts import links as tokens
from accounts.journal import Actor
from registrations import feeds, letters, links, transitions
from registrations.links import LinkUnknown
from registrations.models import CalendarFeed, Registration

__all__ = ["LinkUnknown", "close", "open_feed", "renew"]


@transaction.atomic(durable=True)
def open_feed(*, registration: Registration, at: datetime, by: Actor) -> CalendarFeed:
    """
    Make the address. Twice is harmless: it stays the one that it is.

    :raises LinkUnknown: the person is erased
    """
    registration = _locked(registration)
    if feed := feeds.of(registration):
        return feed
    return _begin(registration, action="registration.feed_opened", at=at, by=by)


@transaction.atomic(durable=True)
def renew(*, registration: Registration, at: datetime, by: Actor) -> CalendarFeed:
    """
    Another address; the old one opens nothing any more.

    :raises LinkUnknown: the person is erased
    """
    registration = _locked(registration)
    feeds.end(registration, at=at)
    return _begin(registration, action="registration.feed_renewed", at=at, by=by)


@transaction.atomic(durable=True)
def close(*, registration: Registration, at: datetime, by: Actor) -> None:
    """The address opens nothing any more. Twice is harmless."""
    registration = transitions.locked(registration)
    if feeds.end(registration, at=at):
        _note(registration, "registration.feed_closed", at=at, by=by)


def _locked(registration: Registration) -> Registration:
    registration = transitions.locked(registration)
    if registration.erased_at:
        raise LinkUnknown(_("The data of this registration has been erased."))
    return registration


def _begin(registration: Registration, *, action: str, at: datetime, by: Actor) -> CalendarFeed:
    feed, _new = CalendarFeed.objects.get_or_create(
        registration=registration, defaults={"changed_at": at}
    )
    feed.registration = registration
    feed.generation += 1
    feed.token_hash = tokens.hashed(links.feed_token(feed))
    feed.changed_at = at
    feed.save(update_fields=["generation", "token_hash", "changed_at"])
    _note(registration, action, at=at, by=by)
    return feed


def _note(registration: Registration, action: str, *, at: datetime, by: Actor) -> None:
    journal.record(by=by, at=at, action=action, subjects=letters.subjects(registration))
