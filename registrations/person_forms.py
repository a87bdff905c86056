"""A person in a few fields, as heads of delegations write one, or as a pasted row has it."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import regions
from events.models import Category, Meeting, Region
from events.spelling import fold
from registrations import full_names, names
from registrations.intake import Application
from registrations.models import Delegation, DelegationRole
from registrations.text_fields import PlainField


class Terms(Protocol):
    """What all rows of a table have in common: a form that has been checked."""

    meeting: Meeting
    categories: dict[str, Category]
    cleaned_data: dict[str, Any]

    @property
    def known_regions(self) -> list[Region]: ...


PARTS = ("family_name", "given_name", "patronymic")


def _line(**attrs: Any) -> forms.TextInput:
    # Somebody else's data: the head's browser has nothing to fill in here.
    return forms.TextInput({"autocomplete": "off", "dir": "auto", **attrs})


class PersonForm(forms.Form):
    """
    Four fields: a name in one, organization, position, e-mail. A row of a table may have the
    parts of the name apart. `cleaned_data` has them apart always.
    """

    # What stands behind a label instead of "(optional)".
    marks: ClassVar[dict[str, Any]] = {"name": "", "role": ""}

    needs_name = True

    name = PlainField(
        label=gettext_lazy("Family name, given name, patronymic"),
        max_length=500,
        required=False,
        widget=_line(),
    )
    organization = PlainField(
        label=gettext_lazy("Organization"), max_length=300, required=False, widget=_line()
    )
    position = PlainField(
        label=gettext_lazy("Position"), max_length=300, required=False, widget=_line()
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=names.ADDRESS_LIMIT,
        required=False,
        widget=_line(type="email", inputmode="email"),
        error_messages={
            "invalid": gettext_lazy(
                "This address is mistyped. An address looks like name@example.org."
            )
        },
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        parts = [names.clean(str(self.data.get(self.add_prefix(part), ""))) for part in PARTS]
        typed = data.get("name", "")
        if typed and not any(parts):
            parts = list(full_names.split(typed))
        for part, text in zip(PARTS, parts, strict=True):
            try:
                data[part] = names.check(text)
            except names.NameNotAccepted as objection:
                self.add_error("name", str(objection))
        if self.needs_name and not any(parts) and "name" not in self.errors:
            self.add_error("name", _("Write the name: it goes on the badge."))
        return data


class ListedForm(PersonForm):
    """A row of a table as organizers have it: with region and category, as people write them."""

    phone = PlainField(label=gettext_lazy("Phone"), required=False, max_length=40)
    region = PlainField(label=gettext_lazy("Region"), required=False)
    category = PlainField(label=gettext_lazy("Category"), required=False)

    def __init__(self, *args: Any, terms: Terms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.terms = terms

    def clean_region(self) -> Region | None:
        typed, terms = str(self.cleaned_data["region"]), self.terms
        found = (
            regions.find(terms.meeting.region_set, typed, known=terms.known_regions)
            if typed
            else None
        )
        if typed and found is None:
            raise forms.ValidationError(
                _("“%(typed)s” is no region of the list.") % {"typed": typed}
            )
        return found

    def clean_category(self) -> Category:
        typed = fold(str(self.cleaned_data["category"]))
        categories = self.terms.categories
        if not typed:
            return categories[self.terms.cleaned_data["category"]]
        for code, category in categories.items():
            if typed in (fold(code), fold(category.name), fold(category.name_alt)):
                return category
        raise forms.ValidationError(
            _("“%(typed)s” is no category of the meeting.")
            % {"typed": self.cleaned_data["category"]}
        )

    @property
    def application(self) -> Application:
        """What the use cases want; what no column says, the terms of the list say."""
        data = self.cleaned_data
        plain = (*PARTS, "email", "phone", "organization", "position", "region", "category")
        return Application(
            **{field: data[field] for field in plain},
            language=self.terms.cleaned_data["language"],
        )


class MemberForm(PersonForm):
    """Somebody whom the head of a delegation names, and as what."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=DelegationRole.choices,
        initial=DelegationRole.EXPERT,
        required=False,
    )

    def __init__(self, *args: Any, delegation: Delegation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.delegation = delegation

    def clean_role(self) -> str:
        return str(self.cleaned_data.get("role") or DelegationRole.EXPERT)

    @property
    def application(self) -> Application:
        """What the use cases want: region, category and language are the delegation's."""
        data, delegation = self.cleaned_data, self.delegation
        return Application(
            **{part: data[part] for part in PARTS},
            email=data["email"],
            organization=data["organization"],
            position=data["position"],
            region=delegation.region,
            category=delegation.category,
            language=delegation.language,
            submitted_by_name=delegation.head_name,
            delegation=delegation,
            delegation_role=data["role"],
        )
