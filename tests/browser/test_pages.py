"""
Every page in every state: axe finds nothing, nothing is wider than the window, no complaints.

Two languages, two widths, two themes. In the short checks each page is looked at in one of the
languages, at both widths, and axe is asked in one of the eight combinations: each combination
about as many pages. In the long ones everything is looked at in both, and axe asked in all of
them. The journeys go their ways in both languages at all times; what only a person can see is
for ./look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.browser import axe
from tests.browser.chromium import Visitor
from tests.browser.pages import ALL, View, World

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet
    from playwright.sync_api import Browser

LANGUAGES = ("ru", "en")
WIDTHS = (320, 1280)
# Nothing but colours depends on the theme: they are all that is asked about a second one.
THEMES = {"light": axe.TAGS, "dark": ["color-contrast"]}
# The frame of the admin is Django's; what stands in it is ours.
WITHIN = {"administrator": ".mail-check"}
KINDS = list(product(LANGUAGES, WIDTHS, THEMES))
# About what axe is asked in which language, width and theme.
Asked = dict[tuple[str, int, str], list[str]]


def kind_of(view: View) -> tuple[str, int, str]:
    """The language, width and theme in which the short checks look at this page."""
    return KINDS[ALL.index(view) % len(KINDS)]


def looks(language: str) -> Iterator[ParameterSet]:
    """Every page with what is asked about it in this language: some in short, all in long."""
    for view in ALL:
        kind = kind_of(view)
        if kind[0] == language:
            yield pytest.param(view, {kind: axe.TAGS}, id=view.name)
        everything = {kind: THEMES[kind[2]] for kind in KINDS if kind[0] == language}
        yield pytest.param(view, everything, id=f"{view.name}-in all", marks=pytest.mark.long)


@pytest.fixture(scope="module")
def visitors(place: tuple[str, World], started: Browser) -> Callable[..., Visitor]:
    """A visitor for each kind and language, kept: fonts and styles are fetched once."""

    @cache
    def visitor(who: str, language: str) -> Visitor:
        return Visitor(started, *place, who=who, language=language)

    return visitor


def look(
    view: View,
    language: str,
    visitor: Visitor,
    asked: Asked,
) -> list[str]:
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
        for theme in THEMES:
            if rules := asked.get((language, width, theme)):
                visitor.tab.emulate_media(color_scheme=theme)
                faults = axe.faults(visitor.tab, rules, within=WITHIN.get(view.who, ""))
                found += [f"{width} {theme} {fault}" for fault in faults]

    return found + visitor.complaints


def test_the_short_checks_ask_axe_about_every_page_and_in_every_combination_as_often() -> None:
    asked = Counter(map(kind_of, ALL))

    assert set(asked) == set(KINDS)
    assert max(asked.values()) - min(asked.values()) <= 1


# Two classes, so that two workers share them.
class TestInRussian:
    @pytest.mark.parametrize(("view", "asked"), list(looks("ru")))
    def test_a_page_is_open_to_everybody(
        self, view: View, asked: Asked, visitors: Callable[..., Visitor]
    ) -> None:
        assert look(view, "ru", visitors(view.who, "ru"), asked) == []


class TestInEnglish:
    @pytest.mark.parametrize(("view", "asked"), list(looks("en")))
    def test_a_page_is_open_to_everybody(
        self, view: View, asked: Asked, visitors: Callable[..., Visitor]
    ) -> None:
        assert look(view, "en", visitors(view.who, "en"), asked) == []
