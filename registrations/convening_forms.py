"""The seven fields that make a meeting; all else has a default and its own section later."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import years, zones
from events.models import Approval, Format, Meeting
from registrations.models import MOST_SEATS
from registrations.venue_fields import at_venue, date_input, hosts_as_text, hosts_from, time_input


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
    day = forms.DateField(label=gettext_lazy("Date"), widget=date_input(), validators=[years.check])
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


def proposed(user: Any, *, last: Meeting | None, at: datetime) -> dict[str, Any]:
    """What a new meeting's form is filled in with: account, last meeting, in two weeks."""
    zone = last.zone if last else ZoneInfo("Europe/Moscow")
    return {
        "day": at.astimezone(zone).date() + timedelta(days=14),
        "time_zone": zone.key,
        "hosts": hosts_as_text([(user.host_name, user.host_name_alt)] if user.host_name else []),
    }
