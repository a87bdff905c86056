"""The meeting itself, who runs it and who calls it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models.languages import in_language, shortened
from events.models.regions import RegionSet, validate_time_zone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class MeetingStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    CANCELLED = "cancelled", _("cancelled")


class Kind(models.TextChoices):
    """What the hosts call it; the headline figure says “in the …” with this word."""

    MEETING = "meeting", _("meeting")
    EVENT = "event", _("event")


class Format(models.TextChoices):
    IN_PERSON = "in_person", _("in person")
    ONLINE = "online", _("online")
    HYBRID = "hybrid", _("in person and online")


class Approval(models.TextChoices):
    AUTOMATIC = "automatic", _("everybody who registers, while there are seats")
    MANUAL = "manual", _("whom I approve")


class WaitingPolicy(models.TextChoices):
    """Who of those who wait gets a seat that became free. Said to everybody beforehand."""

    FIRST_COME = "first_come", _("whoever waited longest")
    MISSING_REGIONS = "missing_regions", _("regions that have nobody yet, then who waited longest")
    CATEGORY_SHARES = "category_shares", _("the category that lacks most of its share")


# A fortnight: whoever waits behind has to learn in time as well.
MOST_OFFER_HOURS = 336


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def public(self) -> Self:
        """What a stranger with the link may see: published, or called off after that."""
        return self.exclude(status=MeetingStatus.DRAFT)

    def organized_by(self, user: User | AnonymousUser) -> Self:
        return self.none() if user.is_anonymous else self.filter(owners=user)

    def newest_first(self) -> Self:
        return self.order_by("-starts_at", "-pk")


class Meeting(models.Model):
    """
    Something people are called to. Times are aware and shown in `time_zone` first.

    Its status changes by people only; what the clock changes is derived (`phase`).
    How many seats there are stands in the seat counters of the house above.
    """

    slug = models.SlugField(_("address of the page"), max_length=60, unique=True)
    kind = models.CharField(_("it is a"), max_length=7, choices=Kind, default=Kind.MEETING)
    status = models.CharField(max_length=9, choices=MeetingStatus, default=MeetingStatus.DRAFT)
    language = models.CharField(_("main language"), max_length=10, default="ru")
    title = models.CharField(_("title"), max_length=300)
    title_alt = models.CharField(_("title in the second language"), max_length=300, blank=True)
    short_title = models.CharField(_("short title"), max_length=40)
    short_title_alt = models.CharField(
        _("short title in the second language"), max_length=40, blank=True
    )
    summary = models.TextField(_("description"), blank=True)
    summary_alt = models.TextField(_("description in the second language"), blank=True)
    format = models.CharField(_("format"), max_length=9, choices=Format, default=Format.IN_PERSON)
    time_zone = models.CharField(
        _("time zone of the venue"), max_length=64, validators=[validate_time_zone]
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    doors_at = models.DateTimeField(_("doors open"), null=True, blank=True)
    venue = models.CharField(_("place"), max_length=300, blank=True)
    venue_alt = models.CharField(_("place in the second language"), max_length=300, blank=True)
    address = models.CharField(_("street address"), max_length=300, blank=True)
    address_alt = models.CharField(
        _("street address in the second language"), max_length=300, blank=True
    )
    map_url = models.URLField(_("map"), blank=True)
    arrival_note = models.TextField(_("what to bring, how to get in"), blank=True)
    arrival_note_alt = models.TextField(_("what to bring, in the second language"), blank=True)
    # A secret: only mails and pages of confirmed participants show it.
    online_url = models.URLField(_("link for online participants"), blank=True)
    region_set = models.ForeignKey(RegionSet, models.PROTECT, verbose_name=_("list of regions"))
    approval = models.CharField(
        _("who may come"), max_length=9, choices=Approval, default=Approval.AUTOMATIC
    )
    # Both are about meetings with approval: elsewhere there is nothing to decide.
    reviews_changes = models.BooleanField(
        _("approve again when somebody changes name or organization"), default=False
    )
    heads_decide_first = models.BooleanField(
        _("heads of delegations decide before the organizer"), default=False
    )
    has_waiting_list = models.BooleanField(_("waiting list when full"), default=True)
    waiting_policy = models.CharField(
        _("who gets a seat that becomes free"),
        max_length=15,
        choices=WaitingPolicy,
        default=WaitingPolicy.FIRST_COME,
    )
    # None: whoever is next is confirmed at once. Else he is asked, and has so long to answer.
    offer_hours = models.PositiveSmallIntegerField(
        _("hours to answer when a seat is offered"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_OFFER_HOURS)],
    )
    asks_phone = models.BooleanField(_("ask for a phone number"), default=True)
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)
    # Until when participants may change their own registration ("close the list").
    edits_close_at = models.DateTimeField(_("lists close"), null=True, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=200, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=40, blank=True)
    retention_days = models.PositiveSmallIntegerField(
        _("personal data is erased, days after the end"), default=90
    )
    # Whether it has mails in words of its own (registrations.own_texts), so that one without
    # is not asked for them with each letter.
    has_own_texts = models.BooleanField(default=False, editable=False)
    is_sample = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = models.TextField(blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)
    # SEQUENCE of the public calendar file (RFC 5545 3.8.7.4): rises with time and place.
    sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    owners: models.ManyToManyField[User, MeetingOwner] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="MeetingOwner", related_name="meetings"
    )

    objects = MeetingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="meeting_starts_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(doors_at=None) | Q(doors_at__lte=F("starts_at")),
                name="doors_open_before_the_meeting_starts",
            ),
            models.CheckConstraint(
                condition=Q(registration_opens_at=None)
                | Q(registration_closes_at=None)
                | Q(registration_opens_at__lt=F("registration_closes_at")),
                name="registration_opens_before_it_closes",
            ),
            models.CheckConstraint(
                condition=Q(status__in=MeetingStatus.values), name="meeting_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(format__in=Format.values), name="meeting_format_is_known"
            ),
            models.CheckConstraint(
                condition=Q(approval__in=Approval.values), name="meeting_approval_is_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="meeting_kind_is_known"),
            models.CheckConstraint(
                condition=Q(waiting_policy__in=WaitingPolicy.values),
                name="meeting_waiting_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(offer_hours=None) | Q(offer_hours__range=(1, MOST_OFFER_HOURS)),
                name="an_offer_is_open_for_an_hour_to_a_fortnight",
            ),
            models.CheckConstraint(
                condition=Q(status=MeetingStatus.DRAFT) | Q(published_at__isnull=False),
                name="only_a_published_meeting_leaves_draft",
            ),
            models.CheckConstraint(
                condition=Q(status=MeetingStatus.CANCELLED, cancelled_at__isnull=False)
                | (~Q(status=MeetingStatus.CANCELLED) & Q(cancelled_at=None)),
                name="a_cancelled_meeting_has_its_moment",
            ),
        ]
        indexes = [models.Index("status", "starts_at", name="meeting_by_start")]

    def __str__(self) -> str:
        return self.slug

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def text(self, field: str) -> str:
        """
        One of the fields with a second language, for the reader's language. A short title that
        has no second one is made of the title that has.
        """
        main, alt = getattr(self, field), getattr(self, f"{field}_alt")
        if field == "short_title" and not alt:
            alt = shortened(self.title_alt)
        return in_language(main, alt, main_language=self.language)

    def is_ahead(self, at: datetime) -> bool:
        """Whether it will take place or is going on: afterwards there is nothing to decide."""
        return self.status != MeetingStatus.CANCELLED and at < self.ends_at

    def takes_registrations(self, at: datetime) -> bool:
        """Whether somebody may register at that moment; the last chance is the end."""
        opens, closes = self.registration_opens_at, self.registration_closes_at
        return (
            self.status == MeetingStatus.PUBLISHED
            and (opens is None or opens <= at)
            and at < min(closes or self.ends_at, self.ends_at)
        )

    def takes_edits(self, at: datetime) -> bool:
        """Whether participants may still change what they wrote."""
        return (
            self.status == MeetingStatus.PUBLISHED
            and self.purged_at is None
            and at < (self.edits_close_at or self.starts_at)
        )


class MeetingOwner(models.Model):
    """An organizer who may do everything with a meeting. There is always at least one."""

    meeting = models.ForeignKey(Meeting, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "user"], name="an_owner_owns_a_meeting_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.meeting_id}"


class Host(models.Model):
    """An organization that calls the meeting; participants see its name, not the program's."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="hosts")
    name = models.CharField(max_length=300)
    name_alt = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="hosts_stand_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.meeting_id}"
