"""What the field template asks a bound field."""

from django import forms, template
from django.forms.boundfield import BoundField

register = template.Library()


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label stands behind the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_read_only(field: BoundField) -> bool:
    return bool(field.field.disabled or field.field.widget.attrs.get("readonly"))
