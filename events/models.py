"""What there is to attend: meetings, their sessions, categories, hosts, regions and links."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a known time zone."), params={"name": name})


def in_language(main: str, alt: str, *, main_language: str) -> str:
    """The text for the reader: the main one, or the second where it suits and is filled in."""
    return alt if alt and (get_language() or "")[:2] != main_language[:2] else main


def shortened(title: str) -> str:
    """A title of at most 40 characters, cut between words."""
    if len(title) <= 40:
        return title
    return title[:39].rpartition(" ")[0].rstrip(" ,;—–-") + "…"


class RegionSetQuerySet(models.QuerySet["RegionSet"]):
    def offered_to(self, user: User | AnonymousUser) -> Self:
        """The shipped lists and the organizer's own."""
        return self.none() if user.is_anonymous else self.filter(Q(owner=None) | Q(owner=user))


class RegionSet(models.Model):
    """A list of regions. Its codes are opaque; nothing in the program knows a country."""

    name = models.CharField(_("name"), max_length=200)
    name_alt = models.CharField(_("name in the second language"), max_length=200, blank=True)
    language = models.CharField(max_length=10, default="ru")
    source = models.CharField(_("source"), max_length=300, blank=True)
    # None: shipped with the program and offered to everybody.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)

    objects = RegionSetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(owner=None), name="one_shipped_region_set_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        return in_language(self.name, self.name_alt, main_language=self.language)


class RegionGroup(models.Model):
    """A heading over regions: a federal district, a macro-region."""

    region_set = models.ForeignKey(RegionSet, models.CASCADE, related_name="groups")
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    name_alt = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region_set", "code"], name="one_group_per_code_and_region_set"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.region_set_id}"


class RegionKind(models.TextChoices):
    REGION = "region", _("region")
    COUNTRY = "country", _("country")
    OTHER = "other", _("other")


