"""What the organizer says about an access code."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting
from registrations import access_codes
from registrations.access_codes import Wish
from registrations.forms import open_categories
from registrations.models import MOST_SEATS, AccessCode
from registrations.text_fields import PlainField
from registrations.venue_fields import VenueMomentField


class AccessCodeForm(forms.Form):
    """For whom a code is, as what they come, how many, and when."""

    # What stands behind a label instead of "(optional)".
    marks: ClassVar[dict[str, Any]] = {"code": ""}

    label = PlainField(
        label=gettext_lazy("For whom"),
        max_length=200,
        help_text=gettext_lazy("You alone see this: “Journalists”, “The governor’s office”."),
    )
    code = forms.CharField(
        label=gettext_lazy("Access code"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("4 to 20 Latin letters and digits. Empty: one is drawn."),
    )
    category = forms.ChoiceField(label=gettext_lazy("They come as"))
    limit = forms.IntegerField(
        label=gettext_lazy("At most this many people"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Empty: any number, as long as there are seats."),
    )
    opens_at = VenueMomentField(label=gettext_lazy("Valid from"), required=False)
    closes_at = VenueMomentField(label=gettext_lazy("Valid until"), required=False)
    opens_early = forms.BooleanField(
        label=gettext_lazy("Also before registration opens to everybody"), required=False
    )
    skips_review = forms.BooleanField(
        label=gettext_lazy("Whoever has the code is approved at once"), required=False
    )
    is_active = forms.BooleanField(label=gettext_lazy("Switched on"), required=False, initial=True)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        category = self.fields["category"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = [
            (code, c.text(main_language=meeting.language)) for code, c in self.categories.items()
        ]
        if usual := open_categories(meeting)[:1]:
            self.initial.setdefault("category", usual[0].code)
        for name in ("opens_at", "closes_at"):
            field = self.fields[name]
            assert isinstance(field, VenueMomentField)
            field.zone = meeting.zone

    def clean_code(self) -> str:
        code = access_codes.normal(self.cleaned_data["code"])
        if code and not access_codes.VALID.fullmatch(code):
            raise forms.ValidationError(_("A code has 4 to 20 Latin letters and digits."))
        return code

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("This is before the code becomes valid."))
        return data

    @property
    def wish(self) -> Wish:
        """What the use cases want."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Wish(**data | {"category": self.categories[data["category"]]})


def about(code: AccessCode) -> dict[str, Any]:
    """A code as the form is filled in with it."""
    plain = (
        "label", "code", "opens_at", "closes_at", "opens_early", "skips_review", "is_active",
        "version",
    )  # fmt: skip
    return {field: getattr(code, field) for field in plain} | {
        "category": code.category.code,
        "limit": code.places.seat_limit,
    }
