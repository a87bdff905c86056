"""People with browsers: an organizer at a desk, participants and a steward with phones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from registrations import tickets
from tests.attendance import film

# Quiet flags: without them Chromium looks up hosts of its maker at every start.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


class People:
    """Whoever has a browser of his own; nobody's page may speak to a third party."""

    def __init__(self, browser: Browser, zone: str) -> None:
        self.browser, self.zone = browser, zone
        self.strangers: list[str] = []
        self.faults: list[str] = []

    def somebody(self, *, at: dict[str, int] = PHONE, script: bool = True, **options) -> Page:
        context = self.browser.new_context(
            viewport=at, java_script_enabled=script, timezone_id=self.zone, **options
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        return page

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.strangers.append(url)


@contextmanager
def people(driver: Playwright, zone: str, *, camera: Path | None = None) -> Iterator[People]:
    """A browser of its own; with a film, that is what its camera shows."""
    flags = list(FLAGS)
    if camera:
        flags.append("--use-fake-device-for-media-stream")
        flags.append(f"--use-file-for-fake-video-capture={camera}")
    browser = driver.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=flags
    )
    try:
        yield People(browser, zone)
    finally:
        browser.close()


def film_of(code: str, folder: Path) -> Path:
    """A film in which somebody holds this ticket before the camera."""
    return film.write(folder / "camera.y4m", [None, None, None, tickets.qr_png(code)], seconds=2)
