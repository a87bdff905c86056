from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium, serving
from tests.browser.pages import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def place() -> Iterator[tuple[str, World]]:
    """The address of the served world, and the names in it."""
    with serving.served(os.environ["DATABASE_URL"]) as found:
        yield found


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    # Not longer than a file: while Playwright runs, Django takes the thread for asynchronous.
    with chromium.browser() as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
