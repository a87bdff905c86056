"""
One organization under many spellings: the organizer says which of them are the same.

What people typed stays with their registrations. A spelling is known by its normalized
key, so whoever types it later belongs to the same organization without being asked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Meeting, Organization, OrganizationVariant, Region

UNCHANGED = "unchanged"


class NothingToMerge(Refused):
    code = "nothing_to_merge"


def merge(
    *,
    meeting: Meeting,
    keys: list[str],
    name: str,
    short_name: str,
    at: datetime,
    by: Actor,
    organization: Organization | None = None,
    region: Region | str | None = UNCHANGED,
    is_member: bool | None = None,
) -> Organization:
    """
    Count these spellings as one organization, called so from now on.

    With `organization` they join that one, which takes the names given here. A spelling
    that belonged to another one moves; an organization left without any is gone. Its region
    and whether it is a member of the host's association stay where they are not said.

    :raises NothingToMerge: no spelling was chosen
    """
    _require_transaction()
    # The meeting's row is the queue: two who merge at once must not leave half of each.
    Meeting.objects.select_for_update(no_key=True).only("pk").get(pk=meeting.pk)
    if organization is None:
        if not keys:
            raise NothingToMerge(_("Choose at least one spelling."))
        organization = Organization(meeting=meeting)
    organization.name, organization.short_name = name, short_name
    if not isinstance(region, str):
        organization.region = region
    if is_member is not None:
        organization.is_member = is_member
    organization.save()
    for key in dict.fromkeys(keys):
        OrganizationVariant.objects.update_or_create(
            meeting=meeting, key=key, defaults={"organization": organization}
        )
    _drop_empty(meeting, but=organization)
    _note(meeting, "organization.merged", organization, at=at, by=by, spellings=len(keys))
    return organization


def separate(*, meeting: Meeting, key: str, at: datetime, by: Actor) -> None:
    """Let a spelling stand for itself again. Twice is harmless."""
    _require_transaction()
    Meeting.objects.select_for_update(no_key=True).only("pk").get(pk=meeting.pk)
    variants = OrganizationVariant.objects.filter(meeting=meeting, key=key)
    variant = variants.select_related("organization").first()
    if variant is None:
        return
    variant.delete()
    _drop_empty(meeting)
    _note(meeting, "organization.separated", variant.organization, at=at, by=by, spellings=1)


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Organizations are merged inside a use case's transaction.")


def _drop_empty(meeting: Meeting, *, but: Organization | None = None) -> None:
    empty = Organization.objects.filter(meeting=meeting, variants=None)
    (empty.exclude(pk=but.pk) if but else empty).delete()


def _note(
    meeting: Meeting,
    action: str,
    organization: Organization,
    *,
    at: datetime,
    by: Actor,
    spellings: int,
) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{meeting.pk}", f"organization:{organization.pk}"],
        changes={"spellings": spellings},
    )
