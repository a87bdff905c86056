"""What the organizer says about a webhook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import Refused
from notifications.models import Kind
from notifications.webhooks import keeping, reach

# What most receivers want: who comes, who does not, who is there.
USUAL = {Kind.CONFIRMED, Kind.CANCELLED, Kind.CHANGED, Kind.ERASED}


class WebhookForm(forms.Form):
    """Where to, and which events."""

    url = forms.CharField(
        label=gettext_lazy("Address of the other program"),
        max_length=keeping.LONGEST_URL,
        widget=forms.URLInput({"autocomplete": "off", "placeholder": "https://"}),
        help_text=gettext_lazy("Begins with https://. We send a POST request there."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in Kind:
            self.fields[kind.value] = forms.BooleanField(
                label=kind.label, required=False, initial=kind in USUAL
            )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            reach.place_of(url)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return url

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.chosen(data):
            self.add_error(Kind.CONFIRMED.value, _("Choose at least one event."))
        return data

    def chosen(self, data: dict[str, Any]) -> list[str]:
        """The events that are ticked."""
        return [kind.value for kind in Kind if data.get(kind.value)]

    @property
    def wish(self) -> dict[str, Any]:
        """What the use cases want."""
        return {"url": self.cleaned_data["url"], "kinds": self.chosen(self.cleaned_data)}

    @property
    def events(self) -> list[forms.BoundField]:
        """The boxes to tick."""
        return [self[kind.value] for kind in Kind]
