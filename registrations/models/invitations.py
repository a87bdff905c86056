"""Who was asked to come, by name and address: an invitation becomes a registration, or not."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registrations.models.delegations import lists_close


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def accepted(self) -> Self:
        return self.filter(registration__isnull=False)

    def declined(self) -> Self:
        return self.filter(declined_at__isnull=False, withdrawn_at=None)

    def withdrawn(self) -> Self:
        return self.filter(withdrawn_at__isnull=False)

    def unanswered(self) -> Self:
        """Neither accepted nor declined nor taken back; perhaps too late by now."""
        return self.filter(registration=None, declined_at=None, withdrawn_at=None)

    def unsent(self) -> Self:
        return self.filter(sent_at=None)

    def by_name(self) -> Self:
        return self.order_by(Lower("name"), Lower("email"), "pk")


class Invitation(models.Model):
    """
    Somebody is asked to come, through a link of his own and without an account.

    What has become of it is derived: accepted, where there is a registration; declined and
    withdrawn by their moments; expired by the clock. Accepted is final, the rest is the
    registration's. Whoever declined may still think better of it, as long as it is open.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="invitations")
    # In full, family name first, as lists have it. Nobody's: a mailbox is invited.
    name = models.CharField(_("name"), max_length=250, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=10)
    # In what capacity he comes, also one that nobody may choose himself.
    category = models.ForeignKey("events.Category", models.PROTECT, related_name="+")
    region = models.ForeignKey(
        "events.Region", models.PROTECT, null=True, blank=True, related_name="+"
    )
    organization = models.CharField(_("organization"), max_length=300, blank=True)
    position = models.CharField(_("position"), max_length=300, blank=True)
    # Whether whoever accepts is registered with this very address.
    binds_email = models.BooleanField(_("valid for this address only"), default=True)
    skips_review = models.BooleanField(_("needs no approval"), default=False)
    allows_substitute = models.BooleanField(_("may send somebody else instead"), default=False)
    # Who passed it on to the one who has it now.
    instead_of = models.CharField(max_length=250, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    # When the letter with the link was written, and the one reminder.
    sent_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_note = models.CharField(max_length=500, blank=True)
    registration = models.OneToOneField(
        "Registration", models.PROTECT, null=True, blank=True, related_name="invitation"
    )
    erased_at = models.DateTimeField(null=True, blank=True)

    link_generation = models.PositiveIntegerField(default=1)
    link_hash = models.BinaryField(max_length=32, unique=True)
    version = models.PositiveIntegerField(default=1)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "meeting",
                Lower("email"),
                Lower("name"),
                condition=Q(
                    registration=None, declined_at=None, withdrawn_at=None, erased_at=None
                ),
                name="one_open_invitation_of_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | Q(erased_at__isnull=False),
                name="an_invitation_has_an_address",
            ),
            models.CheckConstraint(
                condition=Q(registration=None) | Q(declined_at=None, withdrawn_at=None),
                name="an_accepted_invitation_is_not_declined",
            ),
            models.CheckConstraint(
                condition=Q(decline_note="") | Q(declined_at__isnull=False),
                name="only_who_declines_says_why",
            ),
            models.CheckConstraint(
                condition=Q(reminded_at=None)
                | Q(sent_at__isnull=False, sent_at__lte=F("reminded_at")),
                name="whoever_is_reminded_was_written_to",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(name="", email="", organization="", position="", instead_of="",
                    decline_note=""),
                name="what_is_erased_of_an_invitation_is_gone",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"invitation {self.pk} to {self.meeting_id}"

    @property
    def who(self) -> str:
        """Whom to call it by: the name, else the address."""
        return self.name or self.email

    @property
    def is_accepted(self) -> bool:
        return self.registration_id is not None

    @property
    def deadline(self) -> datetime:
        """Until when it can be answered: its own day, and the meeting's lists."""
        return min(filter(None, [self.expires_at, lists_close(self.meeting)]))

    def is_open(self, at: datetime) -> bool:
        """
        Whether it can be accepted: published, not too late, and neither accepted nor taken
        back. Whether registration is open to everybody does not matter.
        """
        return (
            not self.is_accepted
            and self.withdrawn_at is None
            and self.meeting.takes_edits(at)
            and at < self.deadline
        )
