"""
Every page in every state: axe finds nothing, nothing is wider than the window, no complaints.

Two languages, two widths, two themes. What only a person can see is for ./look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.browser import axe
from tests.browser.chromium import Visitor
from tests.browser.pages import ALL, View, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = (320, 1280)
# Nothing but colours depends on the theme.
THEMES = {"light": axe.TAGS, "dark": ["color-contrast"]}
# The frame of the admin is Django's; what stands in it is ours.
WITHIN = {"administrator": ".mail-check"}


@pytest.fixture(scope="module")
def visitors(place: tuple[str, World], started: Browser) -> Callable[..., Visitor]:
    """A visitor for each kind and language, kept: fonts and styles are fetched once."""

    @cache
    def visitor(who: str, language: str) -> Visitor:
        return Visitor(started, *place, who=who, language=language)

    return visitor


def look(view: View, language: str, visitor: Visitor) -> list[str]:
    """Everything that is wrong with the page, in words."""
    visitor.tab.set_viewport_size({"width": WIDTHS[0], "height": 800})
    visitor.tab.emulate_media(color_scheme="light")

    found: list[str] = []
    status = visitor.look_at(view, language=language)
    if status != view.status:
        found.append(f"the server answered {status}")
    if visitor.tab.locator("html").get_attribute("lang") != language:
        found.append("speaks another language")
    for width in WIDTHS:
        visitor.tab.set_viewport_size({"width": width, "height": 800})
        if (over := visitor.overflow()) > 0:
            found.append(f"{over} px wider than {width}")
        for theme, rules in THEMES.items():
            visitor.tab.emulate_media(color_scheme=theme)
            faults = axe.faults(visitor.tab, rules, within=WITHIN.get(view.who, ""))
            found += [f"{width} {theme} {fault}" for fault in faults]

    return found + visitor.complaints


# Two classes, so that two workers share them.
@pytest.mark.parametrize("view", ALL, ids=lambda view: view.name)
class TestInRussian:
    def test_a_page_is_open_to_everybody(
        self, view: View, visitors: Callable[..., Visitor]
    ) -> None:
        assert look(view, "ru", visitors(view.who, "ru")) == []


@pytest.mark.parametrize("view", ALL, ids=lambda view: view.name)
class TestInEnglish:
    def test_a_page_is_open_to_everybody(
        self, view: View, visitors: Callable[..., Visitor]
    ) -> None:
        assert look(view, "en", visitors(view.who, "en")) == []
