"""A meeting's settings that are fields of the meeting itself, each made from a version of it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import zones
from events.models import (
    MOST_OFFER_HOURS,
    Approval,
    Format,
    Kind,
    Meeting,
    WaitingPolicy,
    validate_time_zone,
)
from registrations.models import MOST_SEATS
from registrations.venue_fields import VenueMomentField, hosts_as_text


class SectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """
    One section of a meeting's settings, made from a certain version of it.

    Never saved by itself: `changes` goes to a use case.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting: Meeting = self.instance
        self.initial.setdefault("version", self.meeting.version)
        self._give_zone(self.meeting.zone)

    def _give_zone(self, zone: ZoneInfo) -> None:
        for field in self.fields.values():
            if isinstance(field, VenueMomentField):
                field.zone = zone

    def _post_clean(self) -> None:
        """Values stay in the form: the meeting in memory is the one that pages still show."""

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or []}


class BasicsForm(SectionForm):
    """Title, time, place, hosts, contact: what the meeting's page says first."""

    starts_at = VenueMomentField(label=gettext_lazy("Begins"))
    ends_at = VenueMomentField(label=gettext_lazy("Ends"))
    doors_at = VenueMomentField(label=gettext_lazy("Doors open"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone of the venue"))
    kind = forms.ChoiceField(
        label=gettext_lazy("It is a"), choices=Kind.choices, widget=forms.RadioSelect
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=Format.choices, widget=forms.RadioSelect
    )
    map_url = forms.URLField(label=gettext_lazy("Map"), required=False, assume_scheme="https")
    online_url = forms.URLField(
        label=gettext_lazy("Link for online participants"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("Shown to confirmed participants only."),
    )
    hosts = forms.CharField(
        label=gettext_lazy("Organized by"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One organization a line; its name in the second language behind a bar: Союз | Union."
        ),
    )

    class Meta:
        model = Meeting
        fields = [
            "title",
            "short_title",
            "kind",
            "starts_at",
            "ends_at",
            "doors_at",
            "time_zone",
            "format",
            "venue",
            "address",
            "map_url",
            "online_url",
            "arrival_note",
            "summary",
            "contact_name",
            "contact_email",
            "contact_phone",
        ]
        widgets = {
            "title": forms.Textarea(attrs={"rows": 1}),
            "arrival_note": forms.Textarea(attrs={"rows": 2}),
            "summary": forms.Textarea(attrs={"rows": 4}),
            "contact_phone": forms.TextInput(attrs={"type": "tel"}),
        }
        help_texts = {
            "arrival_note": gettext_lazy("For example: photo ID, entrance 3, lift to floor 12."),
            "contact_email": gettext_lazy("Answers to mails of this meeting go there."),
        }

    field_order = [
        "version",
        "title",
        "short_title",
        "kind",
        "hosts",
        "starts_at",
        "ends_at",
        "doors_at",
        "time_zone",
        "format",
        "venue",
        "address",
        "map_url",
        "online_url",
        "arrival_note",
        "summary",
        "contact_name",
        "contact_email",
        "contact_phone",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pairs = list(self.meeting.hosts.order_by("position").values_list("name", "name_alt"))
        self.initial.setdefault("hosts", hosts_as_text(pairs))
        offered = zones.choices(at=timezone.now())
        if self.meeting.time_zone not in dict(offered):
            offered.insert(0, (self.meeting.time_zone, self.meeting.time_zone))
        self.fields["time_zone"].choices = offered  # type: ignore[attr-defined]  # a ChoiceField
        self._give_zone(self._chosen_zone())

    def _chosen_zone(self) -> ZoneInfo:
        """Times are typed for the zone that is chosen in the same form."""
        chosen = self.data.get("time_zone", "") if self.is_bound else ""
        try:
            validate_time_zone(chosen)
        except ValidationError:
            return self.meeting.zone
        return ZoneInfo(chosen)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        starts_at, ends_at = data.get("starts_at"), data.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The end has to come after the beginning."))
        doors_at = data.get("doors_at")
        # Left as they were, the doors move along with the beginning.
        is_new = doors_at != self.meeting.doors_at or starts_at == self.meeting.starts_at
        if starts_at and doors_at and is_new and doors_at > starts_at:
            self.add_error("doors_at", _("The doors open before the meeting begins."))
        return data


class SecondLanguageForm(SectionForm):
    """The same in the second language, for those who choose it."""

    language = forms.ChoiceField(
        label=gettext_lazy("Main language of the meeting"),
        choices=[("ru", "Русский"), ("en", "English")],
    )

    class Meta:
        model = Meeting
        fields = [
            "language",
            "title_alt",
            "short_title_alt",
            "venue_alt",
            "address_alt",
            "arrival_note_alt",
            "summary_alt",
        ]
        widgets = {
            "title_alt": forms.Textarea(attrs={"rows": 1}),
            "arrival_note_alt": forms.Textarea(attrs={"rows": 2}),
            "summary_alt": forms.Textarea(attrs={"rows": 4}),
        }


class RegistrationSettingsForm(SectionForm):
    """Who may come, how many, and until when."""

    approval = forms.ChoiceField(
        label=gettext_lazy("Who may come"), choices=Approval.choices, widget=forms.RadioSelect
    )
    waiting_policy = forms.ChoiceField(
        label=gettext_lazy("A seat that becomes free goes to"),
        choices=WaitingPolicy.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Those who wait are told this rule. Shares stand in the section “Categories”."
        ),
    )
    offer_hours = forms.IntegerField(
        label=gettext_lazy("Hours to answer when a seat is offered"),
        min_value=1,
        max_value=MOST_OFFER_HOURS,
        required=False,
        help_text=gettext_lazy(
            "Empty: whoever is next is confirmed at once. With a number the seat is kept for "
            "so long until the person accepts; without an answer it is offered to the next."
        ),
    )
    seat_limit = forms.IntegerField(
        label=gettext_lazy("Seats"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Empty: no limit. New seats go to those who wait, at once."),
    )
    registration_opens_at = VenueMomentField(
        label=gettext_lazy("Registration opens"),
        required=False,
        help_text=gettext_lazy("Empty: as soon as the meeting is published."),
    )
    registration_closes_at = VenueMomentField(
        label=gettext_lazy("Registration closes"),
        required=False,
        help_text=gettext_lazy("Empty: when the meeting ends."),
    )
    edits_close_at = VenueMomentField(
        label=gettext_lazy("Lists close"),
        required=False,
        help_text=gettext_lazy(
            "Until then participants change their own data; after it they write to you. "
            "Empty: when the meeting begins."
        ),
    )
    retention_days = forms.IntegerField(
        label=gettext_lazy("Erase personal data, days after the end"), min_value=1, max_value=3650
    )

    class Meta:
        model = Meeting
        fields = [
            "approval",
            "reviews_changes",
            "heads_decide_first",
            "has_waiting_list",
            "waiting_policy",
            "offer_hours",
            "asks_phone",
            "registration_opens_at",
            "registration_closes_at",
            "edits_close_at",
            "retention_days",
        ]

        labels = {
            "reviews_changes": gettext_lazy("Approve again when name or organization changes"),
            "heads_decide_first": gettext_lazy("Heads of delegations decide first"),
        }
        help_texts = {
            "reviews_changes": gettext_lazy(
                "With approval only. Whoever changes either afterwards keeps the seat and waits "
                "for you once more; your own corrections need no approval."
            ),
            "heads_decide_first": gettext_lazy(
                "With approval only. Whoever registers himself from the region of a delegation is "
                "put before its head, then before you. You can decide at any time."
            ),
        }

    field_order = [
        "version",
        "approval",
        "reviews_changes",
        "heads_decide_first",
        "seat_limit",
        "has_waiting_list",
        "waiting_policy",
        "offer_hours",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seat_limit", self.meeting.seats.seat_limit)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("registration_opens_at"), data.get("registration_closes_at")
        if opens and closes and closes <= opens:
            self.add_error("registration_closes_at", _("It has to close after it opens."))
        return data
