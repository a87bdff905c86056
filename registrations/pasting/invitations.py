"""Rows of a table as invitations: a mailbox each, and what is known of whom it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from events.models import Meeting
from registrations import full_names
from registrations.intake import Application
from registrations.invitations.sending import Wish
from registrations.models import Invitation
from registrations.pasting import people

# What a column of a list may be here.
COLUMNS = (
    "name", "family_name", "given_name", "patronymic", "email", "organization", "position",
    "region", "category",
)  # fmt: skip


def object_to_invited(table: people.Table, meeting: Meeting) -> None:
    """Whoever has an open invitation is an error of his row."""
    waiting = Invitation.objects.filter(meeting=meeting).unanswered()
    invited = {
        (email.lower(), name.lower()) for email, name in waiting.values_list("email", "name")
    }
    for draft in table.drafts:
        if draft.application is None:
            continue
        if (draft.application.email.lower(), called(draft.application).lower()) in invited:
            draft.errors.append(_("Has an open invitation already."))
            draft.application = None


def wishes(applications: Sequence[Application], *, like: Wish) -> list[Wish]:
    """What the use cases want: each row on the terms of `like`, in its own category."""
    return [
        replace(
            like,
            name=called(one),
            email=one.email,
            category=one.category,
            organization=one.organization,
            position=one.position,
            region=one.region,
        )
        for one in applications
    ]


def called(application: Application) -> str:
    """The name in full, as an invitation keeps it."""
    parts = (application.family_name, application.given_name, application.patronymic)
    return full_names.join(*parts)[:250]
