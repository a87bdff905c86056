"""What an organizer's new meetings start with: host, contact, consent text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import journal
from accounts.models import User


@transaction.atomic(durable=True)
def change(*, user: User, changes: dict[str, Any], at: datetime) -> User:
    """Keep the organizer's defaults. Meetings that exist already do not change."""
    user = User.objects.select_for_update().get(pk=user.pk)
    changed = sorted(name for name, value in changes.items() if getattr(user, name) != value)
    if changed:
        for name in changed:
            setattr(user, name, changes[name])
        user.save(update_fields=changed)
        journal.record(
            by=journal.organizer(user),
            at=at,
            action="account.changed",
            subjects=[f"user:{user.pk}"],
            changes={"fields": changed},
        )
    return user
