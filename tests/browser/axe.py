"""What axe says about a page: the one way in which all tests ask it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page, rules: list[str] = TAGS, *, within: str = "") -> list[str]:
    """What axe says about the page as it stands, or a part of it, one line per element."""
    # Half a megabyte to send and to read: once to a page, however often it is asked about.
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = page.evaluate(
        "([within, rules]) => axe.run("
        "within || document, {runOnly: rules, resultTypes: ['violations']})",
        [within, rules],
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
