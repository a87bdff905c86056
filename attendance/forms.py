"""What is asked of somebody who stands at the door unexpected: thirty seconds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.substitution import Newcomer
from events.models import Meeting, Region, in_language
from registrations import names
from registrations.intake import Application
from registrations.text_fields import PlainField

# What a keyboard's memory of other people would only spoil.
_TYPED = {"family_name", "given_name", "patronymic", "organization", "position", "email"}


class _NewcomerForm(forms.Form):
    """Who stands at the door, by name."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    family_name = forms.CharField(
        label=_("Family name"),
        max_length=120,
        error_messages={"required": _("Write the name as it stands in the passport.")},
    )
    given_name = forms.CharField(label=_("Given name"), max_length=120, required=False)
    patronymic = forms.CharField(label=_("Patronymic"), max_length=120, required=False)
    organization = PlainField(label=_("Organization"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & _TYPED:
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or self.cleaned_data)
        for name in ("family_name", "given_name", "patronymic"):
            try:
                cleaned[name] = names.check(cleaned.get(name, ""))
            except names.NameNotAccepted as error:
                self.add_error(name, str(error))
        return cleaned


class WalkInForm(_NewcomerForm):
    """Fields as the desk needs them; `application()` is what the use case takes."""

    region = forms.ChoiceField(label=_("Region"), required=False)
    category = forms.ChoiceField(label=_("Category"))
    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=_("E-mail"),
        required=False,
        help_text=_("A letter with the QR code goes there."),
    )
    consent = forms.BooleanField(
        label=_("The person agrees to the processing of personal data"), required=False
    )

    def __init__(self, data: Any = None, *, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.meeting = meeting
        self._categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        self._regions: dict[str, Region] = {
            r.code: r for r in meeting.region_set.regions.active().in_order()
        }
        language = meeting.region_set.language
        category, region = self.fields["category"], self.fields["region"]
        assert isinstance(category, forms.ChoiceField)
        assert isinstance(region, forms.ChoiceField)
        category.choices = [
            (code, c.text(main_language=meeting.language)) for code, c in self._categories.items()
        ]
        named = sorted(
            (in_language(r.name, r.name_alt, main_language=language), code)
            for code, r in self._regions.items()
        )
        region.choices = [("", _("No region"))] + [(code, name) for name, code in named]
        if len(self._categories) == 1:
            category.widget = forms.HiddenInput()
            category.initial = next(iter(self._categories))

    def application(self, *, language: str) -> Application:
        """What was written, for the use case; letters to the person are in `language`."""
        data = self.cleaned_data
        return Application(
            category=self._categories[data["category"]],
            region=self._regions.get(data.get("region", "")),
            language=language[:2],
            family_name=data["family_name"],
            given_name=data["given_name"],
            patronymic=data["patronymic"],
            organization=data["organization"],
            email=data.get("email", ""),
        )


class InsteadForm(_NewcomerForm):
    """Somebody who comes instead of somebody else: all else is the absent person's."""

    person = forms.UUIDField(widget=forms.HiddenInput)
    scan = forms.UUIDField(widget=forms.HiddenInput, required=False)
    position = PlainField(label=_("Position"), max_length=300, required=False)
    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=_("E-mail"),
        required=False,
        help_text=_("A letter with the QR code goes there."),
    )
    consent = forms.BooleanField(
        label=_("The person agrees to the processing of personal data"), required=False
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        # The page has the form for walk-ins as well: fields need names of their own in it.
        super().__init__(data, auto_id="instead_%s", **kwargs)

    @property
    def newcomer(self) -> Newcomer:
        """What was written, for the use case."""
        data = self.cleaned_data
        return Newcomer(
            family_name=data["family_name"],
            given_name=data["given_name"],
            patronymic=data["patronymic"],
            organization=data["organization"],
            position=data["position"],
            email=data["email"],
        )
