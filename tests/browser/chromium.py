"""Debian's Chromium, driven by Playwright: how it starts, and a tab for each kind of visitor."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser.pages import View, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Quiet flags: without them it looks up hosts of its maker at every start.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# The console says so for every page that is meant to fail; that is no fault of the page.
EXPECTED = "Failed to load resource: the server responded with a status of"


@contextmanager
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise RuntimeError("Looking at pages needs Chromium: install the package `chromium`.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield started
        finally:
            started.close()


class Visitor:
    """Somebody with a browser of his own: cookies by who he is, complaints of the console kept."""

    def __init__(
        self,
        started: Browser,
        base: str,
        world: World,
        *,
        who: str = "",
        language: str = "ru",
        **options: object,
    ) -> None:
        self.base, self.world = base, world
        # Without motion: a picture taken while a note arrives shows it half faded.
        self.context: BrowserContext = started.new_context(
            base_url=base,
            locale={"ru": "ru-RU", "en": "en-GB"}[language],
            reduced_motion="reduce",
            **options,
        )
        self.context.set_default_timeout(15_000)
        if who in ("organizer", "administrator"):
            session = world["session" if who == "organizer" else "admin_session"]
            self.context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        self.tab: Page = self.context.new_page()
        if who == "desk":
            self.tab.goto(f"/c/{world['desk']}/")
            with self.tab.expect_navigation():
                self.tab.locator("main form button.primary").click()
        self.complaints: list[str] = []
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on(
            "console",
            lambda said: (
                self.complaints.append(said.text)
                if said.type in ("error", "warning") and not said.text.startswith(EXPECTED)
                else None
            ),
        )

    def look_at(self, view: View, *, language: str) -> int:
        """Go there in that language and do what is to be done; return the server's status."""
        self.complaints.clear()
        address, _mark, part = view.address(self.world).partition("#")
        joiner = "&" if "?" in address else "?"
        # Another part of the page that is open would not be loaded.
        self.tab.goto("about:blank")
        # Modules have run when a page is loaded; fonts and pictures are there.
        answer = self.tab.goto(f"{address}{joiner}lang={language}{_mark}{part}")
        if view.act:
            view.act(self.tab, self.world)
        self.tab.evaluate("document.fonts.ready")
        return answer.status if answer else 0

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.tab.evaluate("document.documentElement.scrollWidth - innerWidth"))
