"""What the organizer fills in to call a meeting: seven fields first, the sections later."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import zones
from events.models import Approval, Format, Kind, Meeting, validate_time_zone

MOST_SEATS = 1_000_000


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def at_venue(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """
    The moment when the venue's clock shows this.

    :raises ValidationError: the clock is put forward over it, so it never shows this
    """
    moment = datetime.combine(day, clock, tzinfo=zone)
    if moment.astimezone(ZoneInfo("UTC")).astimezone(zone).time() != clock:
        raise ValidationError(_("The clocks are put forward then: this time does not exist."))
    return moment


class VenueMomentField(forms.DateTimeField):
    """A moment on the venue's clock. The form sets `zone` before it is cleaned."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    zone: ZoneInfo | None = None

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and self.zone and value.tzinfo:
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        typed = super().to_python(value)
        assert typed is not None
        naive = (
            timezone.make_naive(typed, timezone.get_current_timezone()) if typed.tzinfo else typed
        )
        return at_venue(naive.date(), naive.time(), self.zone or ZoneInfo("UTC"))


def hosts_from(text: str) -> list[tuple[str, str]]:
    """Hosts, one a line, the second language behind a bar: “Союз | Union”."""
    parts = (line.partition("|") for line in text.splitlines() if line.strip())
    return [(main.strip(), alt.strip()) for main, _bar, alt in parts]


def hosts_as_text(hosts: list[tuple[str, str]]) -> str:
    return "\n".join(f"{main} | {alt}" if alt else main for main, alt in hosts)


class NewMeetingForm(forms.Form):
    """Seven fields; all else has a working default that can be changed later."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=300, widget=forms.Textarea(attrs={"rows": 1})
    )
    short_title = forms.CharField(
        label=gettext_lazy("Short title"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "For subjects of mails and for badges, up to 40 characters. "
            "Empty: the beginning of the title."
        ),
    )
    day = forms.DateField(label=gettext_lazy("Date"), widget=date_input())
    from_time = forms.TimeField(label=gettext_lazy("Begins"), widget=time_input(), initial=time(10))
    until_time = forms.TimeField(label=gettext_lazy("Ends"), widget=time_input(), initial=time(13))
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone of the venue"))
    place = forms.CharField(
        label=gettext_lazy("Place, or link for an online meeting"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("A link is shown to confirmed participants only."),
    )
    hosts = forms.CharField(
        label=gettext_lazy("Organized by"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One organization a line. Participants see these names."),
    )
    seat_limit = forms.IntegerField(
        label=gettext_lazy("Seats"),
        min_value=1,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Empty: no limit. When all are taken, a waiting list opens."),
    )
    approval = forms.ChoiceField(
        label=gettext_lazy("Who may come"),
        choices=Approval.choices,
        initial=Approval.AUTOMATIC,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zones.choices(at=timezone.now())  # type: ignore[attr-defined]  # a ChoiceField

    def clean_place(self) -> str:
        place = str(self.cleaned_data["place"]).strip()
        if _is_link(place):
            URLValidator(schemes=["http", "https"])(place)
        return place

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not {"day", "from_time", "until_time", "time_zone"} <= data.keys():
            return data
        zone = ZoneInfo(data["time_zone"])
        for name, clock in (("starts_at", "from_time"), ("ends_at", "until_time")):
            try:
                data[name] = at_venue(data["day"], data[clock], zone)
            except ValidationError as error:
                self.add_error(clock, error)
        if data.get("starts_at") and data.get("ends_at") and data["ends_at"] <= data["starts_at"]:
            self.add_error("until_time", _("The end has to come after the beginning."))
        return data

    def for_draft(self) -> dict[str, Any]:
        """What `convening.draft` wants."""
        data = self.cleaned_data
        link = _is_link(data["place"])
        return {
            "title": data["title"].strip(),
            "short_title": data["short_title"].strip(),
            "starts_at": data["starts_at"],
            "ends_at": data["ends_at"],
            "time_zone": data["time_zone"],
            "format": Format.ONLINE if link else Format.IN_PERSON,
            "venue": "" if link else data["place"],
            "online_url": data["place"] if link else "",
            "hosts": hosts_from(data["hosts"]),
            "seat_limit": data["seat_limit"],
            "approval": data["approval"],
        }


def _is_link(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


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
        if starts_at and data.get("doors_at") and data["doors_at"] > starts_at:
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
            "has_waiting_list",
            "asks_phone",
            "registration_opens_at",
            "registration_closes_at",
            "edits_close_at",
            "retention_days",
        ]

    field_order = ["version", "approval", "seat_limit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seat_limit", self.meeting.seats.seat_limit)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("registration_opens_at"), data.get("registration_closes_at")
        if opens and closes and closes <= opens:
            self.add_error("registration_closes_at", _("It has to close after it opens."))
        return data


def proposed(user: Any, *, last: Meeting | None, at: datetime) -> dict[str, Any]:
    """What a new meeting's form is filled in with: account, last meeting, in two weeks."""
    zone = last.zone if last else ZoneInfo("Europe/Moscow")
    return {
        "day": at.astimezone(zone).date() + timedelta(days=14),
        "time_zone": zone.key,
        "hosts": hosts_as_text([(user.host_name, user.host_name_alt)] if user.host_name else []),
    }
