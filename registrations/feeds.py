"""Addresses that calendar programs follow: whose one is, and its end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Q, QuerySet, When

from accounts import links as tokens
from registrations.models import CalendarFeed, Registration


def find(presented: str) -> Registration | None:
    """
    Whose calendar an address shows; None where nobody's. Looks only, in one query. Whoever was
    merged is followed to the registration that was kept.
    """
    feed = (
        CalendarFeed.objects.select_related(
            "registration__meeting", "registration__merged_into__meeting"
        )
        .filter(token_hash=tokens.hashed(presented))
        .first()
    )
    if feed is None:
        return None
    return feed.registration.merged_into or feed.registration


def of(registration: Registration) -> CalendarFeed | None:
    """
    The person's address, if there is one now; it may be that of a registration that was merged
    into this one.
    """
    own = Case(When(registration=registration, then=0), default=1)
    return _open(registration).select_related("registration").order_by(own, "pk").first()


def end(registration: Registration, *, at: datetime) -> bool:
    """
    The address opens nothing any more, nor do those of registrations that were merged into
    this one. False where there was none.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An address is given up inside a use case's transaction.")
    return _open(registration).update(token_hash=None, changed_at=at) > 0


def _open(registration: Registration) -> QuerySet[CalendarFeed]:
    whose = Q(registration=registration) | Q(registration__merged_into=registration)
    return CalendarFeed.objects.filter(whose, token_hash__isnull=False)
