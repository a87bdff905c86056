"""The organizer invites people, by name or by a list; writes to them, reminds, takes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Category, Meeting, Region
from registrations.invitations import keys, letters
from registrations.models import Invitation, InvitationQuerySet
from registrations.transitions import StaleVersion

FIELDS = (
    "name",
    "email",
    "language",
    "category",
    "region",
    "organization",
    "position",
    "binds_email",
    "skips_review",
    "allows_substitute",
    "expires_at",
)


# The index that lets nobody have two.
ONE_OPEN = "one_open_invitation_of_a_person"


class AlreadyInvited(Refused):
    code = "already_invited"


class InvitationAnswered(Refused):
    code = "invitation_answered"


class NobodyToWriteTo(Refused):
    code = "nobody_to_ask"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the organizer says about an invitation. `expires_at` None: when the lists close."""

    email: str
    category: Category
    language: str
    name: str = ""
    region: Region | None = None
    organization: str = ""
    position: str = ""
    binds_email: bool = True
    skips_review: bool = False
    allows_substitute: bool = False
    expires_at: datetime | None = None


def invite_many(
    *, meeting: Meeting, wishes: Iterable[Wish], at: datetime, by: Actor
) -> list[Invitation]:
    """
    Invite people, all of them or none. They are written to by `send`.

    :raises AlreadyInvited: somebody has an open invitation (`row`, from 1: which of them)
    """
    wishes = list(wishes)
    try:
        return _invite_at_once(meeting, wishes, at=at, by=by)
    except IntegrityError as error:
        if ONE_OPEN not in str(error):
            raise
    # One of them has one. Which row it is, the database says when they come one by one.
    return _invite_one_by_one(meeting, wishes, at=at, by=by)


@transaction.atomic(durable=True)
def change(
    *, invitation: Invitation, wish: Wish, version: int | None, at: datetime, by: Actor
) -> Invitation:
    """
    Change what was said of an invitation. Another address gets a link of its own, which has
    to be sent; the old one opens nothing.

    :raises InvitationAnswered: it was accepted, or taken back
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises AlreadyInvited: that person has another open invitation
    """
    invitation = _locked(invitation)
    if version is not None and version != invitation.version:
        raise StaleVersion(
            _("This invitation was changed in the meantime. Look at it again."),
            version=invitation.version,
        )
    _refuse_if_final(invitation)
    changed = [field for field in FIELDS if getattr(invitation, field) != getattr(wish, field)]
    for field in changed:
        setattr(invitation, field, getattr(wish, field))
    fields = [*changed, "version"]
    if "email" in changed:
        letters.withdraw(invitation, reason="address_corrected")
        fields += keys.renew(invitation)
    invitation.version += 1
    save(invitation, fields)
    note(invitation, "invitation.changed", at=at, by=by, changes={"fields": changed})
    return invitation


@transaction.atomic(durable=True)
def withdraw(*, invitation: Invitation, at: datetime, by: Actor) -> Invitation:
    """
    Take an invitation back: its link says so, and nothing more. Twice is harmless.

    :raises InvitationAnswered: it was accepted: the registration is what can be cancelled
    """
    invitation = _locked(invitation)
    if invitation.withdrawn_at is not None:
        return invitation
    _refuse_if_final(invitation)
    letters.withdraw(invitation, reason="invitation_withdrawn")
    invitation.withdrawn_at = at
    invitation.version += 1
    invitation.save(update_fields=["withdrawn_at", "version"])
    note(invitation, "invitation.withdrawn", at=at, by=by)
    return invitation


@transaction.atomic(durable=True)
def renew_link(*, invitation: Invitation, at: datetime, by: Actor) -> Invitation:
    """
    A new link, to be sent anew; the old one stops working at once.

    :raises InvitationAnswered: it was accepted, or taken back
    """
    invitation = _locked(invitation)
    _refuse_if_final(invitation)
    letters.withdraw(invitation, reason="link_renewed")
    invitation.version += 1
    invitation.save(update_fields=[*keys.renew(invitation), "version"])
    note(invitation, "invitation.link_renewed", at=at, by=by)
    return invitation


@transaction.atomic(durable=True)
def send(*, meeting: Meeting, invitations: Iterable[Invitation], at: datetime, by: Actor) -> int:
    """
    Write to people who were not written to yet; all others are passed by. Returns how many.

    :raises NobodyToWriteTo: that is nobody
    """
    sent = 0
    for invitation in _open(meeting, invitations, at=at):
        if invitation.sent_at is not None:
            continue
        letters.write_invitation(invitation, at=at)
        invitation.sent_at = at
        invitation.save(update_fields=["sent_at"])
        note(invitation, "invitation.sent", at=at, by=by)
        sent += 1
    if not sent:
        raise NobodyToWriteTo(
            _("There is nobody to write to: written to already, answered, expired or taken back.")
        )
    return sent