class RegionQuerySet(models.QuerySet["Region"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def in_order(self) -> Self:
        return self.order_by(F("group__position").asc(nulls_last=True), "position", "pk")


class Region(models.Model):
    """What a participant represents. Names in the set's language and in a second one."""

    region_set = models.ForeignKey(RegionSet, models.CASCADE, related_name="regions")
    group = models.ForeignKey(
        RegionGroup, models.SET_NULL, null=True, blank=True, related_name="regions"
    )
    code = models.CharField(max_length=16)
    kind = models.CharField(max_length=7, choices=RegionKind, default=RegionKind.REGION)
    name = models.CharField(_("name"), max_length=200)
    name_alt = models.CharField(_("name in the second language"), max_length=200, blank=True)
    short_name = models.CharField(_("short name"), max_length=100, blank=True)
    aliases = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region_set", "code"], name="one_region_per_code_and_set"
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{1,15}$"), name="region_code_is_plain"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RegionKind.values), name="region_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.region_set_id}"


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


class AgendaItem(models.Model):
    """A line of the programme. Sessions with a room and seats of their own stand among these."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="agenda")
    starts_at = models.DateTimeField()
    title = models.CharField(max_length=300)
    title_alt = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)
    note_alt = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.title} of {self.meeting_id}"


class SessionKind(models.TextChoices):
    PLENARY = "plenary", _("plenary session")
    SESSION = "session", _("session")
    BREAK = "break", _("break")


class SessionQuerySet(models.QuerySet["Session"]):
    def in_order(self) -> Self:
        """By time; what begins together as the organizer wants it."""
        return self.order_by("starts_at", "position", "pk")


class Session(models.Model):
    """
    A part of a meeting with an end, perhaps a room and speakers.

    How many may come stands in its seat counter (`places`, in the house above). A number
    makes it bookable; without one it is for everybody.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    kind = models.CharField(
        _("it is a"), max_length=7, choices=SessionKind, default=SessionKind.SESSION
    )
    title = models.CharField(_("title"), max_length=300)
    title_alt = models.CharField(_("title in the second language"), max_length=300, blank=True)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    room = models.CharField(_("room"), max_length=200, blank=True)
    room_alt = models.CharField(_("room in the second language"), max_length=200, blank=True)
    # One a line: "Anna Petrova, Ministry of Industry".
    speakers = models.TextField(_("speakers"), blank=True)
    position = models.PositiveSmallIntegerField(
        _("place among those that begin together"), default=0
    )
    # SEQUENCE of the entry in calendars: rises with time, room and title.
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="session_starts_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SessionKind.values), name="session_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="a_session_has_a_title"),
            # What the seats of a session refer to: they are taken for this very time.
            models.UniqueConstraint(
                fields=["id", "starts_at", "ends_at"], name="a_session_has_one_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} of {self.meeting_id}"

    def text(self, field: str, *, main_language: str) -> str:
        """Title or room, for the reader's language."""
        main, alt = getattr(self, field), getattr(self, f"{field}_alt")
        return in_language(main, alt, main_language=main_language)


class Colour(models.TextChoices):
    """A checked palette: each passes 4.5:1 with white words on it, and prints apart in grey."""

    BLUE = "blue", _("blue")
    GREEN = "green", _("green")
    PURPLE = "purple", _("purple")
    TEAL = "teal", _("teal")
    BROWN = "brown", _("brown")
    RED = "red", _("red")
    GREY = "grey", _("grey")
    BLACK = "black", _("black")


class Category(models.Model):
    """In what capacity somebody comes: the band on the badge, and whether he counts."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="categories")
    code = models.SlugField(max_length=30)
    name = models.CharField(_("name"), max_length=80)
    name_alt = models.CharField(_("name in the second language"), max_length=80, blank=True)
    colour = models.CharField(max_length=6, choices=Colour, default=Colour.BLUE)
    # Press and staff do not: they take no seat and stand in no figure.
    counts_as_participant = models.BooleanField(default=True)
    # Named in the headline figure: "including 12 representatives of ministries".
    is_ministry = models.BooleanField(default=False)
    self_selectable = models.BooleanField(default=True)
    # What part of the seats it should have, against the shares of the others; by it the
    # waiting list of a meeting with that policy moves up.
    share = models.PositiveSmallIntegerField(_("share of the seats"), default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "code"], name="one_category_per_code_and_meeting"
            ),
            models.CheckConstraint(
                condition=Q(colour__in=Colour.values), name="category_colour_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.meeting_id}"

    def text(self, *, main_language: str) -> str:
        return in_language(self.name, self.name_alt, main_language=main_language)


class Organization(models.Model):
    """An organization as the organizer wants it written; typed variants point to it."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="organizations")
    name = models.CharField(_("full name"), max_length=300)
    short_name = models.CharField(_("short name, for badges"), max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.short_name or self.name} of {self.meeting_id}"


class OrganizationVariant(models.Model):
    """One way in which participants typed an organization's name (its normalized key)."""

    meeting = models.ForeignKey(Meeting, models.CASCADE)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="variants")
    key = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "key"], name="a_variant_means_one_organization"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.meeting_id}"


class Purpose(models.TextChoices):
    DESK = "desk", _("desk")
    PRESS = "press", _("figures for the press")


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def valid(self, at: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at)

    def desks(self) -> Self:
        return self.filter(purpose=Purpose.DESK).order_by("number", "pk")

    def press(self) -> Self:
        return self.filter(purpose=Purpose.PRESS).order_by("pk")


class AccessLink(models.Model):
    """A link given to a helper. One purpose each; a new generation revokes the old one."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="access_links")
    purpose = models.CharField(max_length=5, choices=Purpose)
    label = models.CharField(_("label"), max_length=60)
    # The desk's number; figures links have none.
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    may_admit = models.BooleanField(_("may admit walk-ins"), default=True)
    generation = models.PositiveIntegerField(default=1)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="access_link_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.DESK, number__isnull=False)
                | (~Q(purpose=Purpose.DESK) & Q(number=None)),
                name="a_desk_has_a_number",
            ),
            models.UniqueConstraint(
                fields=["meeting", "number"],
                condition=Q(revoked_at=None, purpose=Purpose.DESK),
                name="one_desk_per_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.meeting_id}"
