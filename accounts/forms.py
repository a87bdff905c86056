"""The forms of the organizer's account: signing in, the password, defaults, API tokens."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Scope, User


class _Spoken(forms.BaseForm):
    """allauth's forms with our labels beside the fields, and no word twice inside them."""

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            if name in {"password", "oldpassword"}:
                field.help_text = ""
            if name == "password1":
                field.help_text = " ".join(map(str, password_validators_help_texts()))


class SignInForm(_Spoken, allauth_forms.LoginForm):  # type: ignore[misc]  # untyped base
    labels = {"login": _("E-mail"), "password": _("Password")}


class ChangePasswordForm(_Spoken, allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # untyped base
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password once more"),
    }


class ForgottenPasswordForm(_Spoken, allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # untyped base
    labels = {"email": _("E-mail")}


class NewPasswordForm(_Spoken, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # untyped base
    labels = {"password1": _("New password"), "password2": _("New password once more")}


class DefaultsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a new meeting of this organizer starts with."""

    class Meta:
        model = User
        fields = [
            "host_name",
            "host_name_alt",
            "contact_name",
            "contact_phone",
            "consent_text",
            "consent_text_alt",
        ]
        widgets = {
            "contact_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "contact_phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "consent_text": forms.Textarea(attrs={"rows": 6}),
            "consent_text_alt": forms.Textarea(attrs={"rows": 6}),
        }
        help_texts = {
            "host_name": _("Participants see this name, not the name of the program."),
            "consent_text": _(
                "Has to name who processes the data, which data, what for and how long. "
                "Empty: the text of this installation."
            ),
        }


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new API token: what it is for, and what it may do."""

    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        initial=Scope.READ,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = ApiToken
        fields = ["label", "scope"]
        labels = {"label": _("What it is for")}
        widgets = {"label": forms.TextInput(attrs={"autocomplete": "off"})}
