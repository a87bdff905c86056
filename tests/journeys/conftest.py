"""One ./run for all journeys of a session: real server, worker, beat, SMTP and mailbox."""

import pytest
from playwright.sync_api import sync_playwright

from tests.journeys.mailbox import Mailbox
from tests.running import Running


@pytest.fixture(scope="session")
def yavka(tmp_path_factory):
    it = Running(tmp_path_factory.mktemp("journeys") / "var")
    # Its database is its own; the tests' one is not touched.
    try:
        it.start(within=300)
        yield it
    finally:
        it.stop()


@pytest.fixture(scope="session")
def mailbox(yavka):
    return Mailbox(yavka.known["mailbox"])


@pytest.fixture(scope="module")
def driver():
    # Not longer than a file: while Playwright runs, Django takes the thread for asynchronous.
    with sync_playwright() as started:
        yield started
