"""What the organizer says about a session."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting, Session, SessionKind
from registrations.models import MOST_SEATS
from registrations.sessions.planning import FIELDS, MOST_SPEAKERS, Wish
from registrations.text_fields import PlainField, cleaned_lines
from registrations.venue_fields import VenueMomentField


class SessionForm(forms.Form):
    """What it is, when and where, and for how many."""

    # What stands behind a label instead of "(optional)".
    marks: ClassVar[dict[str, Any]] = {"capacity": ""}

    title = PlainField(label=gettext_lazy("Title"), max_length=300)
    title_alt = PlainField(
        label=gettext_lazy("Title in the second language"), max_length=300, required=False
    )
    kind = forms.ChoiceField(label=gettext_lazy("It is a"), choices=SessionKind.choices)
    starts_at = VenueMomentField(label=gettext_lazy("Begins"))
    ends_at = VenueMomentField(label=gettext_lazy("Ends"))
    room = PlainField(label=gettext_lazy("Room"), max_length=200, required=False)
    room_alt = PlainField(
        label=gettext_lazy("Room in the second language"), max_length=200, required=False
    )
    speakers = forms.CharField(
        label=gettext_lazy("Speakers"),
        max_length=MOST_SPEAKERS,
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=gettext_lazy("One a line: name, organization."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy(
            "With a number participants choose the session, and get a place while there is one. "
            "Empty: open to everybody."
        ),
    )
    shows_left = forms.BooleanField(
        label=gettext_lazy("Show everybody how many places are left"), required=False
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place among those that begin together"),
        min_value=0,
        max_value=999,
        required=False,
        initial=0,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("kind", SessionKind.SESSION)
        for name in ("starts_at", "ends_at"):
            field = self.fields[name]
            assert isinstance(field, VenueMomentField)
            field.zone = meeting.zone
            if name == "starts_at":
                self.initial.setdefault(name, meeting.starts_at)

    def clean_speakers(self) -> str:
        return cleaned_lines(self.cleaned_data["speakers"])

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or 0

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It ends before it begins."))
        return data

    @property
    def wish(self) -> Wish:
        """What the use cases want."""
        return Wish(**{k: v for k, v in self.cleaned_data.items() if k != "version"})


def about(session: Session) -> dict[str, Any]:
    """A session as the form is filled in with it."""
    return {field: getattr(session, field) for field in (*FIELDS, "version")} | {
        "capacity": session.places.seat_limit,
        "shows_left": session.places.shows_left,
    }
