"""Fields for what people type about themselves or others: a part of a name, a line of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from registrations import names


class NameField(forms.CharField):
    """One part of a name, cleaned; the objection says which sign is in the way."""

    def __init__(
        self, *, widget: forms.Widget, check: Callable[[str], str] = names.check, **options: Any
    ) -> None:
        super().__init__(max_length=500, required=False, widget=widget, **options)
        self.check = check

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return self.check(typed)
        except names.NameNotAccepted as objection:
            raise forms.ValidationError(str(objection)) from objection


class PlainField(forms.CharField):
    """A line of free text: invisible signs are taken out, nothing else is touched."""

    def to_python(self, value: Any) -> str:
        # Before the length is looked at: some letters are two once they are composed (NFC).
        return names.clean(super().to_python(value) or "")


def cleaned_lines(text: str) -> str:
    """The lines of a text as `PlainField` has them, without empty ones."""
    lines = (names.clean(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
