"""What the journeys of one evening have in common: a meeting, words in its language, axe."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import translation
from playwright.sync_api import Page

from tests.browser import axe
from tests.journeys.mailbox import Mailbox
from tests.journeys.programs import Program
from tests.running import Running

ZONE = "Europe/Moscow"


class Stage:
    """A meeting in one language, called by a program; what one step finds, a later one needs."""

    def __init__(self, yavka: Running, mailbox: Mailbox, language: str, **fields: Any) -> None:
        self.yavka, self.mailbox, self.language = yavka, mailbox, language
        self.url = yavka.known["url"].rstrip("/")
        self.office = Program(self.url, f"Bearer {yavka.known['api_token']}")
        self.run = uuid.uuid4().hex[:6]
        self.slug = f"evening-{self.run}"
        self.meeting = f"meetings/{self.slug}/"
        self.title = f"Вечер {self.run}" if language == "ru" else f"Evening {self.run}"
        starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
        body = {
            "slug": self.slug,
            "language": language,
            "title": self.title,
            "short_title": self.title,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
            "time_zone": ZONE,
            "venue": "Зал 2",
            "hosts": [{"name": "Ассоциация (демо)"}],
        }
        self.done(self.office.post("meetings/", body | fields))
        self.done(self.office.post(f"{self.meeting}publish/"))

    @staticmethod
    def done(answer: Any) -> Any:
        """The body of an answer that is no refusal."""
        assert answer.status < 300, answer.body
        return answer.body

    def address(self, name: str) -> str:
        return f"{name}-{self.run}@example.org"

    def words(self, text: str, plural: str = "", n: int = 0, **values: Any) -> str:
        """A text of the product as this evening's people read it."""
        with translation.override(self.language):
            found = translation.ngettext(text, plural, n) if plural else translation.gettext(text)
        return found % values if values else found

    def said(self, ru: str, en: str) -> str:
        """What a mail says, by its language."""
        return ru if self.language == "ru" else en

    def open(self, page: Page, address: str) -> Page:
        """Go there in the evening's language; addresses of mails are whole, others are paths."""
        whole = address if address.startswith("http") else f"{self.url}{address}"
        joiner = "&" if "?" in whole else "?"
        page.goto(f"{whole}{joiner}lang={self.language}")
        return page

    def manage(self, page: Page, rest: str = "") -> Page:
        return self.open(page, f"/manage/{self.slug}/{rest}")

    def sign_in(self, page: Page) -> None:
        known = self.yavka.known["organizer"]
        self.open(page, "/accounts/login/")
        page.fill("input[name=login]", known["email"])
        page.fill("input[name=password]", known["password"])
        page.locator("main form button").first.click()
        page.wait_for_url("**/manage/**")


def press(page: Page, button: Any) -> None:
    """Press what leads to another page, and be there."""
    with page.expect_navigation():
        button.click()


def is_fine(page: Page, language: str) -> None:
    """The page as it stands is open to everybody, speaks the language, and fits the window."""
    assert page.locator("html").get_attribute("lang") == language
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert over <= 0, f"{page.url} is {over} px too wide"
    # A picture taken while a note arrives has half its contrast.
    page.evaluate("Promise.all(document.getAnimations().map(a => a.finished.catch(() => {})))")
    assert axe.faults(page) == [], page.url
