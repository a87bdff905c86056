"""What a new meeting starts with, so that seven fields are enough."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from events.models import Category, Colour, Meeting

# code, name, colour, counts as participant, is a ministry, may be chosen on the form
CATEGORIES: list[tuple[str, Any, str, bool, bool, bool]] = [
    ("member", _("Member organization"), Colour.BLUE, True, False, True),
    ("authority", _("Regional authority"), Colour.GREEN, True, False, True),
    ("ministry", _("Ministry"), Colour.PURPLE, True, True, True),
    ("host", _("Organizer"), Colour.TEAL, True, False, False),
    ("guest", _("Guest"), Colour.BROWN, True, False, True),
    ("press", _("Press"), Colour.RED, False, False, True),
    ("staff", _("Staff"), Colour.GREY, False, False, False),
]


def other_language(language: str) -> str:
    """The second language of a meeting's texts."""
    return "en" if language.startswith("ru") else "ru"


def create_categories(meeting: Meeting) -> list[Category]:
    """The usual categories, named in both languages."""

    def said(name: Any, language: str) -> str:
        with translation.override(language):
            return str(name)

    return Category.objects.bulk_create(
        Category(
            meeting=meeting,
            code=code,
            name=said(name, meeting.language),
            name_alt=said(name, other_language(meeting.language)),
            colour=colour,
            counts_as_participant=counts,
            is_ministry=ministry,
            self_selectable=selectable,
            position=position,
        )
        for position, (code, name, colour, counts, ministry, selectable) in enumerate(CATEGORIES)
    )
