"""What the API says and takes about registrations. Serializers write nothing."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from events.models import Meeting, validate_time_zone
from registrations import consents, links, names, staging, waitlist
from registrations.api_fields import CategoryField, LatinField, LineField, NameField, RegionField
from registrations.models import (
    AttendanceMode,
    ConsentKind,
    Registration,
    Stage,
    Status,
)

LANGUAGES = [code for code, _name in settings.LANGUAGES]
STAGES = [("", "nobody"), *Stage.choices]
WHOSE_TURN = (
    "Who decides next on what is `pending`: the head of a delegation, the organizer, or he once "
    "more after a change of name or organization; empty otherwise."
)


class DetailsSerializer(serializers.Serializer[Any]):
    """What is asked about a person, in both doors."""

    family_name = NameField()
    given_name = NameField()
    patronymic = NameField()
    email = serializers.EmailField(max_length=254)
    phone = LineField(max_length=40, default="", allow_blank=True)
    organization = LineField(max_length=300)
    position = LineField(max_length=300, default="", allow_blank=True)
    region = RegionField(allow_null=True, help_text="Code in the meeting's list; null: no region.")
    category = CategoryField(required=False, help_text="Code; default: the first open to choice.")
    attendance_mode = serializers.ChoiceField(
        choices=AttendanceMode.choices, default=AttendanceMode.IN_PERSON
    )
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    time_zone = serializers.CharField(max_length=64, default="", allow_blank=True)

    def validate_time_zone(self, name: str) -> str:
        if name:
            validate_time_zone(name)
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        parts = [
            attrs.get(part, getattr(self.instance, part, ""))
            for part in ("family_name", "given_name")
        ]
        if not any(parts):
            raise serializers.ValidationError(
                {"given_name": _("Write the name: family name or given name, or both.")}
            )
        return attrs


class SubmittedBySerializer(serializers.Serializer[Any]):
    name = LineField(max_length=250)
    email = serializers.EmailField(max_length=254)


class NewRegistrationSerializer(DetailsSerializer):
    """A registration as somebody sends it."""

    consents = serializers.ListField(
        child=serializers.ChoiceField(choices=ConsentKind.choices),
        default=list,
        max_length=len(ConsentKind),
        help_text="Kinds of the documents that were agreed to.",
    )
    submitted_by = SubmittedBySerializer(
        required=False, allow_null=True, help_text="Who registers, if it is somebody else."
    )

    access_code = serializers.CharField(
        max_length=40, default="", allow_blank=True,
        help_text="Registers in the code's category, perhaps before registration opens.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Flat, as an application is: the defaults of the meeting filled in."""
        attrs = super().validate(attrs)
        meeting: Meeting = self.context["meeting"]
        submitted_by = attrs.pop("submitted_by", None) or {}
        attrs["submitted_by_name"] = submitted_by.get("name", "")
        attrs["submitted_by_email"] = submitted_by.get("email", "")
        attrs.setdefault("language", (get_language() or settings.LANGUAGE_CODE)[:2])
        if "category" not in attrs:
            attrs["category"] = min(
                meeting.categories.all(),
                key=lambda each: (not each.self_selectable, each.position, each.pk),
            )
        kinds = attrs.pop("consents")
        documents = {each.kind: each for each in consents.current(meeting)}
        if unknown := [kind for kind in kinds if kind not in documents]:
            raise serializers.ValidationError(
                {"consents": _("The meeting has no document “%(kind)s”.") % {"kind": unknown[0]}}
            )
        attrs["consents"] = [documents[kind] for kind in dict.fromkeys(kinds)]
        return attrs


class BookedSerializer(serializers.Serializer[Any]):
    """The answer to a registration."""

    number = serializers.CharField()
    status = serializers.CharField()
    waiting_position = serializers.IntegerField(
        allow_null=True, help_text="Place in line; null unless on the waiting list."
    )
    manage_url = serializers.URLField()
    ticket_url = serializers.URLField()
    calendar_url = serializers.URLField()


class FeedSerializer(serializers.Serializer[Any]):
    """The address that a person's calendar follows; null while there is none."""

    feed_url = serializers.URLField(allow_null=True)
    webcal_url = serializers.URLField(
        allow_null=True, help_text="The same for the program that a device keeps for calendars."
    )


