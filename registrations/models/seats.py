"""How many seats there are, for whom, and who sits on which."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Meeting
from events.phase import Room


class Scope(models.IntegerChoices):
    """What a limit is about. The number is the order in which counters are locked."""

    SESSION = 10, _("session")
    DELEGATION = 20, _("delegation")
    ACCESS_CODE = 25, _("access code")
    ORGANIZATION = 30, _("organization")
    CATEGORY = 40, _("category")
    REGION = 50, _("region")
    GROUP = 60, _("district")
    MEETING = 90, _("the whole meeting")


# More than any hall has; what is typed beyond it is a slip.
MOST_SEATS = 1_000_000

# Limits of places: whoever came through them has one, and nobody sits on it.
PLACES = (Scope.DELEGATION, Scope.ACCESS_CODE)
# What is no seat of the hall: those, and the seats of sessions (registrations.session_seats).
APART = (Scope.SESSION, *PLACES)

# The column that names what the limit is about.
TARGETS = {
    Scope.SESSION: "session",
    Scope.DELEGATION: "delegation",
    Scope.ACCESS_CODE: "access_code",
    Scope.ORGANIZATION: "organization",
    Scope.CATEGORY: "category",
    Scope.REGION: "region",
    Scope.GROUP: "group",
    Scope.MEETING: "whole",
}


class SeatLimitQuerySet(models.QuerySet["SeatLimit"]):
    def in_order(self) -> Self:
        """Narrow to wide, the meeting's own last: nobody locks them in another order."""
        return self.order_by("scope", "pk")

    def open(self, meeting: Meeting, seat_limit: int | None) -> SeatLimit:
        """The limit that every meeting has from its first day on."""
        return self.create(
            meeting=meeting,
            whole=meeting,
            scope=Scope.MEETING,
            seat_limit=seat_limit,
        )

    def in_hall(self) -> Self:
        """Without places of delegations and access codes, and without seats of sessions."""
        return self.exclude(scope__in=APART)

    def narrow(self) -> Self:
        """Those that the organizer shares the hall out by."""
        return self.in_hall().exclude(scope=Scope.MEETING)

    def reserves_due(self, at: datetime) -> Self:
        """Whose kept seats are kept no longer."""
        return self.filter(reserved_until__lte=at)


class SeatLimit(models.Model):
    """
    How many seats there are and how many are taken: the counter that decides.

    One row for the whole meeting, further ones for a category, a region, a district, an
    organization of it. A registration takes a seat in all that apply or in none
    (registrations.seats). Rows are narrow and updated in place, so that a hot meeting stays
    cheap. `seat_limit` None is no limit.

    A delegation's quota is a limit as well, of places on its list: whoever is on the list has
    one, seated or not (registrations.places). So is what may be registered with a code. The
    seats of a session are another such row; who has one says `SessionSeat`.

    `reserve` seats of the meeting are kept for a narrow limit until `reserved_until`; those
    of them that nobody has taken yet stand in the meeting's `held`.
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="seat_limits")
    scope = models.PositiveSmallIntegerField(choices=Scope)
    whole = models.OneToOneField(
        "events.Meeting", models.CASCADE, null=True, blank=True, related_name="seats"
    )
    category = models.ForeignKey(
        "events.Category", models.CASCADE, null=True, blank=True, related_name="+"
    )
    region = models.ForeignKey(
        "events.Region", models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        "events.RegionGroup", models.CASCADE, null=True, blank=True, related_name="+"
    )
    organization = models.ForeignKey(
        "events.Organization", models.CASCADE, null=True, blank=True, related_name="+"
    )
    delegation = models.OneToOneField(
        "Delegation", models.CASCADE, null=True, blank=True, related_name="places"
    )
    access_code = models.OneToOneField(
        "AccessCode", models.CASCADE, null=True, blank=True, related_name="places"
    )
    session = models.OneToOneField(
        "events.Session", models.CASCADE, null=True, blank=True, related_name="places"
    )
    seat_limit = models.PositiveIntegerField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0)
    over = models.PositiveIntegerField(default=0)
    shows_left = models.BooleanField(_("show how many seats are left"), default=False)
    reserve = models.PositiveIntegerField(default=0)
    reserved_until = models.DateTimeField(null=True, blank=True)
    held = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    # The number that the last person to wait drew. It only rises.
    last_line = models.PositiveIntegerField(default=0)
    # Rises whenever the meeting's limits change: whoever read them before reads again.
    layout = models.PositiveIntegerField(default=0)

    objects = SeatLimitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(seat_limit=None) | Q(seat_limit__gte=F("taken") + F("held")),
                name="never_more_seats_taken_than_there_are",
            ),
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (
                        Q(
                            scope=scope,
                            **{f"{name}__isnull": name != own for name in TARGETS.values()},
                        )
                        for scope, own in TARGETS.items()
                    ),
                ),
                name="a_limit_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(whole=None) | Q(whole=F("meeting")),
                name="a_meetings_own_limit_is_its_own",
            ),
            models.UniqueConstraint(
                fields=["meeting", *(name for name in TARGETS.values() if name != "whole")],
                name="one_limit_about_one_thing",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.MEETING) | Q(held=0, waiting=0, last_line=0, layout=0),
                name="people_wait_at_the_meetings_own_limit",
            ),
            models.CheckConstraint(
                condition=Q(reserve=0, reserved_until=None)
                | (
                    Q(reserve__gt=0, reserved_until__isnull=False)
                    & ~Q(scope__in=[Scope.MEETING, *APART])
                ),
                name="seats_are_kept_for_somebody_until_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(scope=Scope.SESSION) | Q(over=0),
                name="a_session_has_no_seats_beyond_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(seat_limit=None) | Q(reserve__lte=F("seat_limit")),
                name="no_more_seats_are_kept_than_may_be_taken",
            ),
        ]
        indexes = [
            models.Index("reserved_until", name="reserve_due", condition=Q(reserve__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.taken}+{self.over}/{self.seat_limit} of {self.meeting_id} ({self.scope})"

    @property
    def kind(self) -> str:
        """What it is about, as programs and forms say it: "region"."""
        return Scope(self.scope).name.lower()

    @property
    def code(self) -> str:
        """Which one: "RU-KLU", or the number of an organization; the meeting has none."""
        of = self.category or self.region or self.group
        return (
            of.code
            if of
            else str(
                self.organization_id
                or self.delegation_id
                or self.access_code_id
                or self.session_id
                or ""
            )
        )

    @property
    def is_full(self) -> bool:
        """Whether nobody without a kept seat finds one."""
        return self.seat_limit is not None and self.taken + self.held >= self.seat_limit

    @property
    def left(self) -> int | None:
        """How many seats are free; None without a limit."""
        if self.seat_limit is None:
            return None
        return max(self.seat_limit - self.taken - self.held, 0)

    @property
    def room(self) -> Room:
        """What the meeting's own limit says of where the meeting stands."""
        return Room(left=self.left, kept=self.held, waiting=self.waiting)

    @property
    def used(self) -> int:
        """How many have a seat or a place, also beyond the limit."""
        return self.taken + self.over

    @property
    def kept(self) -> int:
        """How many seats are kept for this limit and not taken yet."""
        return max(self.reserve - self.taken, 0)


class SeatHold(models.Model):
    """That somebody sits on a seat of a limit: the rows that the counters count."""

    registration = models.ForeignKey("Registration", models.CASCADE, related_name="holds")
    limit = models.ForeignKey(SeatLimit, models.CASCADE, related_name="holds")
    is_over = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "limit"], name="a_seat_of_a_limit_is_taken_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} on {self.limit_id}"
