"""What the organizer may write about a participant: more than the participant is asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting, Region, in_language
from registrations import names
from registrations.intake import Application
from registrations.models import AttendanceMode, Registration
from registrations.text_fields import NameField, PlainField

NO_REGION = "none"


def _line(**attrs: Any) -> forms.TextInput:
    # Somebody else's data: the organizer's browser has nothing to fill in here.
    return forms.TextInput({"autocomplete": "off", "dir": "auto", **attrs})


class ParticipantForm(forms.Form):
    """
    Everything about a person that may be corrected. A name is required, and to say of the
    region that there is none: the figures count regions.
    """

    # One name of two is enough, so neither insists, and neither is optional.
    marks = {"family_name": "", "given_name": ""}

    family_name = NameField(label=gettext_lazy("Family name"), widget=_line())
    given_name = NameField(label=gettext_lazy("Given name"), widget=_line())
    patronymic = NameField(label=gettext_lazy("Patronymic"), widget=_line())
    latin_name = NameField(
        label=gettext_lazy("Name in Latin letters"),
        check=names.check_latin,
        widget=_line(),
        help_text=gettext_lazy("As on the badge. Empty for a new participant: proposed."),
    )
    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=gettext_lazy("E-mail"),
        required=False,
        widget=_line(type="email", inputmode="email"),
        help_text=gettext_lazy("Without an e-mail the person gets no mails and no own page."),
    )
    phone = PlainField(
        label=gettext_lazy("Phone"), required=False, max_length=40, widget=_line(type="tel")
    )
    organization = PlainField(
        label=gettext_lazy("Organization"),
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 1, "dir": "auto"}),
    )
    position = PlainField(
        label=gettext_lazy("Position"),
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 1, "dir": "auto"}),
    )
    region = forms.ChoiceField(label=gettext_lazy("Region"))
    category = forms.ChoiceField(label=gettext_lazy("Category"))
    attendance_mode = forms.ChoiceField(
        label=gettext_lazy("Takes part"),
        choices=AttendanceMode.choices,
        initial=AttendanceMode.IN_PERSON,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mails"), choices=[("ru", "Русский"), ("en", "English")]
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        main = meeting.language
        self._choose(
            "category", [(code, c.text(main_language=main)) for code, c in self.categories.items()]
        )
        regions = meeting.region_set.regions.active().in_order().select_related("group")
        self.regions: dict[str, Region] = {region.code: region for region in regions}
        nobodys = [("", _("Choose a region")), (NO_REGION, _("no region"))]
        self._choose("region", [*nobodys, *grouped(self.regions, meeting)])
        self.initial.setdefault("language", main[:2])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        asked = {"family_name", "given_name"}
        if not asked & self.errors.keys() and not any(data.get(name) for name in asked):
            self.add_error("family_name", _("Write the name: it goes on the badge."))
        data["region"] = self.regions.get(data.get("region") or "")
        data["category"] = self.categories.get(data.get("category") or "")
        return data

    @property
    def changes(self) -> dict[str, Any]:
        """What `amending.amend` wants."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @property
    def application(self) -> Application:
        """What `booking.register` wants."""
        return Application(**self.changes)


def about(registration: Registration) -> dict[str, Any]:
    """A registration as the form is filled in with it."""
    plain = (
        "family_name",
        "given_name",
        "patronymic",
        "latin_name",
        "email",
        "phone",
        "organization",
        "position",
        "attendance_mode",
        "version",
    )
    return {name: getattr(registration, name) for name in plain} | {
        "region": registration.region.code if registration.region else NO_REGION,
        "category": registration.category.code,
        "language": registration.language[:2],
    }


def grouped(regions: dict[str, Region], meeting: Meeting) -> list[Any]:
    """Regions under their districts; those without one stand first."""
    main = meeting.region_set.language
    grouped: dict[str, list[tuple[str, str]]] = {}
    for code, region in regions.items():
        group = region.group
        heading = in_language(group.name, group.name_alt, main_language=main) if group else ""
        name = in_language(region.name, region.name_alt, main_language=main)
        grouped.setdefault(heading, []).append((code, name))
    return [*grouped.pop("", []), *grouped.items()]


class DeclineForm(forms.Form):
    """Why somebody may not come; the person reads it only if ticked."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
    )
    shows_reason = forms.BooleanField(
        label=gettext_lazy("The person may read the reason"), required=False
    )


class AddressForm(forms.Form):
    """A corrected address: the answer goes out again, the old link stops working."""

    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=gettext_lazy("Corrected e-mail"),
        widget=_line(type="email"),
    )
