"""What the field template asks a bound field."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label stands behind the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def mark(field: BoundField) -> str:
    """
    What stands behind the label: “(optional)” unless the form insists or knows better.

    A form may have `marks` by field name: "" where something else decides what is needed.
    """
    marks: dict[str, Any] = getattr(field.form, "marks", {})
    if field.name in marks:
        return str(marks[field.name])
    fixed = field.field.disabled or field.field.widget.attrs.get("readonly")
    return "" if field.field.required or fixed else _("(optional)")
