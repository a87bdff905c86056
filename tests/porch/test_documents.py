import re

import pytest

from tests.running import ROOT

PAGES = [
    path.relative_to(ROOT)
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_document_leads_somewhere(page):
    text = (ROOT / page).read_text()

    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing = [
        target
        for target in targets
        if not re.match(r"[a-z]+:|/", target) and not ((ROOT / page).parent / target).exists()
    ]

    assert missing == []
