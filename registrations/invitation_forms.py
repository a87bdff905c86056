"""What organizers say about invitations, and what invited people write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events.models import Format, Meeting, Region
from registrations import full_names, names
from registrations.forms import RegistrationForm, open_categories
from registrations.intake import Application
from registrations.invitations.sending import Wish
from registrations.models import AttendanceMode, ConsentDocument, Invitation
from registrations.participant_forms import grouped
from registrations.person_forms import PARTS, ListedForm, PersonForm
from registrations.text_fields import PlainField
from registrations.venue_fields import VenueMomentField

# What is asked of everybody who registers, and need not be asked of whoever was invited.
NOT_ASKED = ("who", "submitted_by_name", "submitted_by_email", "stamp", "website")


class TermsForm(forms.Form):
    """What invitations of one list have in common."""

    category = forms.ChoiceField(label=gettext_lazy("They come as"))
    expires_at = VenueMomentField(
        label=gettext_lazy("Answer by"),
        required=False,
        help_text=gettext_lazy("Empty: until the lists of the meeting close."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mails"), choices=[("ru", "Русский"), ("en", "English")]
    )
    binds_email = forms.BooleanField(
        label=gettext_lazy("Valid for this address only"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Whoever accepts is registered with it and cannot give another."),
    )
    skips_review = forms.BooleanField(
        label=gettext_lazy("Whoever accepts is approved at once"), required=False
    )
    allows_substitute = forms.BooleanField(
        label=gettext_lazy("May be passed on to a colleague, once"), required=False
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        category, closes = self.fields["category"], self.fields["expires_at"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = [
            (code, c.text(main_language=meeting.language)) for code, c in self.categories.items()
        ]
        assert isinstance(closes, VenueMomentField)
        closes.zone = meeting.zone
        if usual := open_categories(meeting)[:1]:
            self.initial.setdefault("category", usual[0].code)
        self.initial.setdefault("language", meeting.language[:2])

    @cached_property
    def known_regions(self) -> list[Region]:
        """Those of the meeting's list, read once for all rows."""
        return list(self.meeting.region_set.regions.active().select_related("group"))

    @property
    def terms(self) -> dict[str, Any]:
        """The common part of a wish."""
        data = self.cleaned_data
        plain = ("expires_at", "language", "binds_email", "skips_review", "allows_substitute")
        return {field: data[field] for field in plain} | {
            "category": self.categories[data["category"]]
        }

    @property
    def wish(self) -> Wish:
        """What the use cases want; whom it is for, the rows say."""
        return Wish(email="", **self.terms)


class InvitationForm(TermsForm):
    """One invitation: to whom, with what is known of him, and on what terms."""

    name = PlainField(
        label=gettext_lazy("Family name, given name, patronymic"),
        max_length=250,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=names.ADDRESS_LIMIT,
        widget=forms.EmailInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Write the e-mail: the invitation goes there."),
            "invalid": gettext_lazy(
                "This address is mistyped. An address looks like name@example.org."
            ),
        },
    )
    organization = PlainField(label=gettext_lazy("Organization"), max_length=300, required=False)
    position = PlainField(label=gettext_lazy("Position"), max_length=300, required=False)
    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = (
        "name", "email", "category", "organization", "position", "region", "expires_at",
        "language", "binds_email", "skips_review", "allows_substitute",
    )  # fmt: skip

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, meeting=meeting, **kwargs)
        listed = meeting.region_set.regions.active().in_order().select_related("group")
        self.regions: dict[str, Region] = {region.code: region for region in listed}
        choice = self.fields["region"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("the person says it")), *grouped(self.regions, meeting)]

    def clean_name(self) -> str:
        typed = str(self.cleaned_data["name"])
        for part in full_names.split(typed):
            try:
                names.check(part)
            except names.NameNotAccepted as objection:
                raise forms.ValidationError(str(objection)) from objection
        return typed

    @property
    def wish(self) -> Wish:
        """What the use cases want."""
        data = self.cleaned_data
        plain = ("name", "email", "organization", "position")
        return Wish(
            **self.terms,
            **{field: data[field] for field in plain},
            region=self.regions.get(data["region"] or ""),
        )


def about(invitation: Invitation) -> dict[str, Any]:
    """An invitation as the form is filled in with it."""
    plain = (
        "name", "email", "organization", "position", "expires_at", "language", "binds_email",
        "skips_review", "allows_substitute", "version",
    )  # fmt: skip
    return {field: getattr(invitation, field) for field in plain} | {
        "category": invitation.category.code,
        "region": invitation.region.code if invitation.region else "",
    }


class AcceptForm(RegistrationForm):
    """The registration form for somebody invited: what is known is filled in."""

    def __init__(
        self, invitation: Invitation, documents: Sequence[ConsentDocument], *args: Any
    ) -> None:
        self.invitation = invitation
        super().__init__(
            invitation.meeting, documents, [invitation.category], *args, initial=_known(invitation)
        )
        for field in NOT_ASKED:
            del self.fields[field]
        if invitation.binds_email:
            # It stands on the page, to be read only.
            del self.fields["email"]

    @property
    def application(self) -> Application:
        """What the use cases want; category and a bound address are the invitation's."""
        data, invitation = self.cleaned_data, self.invitation
        mode = AttendanceMode.IN_PERSON
        if self.meeting.format == Format.ONLINE:
            mode = AttendanceMode.ONLINE
        return Application(
            **{part: data[part] for part in PARTS},
            email=data.get("email", invitation.email),
            phone=data.get("phone", ""),
            organization=data["organization"],
            position=data["position"],
            region=data["region"],
            category=invitation.category,
            attendance_mode=data.get("attendance_mode") or mode,
            language=get_language() or invitation.language,
            time_zone=data["time_zone"],
        )


class InviteeForm(ListedForm):
    """A row of a pasted list: whom to invite. A list of mailboxes has no names."""

    needs_name = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["phone"]
        email = self.fields["email"]
        email.required = True
        email.error_messages["required"] = _("Write the e-mail: the invitation goes there.")

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"phone": ""}


class DeclineForm(forms.Form):
    """Why somebody does not come, if he wants to say it."""

    why = PlainField(
        label=gettext_lazy("A line for the organizer"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
    )


class ColleagueForm(PersonForm):
    """Who comes instead: a name and an address, where the invitation then goes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in ("organization", "position"):
            del self.fields[field]
        self.fields["name"].label = _("Your colleague’s family name, given name, patronymic")
        email = self.fields["email"]
        email.label, email.required = _("Your colleague’s e-mail"), True
        email.error_messages["required"] = _("Write the e-mail: the invitation goes there.")

    @property
    def full_name(self) -> str:
        return full_names.join(*(self.cleaned_data[part] for part in PARTS))


def _known(invitation: Invitation) -> dict[str, Any]:
    known: dict[str, Any] = dict(zip(PARTS, full_names.split(invitation.name), strict=True))
    known |= {field: getattr(invitation, field) for field in ("email", "organization", "position")}
    region = invitation.region
    if region is not None and region.region_set_id == invitation.meeting.region_set_id:
        known["region"] = region.code
    return known
