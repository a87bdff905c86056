"""Who may, and whose meeting it is."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from accounts import journal
from accounts.journal import Actor
from accounts.models import User, Via
from events.models import Meeting


def acting(request: Request) -> Actor:
    """The organizer who acts through the API."""
    return journal.organizer(cast(User, request.user), Via.API)


def own_meetings(request: Request) -> QuerySet[Meeting]:
    """The meetings of whoever asks; none for a stranger."""
    return Meeting.objects.organized_by(request.user).select_related("region_set", "seats")


def own_meeting(request: Request, slug: str) -> Meeting:
    """One's own meeting. A stranger's is not found: whether it exists is nobody's business."""
    return get_object_or_404(own_meetings(request), slug=slug)
