"""The tests' settings, with pages that fail on request: they have to be looked at too."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.browser.urls"
