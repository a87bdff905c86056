"""What the organizer says about delegations, and heads about their people."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting, Region
from registrations import names
from registrations.delegations.opening import Wish, called_after
from registrations.forms import open_categories
from registrations.models import MOST_SEATS, Delegation
from registrations.participant_forms import grouped
from registrations.text_fields import PlainField
from registrations.venue_fields import VenueMomentField


class SharedForm(forms.Form):
    """What delegations have in common: how many people, until when, as what."""

    quota = forms.IntegerField(
        label=gettext_lazy("At most this many people"),
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text=gettext_lazy("Empty: any number, as long as there are seats."),
    )
    closes_at = VenueMomentField(
        label=gettext_lazy("The list closes"),
        required=False,
        help_text=gettext_lazy("Empty: together with the lists of the meeting."),
    )
    category = forms.ChoiceField(label=gettext_lazy("Its people come as"))
    skips_review = forms.BooleanField(
        label=gettext_lazy("Whom the head names is approved at once"), required=False
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        choices = [
            (code, c.text(main_language=meeting.language)) for code, c in self.categories.items()
        ]
        category, closes = self.fields["category"], self.fields["closes_at"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = choices
        assert isinstance(closes, VenueMomentField)
        closes.zone = meeting.zone
        usual = open_categories(meeting)[:1]
        if usual:
            self.initial.setdefault("category", usual[0].code)

    @property
    def shared(self) -> dict[str, Any]:
        """The common part of a wish."""
        data = self.cleaned_data
        return {
            "quota": data["quota"],
            "closes_at": data["closes_at"],
            "category": self.categories[data["category"]],
            "skips_review": data["skips_review"],
        }


class DelegationForm(SharedForm):
    """One delegation: whose, who is its head, how many people until when."""

    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)
    name = PlainField(
        label=gettext_lazy("What the delegation is called"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: as the region is called."),
    )
    head_name = PlainField(label=gettext_lazy("Head’s name"), max_length=250, required=False)
    head_email = forms.EmailField(
        label=gettext_lazy("Head’s e-mail"), max_length=names.ADDRESS_LIMIT, required=False
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mails"), choices=[("ru", "Русский"), ("en", "English")]
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    # What stands behind a label instead of "(optional)".
    marks: ClassVar[dict[str, Any]] = {"region": ""}
    field_order = (
        "region", "name", "head_name", "head_email", "quota", "closes_at", "category",
        "language", "skips_review",
    )  # fmt: skip

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, meeting=meeting, **kwargs)
        regions = meeting.region_set.regions.active().in_order().select_related("group")
        self.regions: dict[str, Region] = {region.code: region for region in regions}
        choice = self.fields["region"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("no region")), *grouped(self.regions, meeting)]
        self.initial.setdefault("language", meeting.language[:2])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        region = self.regions.get(data.get("region") or "")
        if not data.get("name") and "name" not in self.errors:
            if region is None:
                self.add_error("name", _("Choose a region, or write what it is called."))
            else:
                data["name"] = called_after(region, self.meeting)
        data["region"] = region
        return data

    @property
    def wish(self) -> Wish:
        """What the use cases want."""
        data = self.cleaned_data
        plain = ("name", "region", "head_name", "head_email", "language")
        return Wish(**self.shared, **{field: data[field] for field in plain})


class RegionsForm(SharedForm):
    """What the delegations of all regions, or of a pasted list, have in common."""

    @property
    def wish(self) -> Wish:
        """What the use cases want; whose it is, they say themselves."""
        return Wish(name="", language=self.meeting.language[:2], **self.shared)


def about(delegation: Delegation) -> dict[str, Any]:
    """A delegation as the form is filled in with it."""
    plain = ("name", "head_name", "head_email", "language", "skips_review", "closes_at", "version")
    return {field: getattr(delegation, field) for field in plain} | {
        "region": delegation.region.code if delegation.region else "",
        "category": delegation.category.code,
        "quota": delegation.places.seat_limit,
    }
