"""The time zones that an organizer may choose from."""

from datetime import UTC, datetime

import pytest

from events import zones

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Moscow", "Москва (UTC+3)"),
        ("Europe/London", "Лондон (UTC+1)"),
        ("America/New_York", "Нью-Йорк (UTC−4)"),
        ("Pacific/Auckland", "Окленд (UTC+12)"),
    ],
)
def test_a_city_stands_for_the_zone_that_is_named_for_it(zone, words):
    assert dict(zones.choices(at=NOON, language="ru"))[zone] == words


def test_no_city_stands_there_twice():
    cities = [words for _zone, words in zones.choices(at=NOON, language="en")]

    assert len(cities) == len(set(cities))
