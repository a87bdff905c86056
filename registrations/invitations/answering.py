"""The invited person's answer: to accept, to decline, to send somebody else instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from registrations import consents as documents
from registrations import enlisting, idempotency, seats, throttle
from registrations import letters as people_letters
from registrations.consents import ConsentRequired
from registrations.enlisting import Entry
from registrations.idempotency import Claim
from registrations.intake import Application, Evidence
from registrations.invitations import keys, letters
from registrations.invitations.sending import AlreadyInvited, InvitationAnswered, note, save
from registrations.models import (
    ConsentDocument,
    GivenBy,
    Invitation,
    Registration,
    Source,
)
from registrations.transitions import AlreadyRegistered
from registrations.waitlist import MeetingFull

__all__ = [
    "AlreadyInvited",
    "AlreadyRegistered",
    "ConsentRequired",
    "InvitationAnswered",
    "InvitationClosed",
    "MeetingFull",
    "NotTransferable",
    "accept",
    "decline",
    "pass_on",
    "send_link",
]


class InvitationClosed(Refused):
    """Too late, too early, or called off."""

    code = "invitation_closed"


class NotTransferable(Refused):
    code = "invitation_not_transferable"


@dataclass(frozen=True)
class Accepted:
    """What an invitation became. The same request again gets the same one, not new."""

    registration: Registration
    is_new: bool


def accept(
    *,
    invitation: Invitation,
    application: Application,
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    evidence: Evidence | None = None,
    claim: Claim | None = None,
) -> Accepted:
    """
    Register the invited person, once: with a seat, a turn in line, or on the desk of whoever
    approves. Category, and address where it is bound, are the invitation's.

    Whether registration is open to everybody does not matter; whoever declined may think
    better of it.

    :raises InvitationAnswered: it was accepted before by another request, or taken back
    :raises InvitationClosed: too late, or the meeting is not published, or called off
    :raises ConsentRequired: a required document was not agreed to (`missing`: its kinds)
    :raises MeetingFull: no seat, and no waiting list
    :raises AlreadyRegistered: this person is on the list; the link goes to the address on file
    """
    try:
        return _accept(invitation, application, consents, at, by, evidence, claim)
    except AlreadyRegistered as refusal:
        _send_link_of_twin(invitation, application, at=at)
        raise AlreadyRegistered(
            _("This participant is already registered; the link was sent by e-mail.")
        ) from refusal


@transaction.atomic(durable=True)
def _accept(
    invitation: Invitation,
    application: Application,
    consents: Sequence[ConsentDocument],
    at: datetime,
    by: Actor,
    evidence: Evidence | None,
    claim: Claim | None,
) -> Accepted:
    counters = seats.lock(invitation.meeting_id)
    invitation = _locked(invitation)
    if _is_repetition(invitation, claim):
        assert invitation.registration, "whoever was answered has one"
        return Accepted(invitation.registration, False)
    _refuse_unless_open(invitation, at=at)
    documents.refuse_without(
        invitation.meeting,
        consents,
        words=_("Without this consent we cannot write down your data."),
    )
    registration = enlisting.enlist(
        counters,
        meeting=invitation.meeting,
        application=as_invited(invitation, application),
        entry=Entry(
            source=Source.INVITATION,
            skips_review=invitation.skips_review,
            given_by=GivenBy.SELF,
            evidence=evidence,
        ),
        at=at,
        by=by,
        consents=consents,
    )
    # Whoever sends the same again gets the same; unless the link was renewed since.
    idempotency.begin(claim, answer={"generation": registration.link_generation}, at=at)
    invitation.registration = registration
    invitation.declined_at, invitation.decline_note = None, ""
    invitation.version += 1
    invitation.save(update_fields=["registration", "declined_at", "decline_note", "version"])
    letters.withdraw(invitation, reason="invitation_accepted")
    journal.record(
        by=by,
        at=at,
        action="invitation.accepted",
        subjects=[*letters.subjects(invitation), f"registration:{registration.pk}"],
    )
    return Accepted(registration, True)


@transaction.atomic(durable=True)
def decline(*, invitation: Invitation, why: str, at: datetime, by: Actor) -> Invitation:
    """
    Say that the invited person does not come, perhaps why. Twice is harmless; accepting
    takes it back.

    :raises InvitationAnswered: it was accepted, or taken back
    :raises InvitationClosed: too late, or the meeting is called off
    """
    invitation = _locked(invitation)
    _refuse_unless_open(invitation, at=at)
    if invitation.declined_at is None:
        letters.withdraw(invitation, reason="invitation_declined")
        invitation.declined_at, invitation.decline_note = at, why
        invitation.version += 1
        invitation.save(update_fields=["declined_at", "decline_note", "version"])
        note(invitation, "invitation.declined", at=at, by=by)
    return invitation


@transaction.atomic(durable=True)
def pass_on(
    *, invitation: Invitation, name: str, email: str, at: datetime, by: Actor
) -> Invitation:
    """
    Make the invitation a colleague's, who is written to. The link that was used opens
    nothing any more, and the colleague cannot pass it on once more.

    :raises NotTransferable: the organizer wants this very person
    :raises InvitationAnswered: it was accepted, or taken back
    :raises InvitationClosed: too late, or the meeting is called off
    :raises AlreadyInvited: the colleague has an open invitation
    """
    invitation = _locked(invitation)
    _refuse_unless_open(invitation, at=at)
    if not invitation.allows_substitute:
        raise NotTransferable(_("This invitation is for you personally."))
    letters.withdraw(invitation, reason="invitation_passed_on")
    invitation.instead_of = invitation.who
    invitation.name, invitation.email = name, email
    # The colleague's are asked when he accepts.
    invitation.position = ""
    invitation.allows_substitute = False
    invitation.declined_at, invitation.decline_note = None, ""
    invitation.version += 1
    renewed = keys.renew(invitation)
    invitation.sent_at = at
    save(
        invitation,
        [
            "instead_of", "name", "email", "position", "allows_substitute", "declined_at",
            "decline_note", "version", *renewed,
        ],
    )  # fmt: skip
    letters.write_invitation(invitation, at=at)
    note(invitation, "invitation.passed_on", at=at, by=by)
    return invitation


@transaction.atomic(durable=True)
def send_link(*, invitation: Invitation, at: datetime) -> None:
    """
    Mail the link to the registration that an invitation became, at most three times an hour.

    To the address on file there: whoever holds the invitation alone does not see it.
    """
    registration = _locked(invitation).registration
    if registration is None or not registration.email or not _may_send(registration, at=at):
        return
    people_letters.write_links(
        [registration], to=registration.email, language=registration.language, at=at
    )


def as_invited(invitation: Invitation, application: Application) -> Application:
    """What the invited person wrote, with what is not up to him."""
    email = invitation.email if invitation.binds_email else application.email
    return replace(application, category=invitation.category, email=email)


@transaction.atomic(durable=True)
def _send_link_of_twin(invitation: Invitation, application: Application, *, at: datetime) -> None:
    twin = enlisting.twin_of(invitation.meeting, as_invited(invitation, application))
    if twin is not None and _may_send(twin, at=at):
        people_letters.write_link(twin, at=at)


def _may_send(registration: Registration, *, at: datetime) -> bool:
    return throttle.allows(f"link:{registration.uid}", limit=3, seconds=3600, at=at)


def _is_repetition(invitation: Invitation, claim: Claim | None) -> bool:
    """Whether this very request was granted before, and its link is still the same."""
    first = idempotency.answer_of(claim)
    if first is None or invitation.registration is None:
        return False
    return bool(invitation.registration.link_generation == first["generation"])


def _refuse_unless_open(invitation: Invitation, *, at: datetime) -> None:
    if invitation.is_accepted:
        raise InvitationAnswered(_("This invitation was accepted already."))
    if invitation.withdrawn_at is not None:
        raise InvitationAnswered(_("The organizer has taken this invitation back."))
    if not invitation.is_open(at):
        raise InvitationClosed(
            _("This invitation cannot be answered any more. Please write to the organizer: "
              "%(contact)s.") % {"contact": invitation.meeting.contact_email}
        )  # fmt: skip


def _locked(invitation: Invitation) -> Invitation:
    """The invitation as it is now, locked; the counters must be locked before (`seats.lock`)."""
    rows = Invitation.objects.select_for_update(of=("self",))
    related = rows.select_related(
        "meeting", "meeting__region_set", "category", "region", "registration__meeting"
    )
    return related.get(pk=invitation.pk)
