"""How moments are said: the year where the reader would take it for another one."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from events import when

MOSCOW = ZoneInfo("Europe/Moscow")
READ = datetime.fromisoformat("2026-12-20T12:00+03:00")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-01-24T10:00+03:00", "24 января, 10:00 мск"),
        ("2020-01-24T10:00+03:00", "24 января 2020, 10:00 мск"),
        ("2027-03-10T10:00+03:00", "10 марта 2027, 10:00 мск"),
        # In Greenwich it is the old year still.
        ("2027-01-01T01:00+03:00", "1 января 2027, 01:00 мск"),
    ],
)
def test_the_year_is_said_where_it_is_not_the_readers(at, said):
    moment = datetime.fromisoformat(at)

    assert when.moment(moment, MOSCOW, language="ru", seen_at=READ) == said


def test_nobody_is_told_the_year_who_did_not_ask():
    moment = datetime.fromisoformat("2020-01-24T10:00+03:00")

    assert when.moment(moment, MOSCOW, language="ru") == "24 января, 10:00 мск"
