"""Who comes: a registration is the person, the wish for a seat, and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from events.models import Meeting, validate_time_zone
from registrations.models.delegations import DelegationRole

if TYPE_CHECKING:
    from registrations.models.offers import Offer


class Status(models.TextChoices):
    PENDING = "pending", _("awaiting decision")
    WAITLISTED = "waitlisted", _("waiting list")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    CANCELLED = "cancelled", _("cancelled")


LIVE = (Status.PENDING, Status.WAITLISTED, Status.CONFIRMED)

# Who let as many offers of a seat pass is offered none any more until he asks for one.
MOST_MISSED = 2


class Seat(models.TextChoices):
    """What a confirmed person sits on."""

    NONE = "none", _("takes no seat")
    WITHIN = "within", _("within the limit")
    OVER = "over", _("over the limit")


class Source(models.TextChoices):
    PUBLIC = "public", _("registration page")
    API = "api", _("API")
    ORGANIZER = "organizer", _("entered by the organizer")
    DELEGATION = "delegation", _("delegation")
    INVITATION = "invitation", _("invitation")
    IMPORT = "import", _("import")
    WALK_IN = "walk_in", _("at the door")


class Stage(models.TextChoices):
    """Who decides next on a request, and on what."""

    HEAD = "head", _("with the head of the delegation")
    ORGANIZER = "organizer", _("with the organizer")
    CHANGES = "changes", _("changes to approve")


_AT_STAGE = {
    Stage.HEAD: Q(awaits_head_of__isnull=False),
    Stage.ORGANIZER: Q(awaits_head_of=None, approved_as__isnull=True),
    Stage.CHANGES: Q(approved_as__isnull=False),
}


class AttendanceMode(models.TextChoices):
    IN_PERSON = "in_person", _("in person")
    ONLINE = "online", _("online")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def live(self) -> Self:
        """Neither cancelled nor declined."""
        return self.filter(status__in=LIVE)

    def confirmed(self) -> Self:
        return self.filter(status=Status.CONFIRMED)

    def pending(self) -> Self:
        return self.filter(status=Status.PENDING)

    def at_stage(self, stage: str) -> Self:
        """Requests by who decides next."""
        return self.pending().filter(_AT_STAGE[Stage(stage)])

    def waitlisted(self) -> Self:
        return self.filter(status=Status.WAITLISTED)

    def in_line(self, meeting: Meeting) -> Self:
        """
        Those who wait, to whom a seat that becomes free may go: not to who has an offer
        already, nor, where seats are offered, to who let too many pass.
        """
        people = self.waitlisted().filter(meeting=meeting, offer=None)
        return people.filter(missed_offers__lt=MOST_MISSED) if meeting.offer_hours else people

    def over(self) -> Self:
        """Seated beyond the limit, whoever came first first."""
        return self.filter(seat=Seat.OVER).order_by("status_changed_at", "pk")

    def counted(self) -> Self:
        """Of categories that count as participants: not the press, not the staff."""
        return self.filter(category__counts_as_participant=True)

    def of(self, *, email: str, name_key: str) -> Self:
        """An assistant registers five people from one address: the name counts too."""
        return self.filter(email__iexact=email, name_key=name_key)

    def perhaps_twice(self) -> Self:
        """On the list, and another one on the list of the same meeting has the whole name."""
        others = (
            Registration.objects.live()
            .filter(meeting=OuterRef("meeting"), name_key=OuterRef("name_key"))
            .exclude(pk=OuterRef("pk"))
        )
        # Those whose names are erased have nothing in common.
        return self.live().exclude(name_key="").filter(Exists(others))

    def organized_by(self, user: models.Model) -> Self:
        return self.filter(meeting__owners=user)

    def by_name(self) -> Self:
        return self.order_by("sort_key", "pk")

    def newest_first(self) -> Self:
        return self.order_by("-registered_at", "-pk")


class Registration(models.Model):
    """
    One person's seat at a meeting, or the wish for one. It is also the person.

    `status` and `seat` are changed by the use cases of this house only: they move the
    seat counters, write the journal and the letters in the same transaction.
    """

    # Addresses that letters of this transaction are not sent to (registrations.strangers).
    spared: frozenset[str] = frozenset()

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Seven digits, the last a check digit (Damm): can be said over the phone.
    number = models.CharField(max_length=7)
    meeting = models.ForeignKey("events.Meeting", models.PROTECT, related_name="registrations")
    category = models.ForeignKey("events.Category", models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status)
    seat = models.CharField(max_length=6, choices=Seat, default=Seat.NONE)
    source = models.CharField(max_length=10, choices=Source)
    attendance_mode = models.CharField(
        max_length=9, choices=AttendanceMode, default=AttendanceMode.IN_PERSON
    )

    family_name = models.CharField(_("family name"), max_length=120, blank=True)
    given_name = models.CharField(_("given name"), max_length=120, blank=True)
    patronymic = models.CharField(_("patronymic"), max_length=120, blank=True)
    latin_name = models.CharField(_("name in Latin letters"), max_length=250, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    organization = models.CharField(_("organization"), max_length=300, blank=True)
    position = models.CharField(_("position"), max_length=300, blank=True)
    region = models.ForeignKey(
        "events.Region", models.PROTECT, null=True, blank=True, related_name="+"
    )
    delegation = models.ForeignKey(
        "Delegation", models.PROTECT, null=True, blank=True, related_name="people"
    )
    delegation_role = models.CharField(max_length=6, choices=DelegationRole, blank=True)
    # With what code somebody registered.
    access_code = models.ForeignKey(
        "AccessCode", models.PROTECT, null=True, blank=True, related_name="people"
    )
    # Instead of whom somebody comes. Who was put back on the list may be replaced again.
    replaces = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="replacements"
    )
    # Who it turned out to be: the same person, registered twice. Link, number and ticket code
    # mean the other registration from then on. Nobody is merged into somebody merged: a foreign
    # key that Django does not know says so (migration 0011).
    merged_into = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="merged"
    )
    # Normalized forms (registrations.names): sameness, sorting, searching, merging.
    name_key = models.CharField(max_length=400)
    # Collated by code point on every installation: the key itself is made for that order.
    sort_key = models.CharField(max_length=400, db_collation="C")
    search_key = models.CharField(max_length=1500)
    organization_key = models.CharField(max_length=300, blank=True)

    language = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    submitted_by_name = models.CharField(max_length=250, blank=True)
    submitted_by_email = models.EmailField(blank=True)

    registered_at = models.DateTimeField()
    status_changed_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, blank=True)
    # The number drawn for the waiting line, under the counter's lock: the order of turns.
    line = models.PositiveIntegerField(null=True, blank=True)
    # How many offers of a seat he let pass while he waits: behind those who let pass fewer.
    missed_offers = models.PositiveSmallIntegerField(default=0)
    # What was approved of what has been changed since (amending.TOLD), while the organizer
    # looks at it once more. None: nothing waits; empty: somebody else was approved.
    approved_as = models.JSONField(null=True, blank=True)
    # Whose head decides first. None: the request is the organizer's to decide.
    awaits_head_of = models.ForeignKey(
        "Delegation", models.PROTECT, null=True, blank=True, related_name="wishes"
    )
    decision_reason = models.TextField(blank=True)
    shows_reason = models.BooleanField(default=False)
    # No more reminders of this meeting, by the person's own wish (RFC 8058).
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    # The person's own link: derived from the key and the generation, kept as a hash.
    link_generation = models.PositiveIntegerField(default=1)
    link_hash = models.BinaryField(max_length=32, unique=True)
    # Printed on the badge and in the QR, hence in clear. None once erased.
    ticket_code = models.CharField(max_length=29, unique=True, null=True, blank=True)
    calendar_sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "meeting",
                Lower("email"),
                "name_key",
                condition=Q(status__in=LIVE, erased_at=None),
                name="one_live_registration_per_person_and_meeting",
            ),
            models.UniqueConstraint(
                fields=["meeting", "number"], name="one_registration_per_number_and_meeting"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="registration_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(seat__in=Seat.values), name="registration_seat_is_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="registration_source_is_known"
            ),
            models.CheckConstraint(
                condition=Q(attendance_mode__in=AttendanceMode.values),
                name="registration_attendance_mode_is_known",
            ),
            models.CheckConstraint(
                condition=Q(seat=Seat.NONE)
                | Q(status=Status.CONFIRMED)
                | Q(status=Status.PENDING, approved_as__isnull=False, line=None),
                name="only_the_approved_have_a_seat",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.WAITLISTED, waiting_since__isnull=False)
                | Q(status=Status.PENDING, approved_as__isnull=False)
                | (~Q(status=Status.WAITLISTED) & Q(waiting_since=None, line=None)),
                name="whoever_waits_has_a_place_in_line",
            ),
            models.CheckConstraint(
                condition=Q(missed_offers=0) | Q(status=Status.WAITLISTED),
                name="only_who_waits_has_let_offers_pass",
            ),
            models.CheckConstraint(
                condition=Q(approved_as__isnull=True) | Q(status=Status.PENDING),
                name="only_a_request_is_looked_at_again",
            ),
            models.CheckConstraint(
                condition=Q(awaits_head_of=None)
                | Q(status=Status.PENDING, delegation=None, approved_as__isnull=True),
                name="a_head_decides_on_requests_of_others",
            ),
            models.CheckConstraint(
                condition=~Q(family_name="", given_name="") | Q(erased_at__isnull=False),
                name="a_person_has_a_name",
            ),
            models.CheckConstraint(
                condition=Q(delegation=None, delegation_role="")
                | Q(delegation__isnull=False, delegation_role__in=DelegationRole.values),
                name="whoever_is_in_a_delegation_has_a_role_there",
            ),
            models.UniqueConstraint(
                fields=["delegation"],
                condition=Q(status__in=LIVE, delegation_role=DelegationRole.HEAD),
                name="one_head_of_a_delegation",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(replaces=F("pk")), name="nobody_replaces_himself"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None)
                | (Q(status=Status.CANCELLED) & ~Q(merged_into=F("pk"))),
                name="whoever_is_merged_is_on_no_list",
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9]{7}$"), name="a_number_has_seven_digits"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    family_name="",
                    given_name="",
                    patronymic="",
                    latin_name="",
                    email="",
                    phone="",
                    position="",
                    search_key="",
                    submitted_by_name="",
                    submitted_by_email="",
                    ticket_code=None,
                )
                & (Q(approved_as__isnull=True) | Q(approved_as={})),
                name="what_is_erased_is_gone",
            ),
        ]
        indexes = [
            models.Index("meeting", "sort_key", "id", name="registration_by_name"),
            models.Index("meeting", "registered_at", "id", name="registration_by_arrival"),
            models.Index(
                "meeting",
                "line",
                "id",
                name="registration_in_line",
                condition=Q(status=Status.WAITLISTED),
            ),
            # Figures are counted from this index alone (performance.md 6).
            models.Index(
                "meeting",
                "status",
                "category",
                name="registration_figures",
                include=["region", "organization_key"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.meeting_id}"

    @property
    def full_name(self) -> str:
        """As lists in Russian order have it: family name, given name, patronymic."""
        return " ".join(filter(None, [self.family_name, self.given_name, self.patronymic]))

    @property
    def spoken_number(self) -> str:
        """The number in two groups, as it is printed and said."""
        return f"{self.number[:4]} {self.number[4:]}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def open_offer(self) -> Offer | None:
        """The seat that is offered to him, as it was read with the row; else None."""
        return getattr(self, "offer", None)

    @property
    def offered_until(self) -> datetime | None:
        """By when he has to answer, where a seat is offered to him."""
        return self.open_offer.answer_by if self.open_offer else None

    @property
    def is_passed_over(self) -> bool:
        """Whether free seats go to others until he asks for one: he let offers pass."""
        return (
            self.status == Status.WAITLISTED
            and self.open_offer is None
            and self.missed_offers >= MOST_MISSED
            and self.meeting.offer_hours is not None
        )

    @property
    def stage(self) -> str:
        """Who decides next; "" where nothing is to be decided."""
        if self.status != Status.PENDING:
            return ""
        if self.approved_as is not None:
            return Stage.CHANGES
        return Stage.ORGANIZER if self.awaits_head_of_id is None else Stage.HEAD

    @property
    def was_confirmed(self) -> bool:
        """Whether he had been confirmed, and keeps his seat while his changes are checked."""
        return self.stage == Stage.CHANGES and self.line is None

    @property
    def zone_name(self) -> str:
        """The person's own time zone, else the region's, else none."""
        return self.time_zone or (self.region.time_zone if self.region else "")

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.zone_name) if self.zone_name else None