@transaction.atomic(durable=True)
def remind(*, meeting: Meeting, invitations: Iterable[Invitation], at: datetime, by: Actor) -> int:
    """
    Remind people who were written to and have not answered, once each. Returns how many.

    :raises NobodyToWriteTo: that is nobody
    """
    reminded = 0
    for invitation in _open(meeting, invitations, at=at):
        if invitation.sent_at is None or invitation.reminded_at is not None:
            continue
        letters.write_reminder(invitation, at=at)
        invitation.reminded_at = at
        invitation.save(update_fields=["reminded_at"])
        note(invitation, "invitation.reminded", at=at, by=by)
        reminded += 1
    if not reminded:
        raise NobodyToWriteTo(
            _("There is nobody to remind: not written to yet, reminded once, or answered.")
        )
    return reminded


def save(invitation: Invitation, fields: list[str]) -> None:
    """
    Write changed fields, in the caller's transaction.

    :raises AlreadyInvited: that person has another open invitation
    """
    try:
        with transaction.atomic():
            invitation.save(update_fields=fields)
    except IntegrityError as error:
        raise _twin(invitation, error) from error


def note(
    invitation: Invitation,
    action: str,
    *,
    at: datetime,
    by: Actor,
    changes: dict[str, Any] | None = None,
) -> None:
    """What the journal says of an invitation."""
    journal.record(
        by=by, at=at, action=action, subjects=letters.subjects(invitation), changes=changes
    )


@transaction.atomic(durable=True)
def _invite_at_once(
    meeting: Meeting, wishes: list[Wish], *, at: datetime, by: Actor
) -> list[Invitation]:
    _lock_lists(meeting)
    made = Invitation.objects.bulk_create(_new(meeting, wish, at=at) for wish in wishes)
    journal.record_many(
        (journal.Line("invitation.made", letters.subjects(one), {}) for one in made), by=by, at=at
    )
    return made


@transaction.atomic(durable=True)
def _invite_one_by_one(
    meeting: Meeting, wishes: list[Wish], *, at: datetime, by: Actor
) -> list[Invitation]:
    _lock_lists(meeting)
    made = []
    for row, wish in enumerate(wishes, start=1):
        invitation = _new(meeting, wish, at=at)
        try:
            with transaction.atomic():
                invitation.save(force_insert=True)
        except IntegrityError as error:
            raise _twin(invitation, error, row=row) from error
        note(invitation, "invitation.made", at=at, by=by)
        made.append(invitation)
    return made


def _lock_lists(meeting: Meeting) -> None:
    """Two lists with the same people in another order would wait for each other for ever."""
    Meeting.objects.select_for_update(no_key=True).only("pk").get(pk=meeting.pk)


def _new(meeting: Meeting, wish: Wish, *, at: datetime) -> Invitation:
    invitation = Invitation(meeting=meeting, created_at=at)
    for field in FIELDS:
        setattr(invitation, field, getattr(wish, field))
    invitation.link_hash = keys.hashed(invitation)
    return invitation


def _twin(invitation: Invitation, error: IntegrityError, **facts: int) -> Exception:
    """The refusal that the database's objection means; any other stays what it is."""
    if ONE_OPEN not in str(error):
        return error
    return AlreadyInvited(
        _("%(who)s has an open invitation already.") % {"who": invitation.who}, **facts
    )


def _refuse_if_final(invitation: Invitation) -> None:
    if invitation.is_accepted:
        raise InvitationAnswered(
            _("This invitation was accepted: what can be changed now is the registration.")
        )
    if invitation.withdrawn_at is not None:
        raise InvitationAnswered(_("This invitation was taken back. Invite the person anew."))


def _open(
    meeting: Meeting, invitations: Iterable[Invitation], *, at: datetime
) -> Iterable[Invitation]:
    """Those of them that wait for an answer and may still get one, locked in order."""
    chosen = Invitation.objects.filter(meeting=meeting, pk__in=[one.pk for one in invitations])
    waiting: InvitationQuerySet = chosen.unanswered().filter(erased_at=None)
    for invitation in (
        waiting.select_for_update(of=("self",)).select_related("category", "region").order_by("pk")
    ):
        # One meeting for all of them: its hosts are looked up once.
        invitation.meeting = meeting
        if invitation.is_open(at):
            yield invitation


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",))
    return rows.select_related("meeting", "category", "region").get(pk=invitation.pk)
