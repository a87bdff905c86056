"""The two forms of a participant: to register, and to change what was written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

import phonenumbers
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import regions
from events.models import Category, Format, Meeting, Region, in_language, validate_time_zone
from events.templatetags.texts import region_name
from registrations import form_stamp, names, region_menu
from registrations.models import AttendanceMode, ConsentDocument
from registrations.text_fields import NameField, PlainField


def _grows(token: str) -> forms.Textarea:
    """One line that grows with the text: titles of ministries do not fit one."""
    return forms.Textarea({"rows": 1, "autocomplete": token, "dir": "auto", "data-oneline": ""})


def _line(token: str, **attrs: Any) -> forms.TextInput:
    return forms.TextInput({"autocomplete": token, "dir": "auto", **attrs})


class DetailsForm(forms.Form):
    """What both forms ask about the person. `cleaned_data["region"]` is a Region or None."""

    # What stands behind a label instead of "(optional)": one name of two is enough.
    marks: ClassVar[dict[str, Any]] = {
        "family_name": "",
        "given_name": "",
        "patronymic": gettext_lazy("(if any)"),
        "region": "",
        "submitted_by_name": "",
        "submitted_by_email": "",
        "website": "",
    }

    family_name = NameField(label=gettext_lazy("Family name"), widget=_line("family-name"))
    given_name = NameField(label=gettext_lazy("Given name"), widget=_line("given-name"))
    patronymic = NameField(label=gettext_lazy("Patronymic"), widget=_line("additional-name"))
    phone = PlainField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("We call only if something changes on the day."),
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )
    organization = PlainField(
        label=gettext_lazy("Organization"), max_length=300, widget=_grows("organization")
    )
    position = PlainField(
        label=gettext_lazy("Position"), max_length=300, widget=_grows("organization-title")
    )
    # What stood in the search box when no region matched it: named in the objection.
    region_typed = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, meeting: Meeting, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.fields["region"] = region_menu.RegionField(
            meeting.region_set, label=_("Region you represent"), required=False
        )
        if not meeting.asks_phone:
            del self.fields["phone"]
        if meeting.format == Format.HYBRID:
            self.fields["attendance_mode"] = forms.ChoiceField(
                label=_("How you take part"),
                choices=[
                    (AttendanceMode.IN_PERSON, _("In person")),
                    (AttendanceMode.ONLINE, _("Online")),
                ],
                initial=AttendanceMode.IN_PERSON,
                widget=forms.RadioSelect,
            )
        for name, error in {
            "organization": _("Write which organization you come from."),
            "position": _("Write your position."),
        }.items():
            self.fields[name].error_messages["required"] = error

    def retype(self, **values: str) -> None:
        """Draw the form again with other values in its hidden fields."""
        self.data = {**{name: self.data[name] for name in self.data}, **values}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        asked = {"family_name", "given_name"}
        if not asked & self.errors.keys() and not any(data.get(name) for name in asked):
            self.add_error("family_name", _("Write the name: it goes on the badge."))
        if "region" not in self.errors:
            data["region"] = self._region(data)
        if data.get("phone"):
            data["phone"] = e164(data["phone"], region=data.get("region"), meeting=self.meeting)
        return data

    def _region(self, data: dict[str, Any]) -> Region | None:
        value, typed = data.get("region", ""), data.get("region_typed", "").strip()
        if value == region_menu.NONE:
            return None
        if value:
            among = self.meeting.region_set.regions.all()
            return next(region for region in among if region.code == value)
        if typed and (found := regions.find(self.meeting.region_set, typed)):
            return found
        if not typed:
            self.add_error("region", _("Choose a region, or “no region” at the top of the list."))
            return None
        near = [
            _("“%(name)s”") % {"name": region_name(region)}
            for region in regions.nearest(self.meeting.region_set, typed, 3)
        ]
        said = _("“%(typed)s”: choose from the list.") % {"typed": typed}
        if near:
            said = _("“%(typed)s”: choose from the list, perhaps %(near)s.") % {
                "typed": typed,
                "near": ", ".join(near),
            }
        self.add_error("region", said)
        return None


class ChangeForm(DetailsForm):
    """A registration as its owner may change it. The address has a page of its own."""

    latin_name = NameField(
        label=gettext_lazy("Name in Latin letters"),
        check=names.check_latin,
        help_text=gettext_lazy("As in the passport; it stands on the badge."),
        widget=_line("off", lang="en"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    field_order = (
        "family_name", "given_name", "patronymic", "latin_name", "phone", "organization",
        "position", "region", "attendance_mode",
    )  # fmt: skip


class RegistrationForm(DetailsForm):
    """The registration form. `documents` are asked for one by one, `categories` if several."""

    who = forms.ChoiceField(
        label=gettext_lazy("Whom do you register?"),
        choices=[
            ("self", gettext_lazy("Myself")),
            ("other", gettext_lazy("Another participant")),
        ],
        initial="self",
        widget=forms.RadioSelect,
    )
    submitted_by_name = PlainField(
        label=gettext_lazy("Your name"), required=False, max_length=250, widget=_line("name")
    )
    submitted_by_email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=gettext_lazy("Your e-mail"),
        required=False,
        help_text=gettext_lazy("A copy of the letters goes there."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=gettext_lazy("E-mail"),
        widget=forms.EmailInput(
            {"autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"}
        ),
        error_messages={
            "required": gettext_lazy("Write the e-mail: the confirmation goes there."),
            "invalid": gettext_lazy(
                "This address is mistyped. An address looks like name@example.org."
            ),
        },
    )
    # Whether the page has said already that he would wait.
    accepts_waiting = False

    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)
    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)
    access_code = forms.CharField(
        label=gettext_lazy("Access code"),
        required=False,
        max_length=40,
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    # Left empty by everybody who sees the page.
    website = forms.CharField(
        label=gettext_lazy("Leave this empty"), required=False, max_length=200
    )

    def __init__(
        self,
        meeting: Meeting,
        documents: Sequence[ConsentDocument],
        categories: Sequence[Category],
        *args: Any,
        asks_code: bool = False,
        code_refusal: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(meeting, *args, **kwargs)
        self.documents, self.categories = documents, categories
        self.code_refusal = code_refusal
        if not asks_code:
            del self.fields["access_code"]
        if len(categories) > 1:
            self.fields["category"] = forms.ChoiceField(
                label=_("You take part as"),
                choices=[(str(c.pk), c.text(main_language=meeting.language)) for c in categories],
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose in what capacity you come.")},
            )
        for document in documents:
            self.fields[f"consent_{document.pk}"] = forms.BooleanField(
                label=_("I consent to %(what)s") % {"what": consent_title(document, meeting)},
                required=document.is_required,
                error_messages={"required": _("We may not store what you wrote without this.")},
            )
        self.fields["website"].widget.attrs |= {"tabindex": -1, "autocomplete": "off"}
        self.initial.setdefault("key", uuid.uuid4().hex)
        self.initial.setdefault("stamp", form_stamp.new())
        self.order_fields([
            "who", "submitted_by_name", "submitted_by_email", "family_name", "given_name",
            "patronymic", "email", "phone", "organization", "position", "region",
            "access_code", "category", "attendance_mode",
            *(f"consent_{document.pk}" for document in documents), "website",
        ])  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("who") == "other":
            if not data.get("submitted_by_name"):
                self.add_error("submitted_by_name", _("Write your name: the letters mention it."))
            if not data.get("submitted_by_email") and "submitted_by_email" not in self.errors:
                self.add_error("submitted_by_email", _("Write your e-mail: a copy goes there."))
        else:
            data["submitted_by_name"] = data["submitted_by_email"] = ""
        data["time_zone"] = _known_zone(data.get("time_zone", ""))
        if self.code_refusal:
            self.add_error("access_code", self.code_refusal)
        if data.get("website"):
            self.add_error("website", _("This field must stay empty. Clear it and send again."))
        return data

    @property
    def consents(self) -> list[ConsentDocument]:
        """The documents whose box was ticked."""
        return [d for d in self.documents if self.cleaned_data.get(f"consent_{d.pk}")]

    @property
    def category(self) -> Category:
        """The chosen one; where there is no choice, the only one."""
        chosen = self.cleaned_data.get("category")
        return next((c for c in self.categories if str(c.pk) == chosen), self.categories[0])

    @property
    def consent_fields(self) -> list[tuple[ConsentDocument, forms.BoundField]]:
        return [(document, self[f"consent_{document.pk}"]) for document in self.documents]


class AddressForm(forms.Form):
    """The right e-mail in place of a mistyped one."""

    email = forms.EmailField(
        max_length=names.ADDRESS_LIMIT,
        label=gettext_lazy("E-mail"),
        widget=forms.EmailInput(
            {"autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


def consent_title(document: ConsentDocument, meeting: Meeting) -> str:
    """What is consented to, as it stands behind "I consent to", for the reader's language."""
    return in_language(document.title, document.title_alt, main_language=meeting.language)


def open_categories(meeting: Meeting) -> list[Category]:
    """What a participant may choose; where nothing may be chosen, the first of all."""
    found = sorted(meeting.categories.all(), key=lambda each: (each.position, each.pk))
    return [category for category in found if category.self_selectable] or found[:1]


def e164(typed: str, *, region: Region | None, meeting: Meeting) -> str:
    """
    The number in international form; as typed where nobody can tell what it means.

    Where region codes start as ISO 3166-2 ones do, they tell the country of "8 (495)…".
    """
    country = (region.code if region else _first_code(meeting)).partition("-")[0]
    try:
        number = phonenumbers.parse(typed, country if len(country) == 2 else None)
    except phonenumbers.NumberParseException:
        return typed
    if not phonenumbers.is_possible_number(number) or number.extension:
        return typed
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _first_code(meeting: Meeting) -> str:
    return meeting.region_set.regions.order_by("pk").values_list("code", flat=True).first() or ""


def _known_zone(name: str) -> str:
    """The browser's zone if we know it: an unknown one is no reason to bother anybody."""
    try:
        validate_time_zone(name)
    except forms.ValidationError:
        return ""
    return name
