"""What the organizer chooses before badges or sign-in sheets are made."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from badges.batches import MOST_DESKS


class DesksForm(forms.Form):
    """Sign-in sheets: among how many desks the alphabet is shared."""

    desks = forms.IntegerField(
        label=_("Number of desks"),
        min_value=1,
        max_value=MOST_DESKS,
        initial=1,
        help_text=_("The alphabet is shared among them so that queues are of like length."),
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
    )

    def options(self) -> dict[str, Any]:
        """The choice, as batches.order() takes it."""
        return dict(self.cleaned_data)


class BadgesForm(DesksForm):
    """Badges: their order, and what stands on them."""

    order = forms.ChoiceField(
        label=_("Order of the sheets"),
        choices=[
            ("name", _("by name, all in one row")),
            ("desk", _("by desk: each begins on a new sheet")),
        ],
        initial="name",
        widget=forms.RadioSelect,
    )
    latin = forms.BooleanField(label=_("Name in Latin letters"), required=False, initial=True)
    patronymic = forms.BooleanField(label=_("Patronymic"), required=False, initial=True)
    region = forms.BooleanField(label=_("Region"), required=False, initial=True)
    position = forms.BooleanField(label=_("Position"), required=False, initial=True)

    field_order = ["order", "desks", "latin", "patronymic", "region", "position"]
