"""How the organizer says who gets how many seats."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting, in_language
from registrations import limits
from registrations.models import MOST_SEATS, SeatLimit
from registrations.venue_fields import VenueMomentField


class LimitForm(forms.Form):
    """One limit: whom it is about, how many seats, how many of them are kept until when."""

    target = forms.ChoiceField(label=gettext_lazy("For"))
    seat_limit = forms.IntegerField(
        label=gettext_lazy("At most this many seats"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Empty: as many as the meeting has."),
    )
    reserve = forms.IntegerField(
        label=gettext_lazy("Keep this many seats free"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Nobody else gets them before that day."),
    )
    reserved_until = VenueMomentField(label=gettext_lazy("Keep them until"), required=False)
    shows_left = forms.BooleanField(
        label=gettext_lazy("Show participants how many seats are left"), required=False
    )

    def __init__(self, *args: Any, meeting: Meeting, targets: list[Any], **kwargs: Any) -> None:
        """`targets` are the `choices` of the meeting: the same for all forms of a page."""
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        target, until = self.fields["target"], self.fields["reserved_until"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = [("", _("Choose from the list")), *targets]
        assert isinstance(until, VenueMomentField)
        until.zone = meeting.zone

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("reserve") and not data.get("reserved_until"):
            self.add_error("reserved_until", _("Say until which day they are kept."))
        if not self.errors and data.get("seat_limit") is None and not data.get("reserve"):
            self.add_error("seat_limit", _("Say how many seats, or how many are kept."))
        return data

    @property
    def chosen(self) -> limits.Target:
        """What the limit is about."""
        scope, _colon, code = self.cleaned_data["target"].partition(":")
        return limits.find(self.meeting, scope=scope, code=code)

    @property
    def wish(self) -> limits.Wish:
        """What `limits.change` wants."""
        data = self.cleaned_data
        return limits.Wish(
            seat_limit=data["seat_limit"],
            reserve=data["reserve"] or 0,
            reserved_until=data["reserved_until"],
            shows_left=data["shows_left"],
        )


def target_of(limit: SeatLimit) -> str:
    """How the form names what a limit is about: "region:RU-KLU"."""
    return f"{limit.kind}:{limit.code}"


def known(limit: SeatLimit) -> dict[str, Any]:
    """A limit as the form is filled in with it."""
    return {
        "target": target_of(limit),
        "seat_limit": limit.seat_limit,
        "reserve": limit.reserve or None,
        "reserved_until": limit.reserved_until,
        "shows_left": limit.shows_left,
    }


def choices(meeting: Meeting) -> list[Any]:
    """Everything a limit may be about, under its heading; empty headings are left out."""
    places = meeting.region_set
    main = places.language

    def named(row: Any) -> str:
        return in_language(row.name, row.name_alt, main_language=main)

    headings = [
        (
            _("Categories"),
            [
                (f"category:{c.code}", c.text(main_language=meeting.language))
                for c in meeting.categories.order_by("position", "pk")
            ],
        ),
        (
            _("Districts"),
            [(f"group:{g.code}", named(g)) for g in places.groups.order_by("position", "pk")],
        ),
        (
            _("Regions"),
            [(f"region:{r.code}", named(r)) for r in places.regions.active().in_order()],
        ),
        (
            _("Organizations"),
            [
                (f"organization:{o.pk}", o.short_name or o.name)
                for o in meeting.organizations.order_by("name", "pk")
            ],
        ),
    ]
    return [(heading, found) for heading, found in headings if found]
