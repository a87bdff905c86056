"""
The pictures in docs/images: `python -m tests.browser.pictures` draws them anew.

From a ./run of its own with the sample meetings, so that they show the real thing.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import chromium
from tests.running import ROOT, Running

IMAGES = ROOT / "docs" / "images"
PHONE = {"width": 390, "height": 780}
ENGLISH = {"Accept-Language": "en"}
DESK = {"width": 1120, "height": 760}


def draw(browser: Browser, known: dict) -> None:
    """Every picture, in English; the office as the sample's organizer sees it."""
    office = browser.new_context(viewport=DESK, locale="en-GB", extra_http_headers=ENGLISH)
    page = office.new_page()
    page.goto(f"{known['url']}accounts/login/?next=/manage/")
    page.fill("[name=login]", known["organizer"]["email"])
    page.fill("[name=password]", known["organizer"]["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/manage/")
    past, upcoming = (f"{known['url']}manage/{known[m]}/" for m in ("past_meeting", "meeting"))
    for name, url in {
        "overview": upcoming,
        "participants": past + "participants/",
        "badges": past + "badges/",
        "figures": past + "figures/",
    }.items():
        page.goto(url)
        page.screenshot(path=IMAGES / f"{name}.png")
    phone = browser.new_context(viewport=PHONE, locale="en-GB", extra_http_headers=ENGLISH)
    page = phone.new_page()
    for name, url in {
        "meeting": f"{known['url']}m/{known['meeting']}/",
        "register": f"{known['url']}m/{known['meeting']}/register/",
        "desk": known["desk_links"][0],
        "press": known["press_link"],
    }.items():
        page.goto(url)
        page.screenshot(path=IMAGES / f"{name}.png")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium.browser() as browser:
        yavka = Running(Path(folder) / "var")
        yavka.start(within=300)
        try:
            draw(browser, yavka.known)
        finally:
            yavka.stop()


if __name__ == "__main__":
    main()