class RegistrationSerializer(serializers.ModelSerializer[Registration]):
    """A registration as the organizer sees it. Keys of the person (link, code) are not told."""

    category = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    region = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    delegation = serializers.SlugRelatedField[Any](slug_field="uid", read_only=True)
    replaces = serializers.SlugRelatedField[Any](slug_field="number", read_only=True)
    delegation_role = serializers.CharField(read_only=True)
    access_code = serializers.SlugRelatedField[Any](slug_field="uid", read_only=True)
    offered_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="By when an offered seat has to be accepted."
    )
    consents = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()
    sessions = serializers.SerializerMethodField()

    stage = serializers.ChoiceField(choices=STAGES, read_only=True, help_text=WHOSE_TURN)
    merged_into = serializers.SlugRelatedField[Any](
        slug_field="number", read_only=True,
        help_text="Of which registration this one is a duplicate: it means that one.",
    )  # fmt: skip
    approved_as = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        allow_null=True,
        help_text="What was approved of the fields that are others now; null: nothing waits.",
    )
    awaits_head_of = serializers.SlugRelatedField[Any](
        slug_field="uid", read_only=True, help_text="The delegation whose head decides first."
    )

    class Meta:
        model = Registration
        fields = [
            "number", "status", "stage", "approved_as", "awaits_head_of", "seat", "source",
            "merged_into", "attendance_mode", "category", "region", "delegation", "delegation_role",
            "replaces", "family_name", "given_name", "patronymic", "latin_name", "email", "phone",
            "organization", "position", "language", "time_zone", "submitted_by_name",
            "submitted_by_email", "registered_at", "status_changed_at", "waiting_since",
            "offered_until", "missed_offers",
            "decision_reason", "shows_reason", "consents", "warnings", "access_code", "sessions",
            "unsubscribed_at", "erased_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_consents(self, registration: Registration) -> list[str]:
        return [
            consent.document.kind
            for consent in registration.consents.all()
            if consent.withdrawn_at is None
        ]

    def get_sessions(self, registration: Registration) -> list[uuid.UUID]:
        """The ids of the sessions chosen, in order of time."""
        return [seat.session.uid for seat in registration.session_seats.all()]

    def get_warnings(self, registration: Registration) -> list[str]:
        """What to look at before badges are printed."""
        if registration.erased_at:
            return []
        return names.warnings(
            registration.family_name, registration.given_name, registration.patronymic
        )


class RegistrationChangesSerializer(DetailsSerializer):
    """What the organizer may correct."""

    latin_name = LatinField(max_length=250)


class MyChangesSerializer(RegistrationChangesSerializer):
    """What a person may correct. The address has a route of its own: the link goes there."""

    email = None  # type: ignore[assignment]  # DRF's way of leaving a field out
    category = None  # type: ignore[assignment]


class AddressSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class SubstituteSerializer(serializers.Serializer[Any]):
    """Who comes instead. What is left out stays as it was with the one who leaves."""

    family_name = NameField()
    given_name = NameField()
    patronymic = NameField()
    latin_name = LatinField(max_length=250)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = LineField(max_length=40, required=False, allow_blank=True)
    organization = LineField(max_length=300, required=False)
    position = LineField(max_length=300, required=False, allow_blank=True)
    region = RegionField(required=False, allow_null=True)
    category = CategoryField(required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["family_name"] or attrs["given_name"]):
            raise serializers.ValidationError(
                {"given_name": _("Write the name: family name or given name, or both.")}
            )
        return attrs


class OfferRefusalSerializer(serializers.Serializer[Any]):
    """What becomes of somebody who does not take an offered seat."""

    waits_on = serializers.BooleanField(
        default=False,
        help_text="Stay on the waiting list, and be offered nothing until I ask; else cancelled.",
    )


class MyRegistrationSerializer(serializers.ModelSerializer[Registration]):
    """A registration as the person sees it."""

    meeting = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    category = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    region = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    stage = serializers.ChoiceField(choices=STAGES, read_only=True, help_text=WHOSE_TURN)
    is_looked_at_again = serializers.SerializerMethodField()
    waiting_position = serializers.SerializerMethodField()
    offered_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="By when an offered seat has to be accepted."
    )
    is_passed_over = serializers.BooleanField(
        read_only=True, help_text="Whether seats are offered to others first, until I ask for one."
    )
    reason = serializers.SerializerMethodField()
    may_change = serializers.SerializerMethodField()
    online_url = serializers.SerializerMethodField()
    manage_url = serializers.SerializerMethodField()
    ticket_url = serializers.SerializerMethodField()
    calendar_url = serializers.SerializerMethodField()
    google_calendar_url = serializers.SerializerMethodField()

    class Meta:
        model = Registration
        fields = [
            "number", "meeting", "status", "stage", "is_looked_at_again", "waiting_position",
            "offered_until", "is_passed_over",
            "reason", "attendance_mode", "category", "region", "family_name", "given_name",
            "patronymic", "latin_name", "email", "phone", "organization", "position", "language",
            "time_zone", "submitted_by_name", "submitted_by_email", "registered_at", "may_change",
            "online_url", "manage_url", "ticket_url", "calendar_url", "google_calendar_url",
            "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_looked_at_again(self, registration: Registration) -> bool:
        """
        Whether a change of name or organization goes to the organizer: the seat stays, the
        status becomes `pending` until he agrees.
        """
        return staging.is_looked_at_again(registration)

    def get_waiting_position(self, registration: Registration) -> int | None:
        place = waitlist.place(registration)
        return place.position if place else None

    def get_reason(self, registration: Registration) -> str:
        return registration.decision_reason if registration.shows_reason else ""

    def get_may_change(self, registration: Registration) -> bool:
        return registration.is_live and registration.meeting.takes_edits(timezone.now())

    def get_online_url(self, registration: Registration) -> str:
        """Only the confirmed may know where the meeting is shown."""
        confirmed = registration.status == Status.CONFIRMED
        return registration.meeting.online_url if confirmed else ""

    def get_manage_url(self, registration: Registration) -> str:
        return links.manage_url(registration)

    def get_ticket_url(self, registration: Registration) -> str:
        return links.ticket_url(registration)

    def get_calendar_url(self, registration: Registration) -> str:
        return links.calendar_url(registration)

    def get_google_calendar_url(self, registration: Registration) -> str:
        """Leads on to Google's calendar, filled in with what holds at that moment."""
        return links.google_url(registration)
