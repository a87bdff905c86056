"""The list of regions in the form: a plain <select> that script turns into a search box."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.cache import cache
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events import regions
from events.models import RegionSet
from events.when import language_now

NONE = "none"
# A pasted list may be corrected while people fill in the form; a minute is soon enough.
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Option:
    value: str
    name: str
    # Folded spellings that find it: both languages, aliases.
    also: str


@dataclass(frozen=True)
class Menu:
    """The groups in order, each with its options; "" is the heading of those without one."""

    groups: tuple[tuple[str, tuple[Option, ...]], ...]

    @property
    def options(self) -> dict[str, Option]:
        return {option.value: option for _name, options in self.groups for option in options}


def menu(region_set: RegionSet) -> Menu:
    """The regions of a set in the reader's language, kept for a minute."""
    key = f"region-menu:{region_set.pk}:{language_now()}"
    found: Menu | None = cache.get(key)
    if found is None:
        found = _read(region_set)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _read(region_set: RegionSet) -> Menu:
    groups: dict[str, list[Option]] = {}
    for entry in regions.options(region_set):
        option = Option(entry["code"], entry["name"], "|".join(entry["keys"]))
        groups.setdefault(entry["group"], []).append(option)
    return Menu(tuple((heading, tuple(options)) for heading, options in groups.items()))


class RegionSelect(forms.Widget):
    """Draws the menu in one go: ninety options through a template each would be felt."""

    def __init__(self, menu: Menu, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.menu = menu

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        attributes = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        flat = format_html_join(
            " ",
            '{}="{}"',
            ((key, item) for key, item in attributes.items() if item not in (None, False)),
        )
        head = [
            Option("", _("Choose from the list"), ""),
            Option(NONE, _("No region – a federal or national organization"), ""),
        ]
        body = format_html_join(
            "", "{}", ((_draw_group(*group, chosen),) for group in self.menu.groups)
        )
        return format_html("<select {}>{}{}</select>", flat, _draw(head, chosen), body)


def _draw_group(heading: str, options: Iterable[Option], chosen: str) -> SafeString:
    drawn = _draw(options, chosen)
    return format_html('<optgroup label="{}">{}</optgroup>', heading, drawn) if heading else drawn


def _draw(options: Iterable[Option], chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}{}>{}</option>',
        (
            (
                option.value,
                format_html(' data-also="{}"', option.also) if option.also else "",
                SafeString(" selected") if option.value == chosen else "",
                option.name,
            )
            for option in options
        ),
    )


class RegionField(forms.Field):
    """The code of a region of the set, or NONE."""

    def __init__(self, region_set: RegionSet, **options: Any) -> None:
        self.region_set = region_set
        self.menu = menu(region_set)
        super().__init__(widget=RegionSelect(self.menu), **options)

    def to_python(self, value: Any) -> str:
        return str(value or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value != NONE and value not in self.menu.options:
            raise forms.ValidationError(_("Choose a region from the list."))
