"""What a meeting is called, in the reader's language."""

import pytest
from django.utils import translation

from events.models import Meeting

NAMED = {"language": "ru", "title": "Встреча парков", "short_title": "Парки"}
LONG = "Working meeting of the managing companies of industrial parks"


@pytest.mark.parametrize(
    ("second", "read"),
    [
        ({"title_alt": LONG, "short_title_alt": "Parks"}, "Parks"),
        ({"title_alt": "Meeting of parks"}, "Meeting of parks"),
        ({"title_alt": LONG}, "Working meeting of the managing…"),
        ({}, "Парки"),
    ],
)
def test_a_short_title_without_a_second_language_is_made_of_the_title_that_has_one(second, read):
    meeting = Meeting(**NAMED, **second)

    with translation.override("en"):
        assert meeting.text("short_title") == read
    with translation.override("ru"):
        assert meeting.text("short_title") == "Парки"
