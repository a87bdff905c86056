"""Two hundred people press the button at once; Redis hangs; nothing is lost, nobody oversold."""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.programs import Program

pytestmark = [pytest.mark.journey, pytest.mark.fault]


def make_meeting(yavka, *, seats: int) -> str:
    organizer = Program(yavka.known["url"], f"Bearer {yavka.known['api_token']}")
    made = organizer.post(
        "meetings/",
        {
            "title": "Форум на одну минуту",
            "starts_at": "2035-03-01T07:00:00Z",
            "ends_at": "2035-03-01T10:00:00Z",
            "time_zone": "Europe/Moscow",
            "venue": "Зал",
            "hosts": [{"name": "Ассоциация (демо)"}],
            "seat_limit": seats,
            "approval": "automatic",
        },
    )
    assert made.status == 201, made.body
    assert organizer.post(f"meetings/{made.body['slug']}/publish/").status == 200
    return made.body["slug"]


def person(number: int) -> dict:
    letters = "".join("абвгдежзик"[int(digit)] for digit in f"{number:03d}")
    return {
        "family_name": f"Иванов{letters}",
        "given_name": "Пётр",
        "email": f"crowd-{number}@example.org",
        "organization": "АО «Парк»",
        "position": "Директор",
        "region": "RU-MOW",
        "category": "member",
        "language": "ru",
        "consents": ["processing"],
    }


def test_two_hundred_at_once_for_fifty_seats(yavka):
    slug = make_meeting(yavka, seats=50)
    anybody = Program(yavka.known["url"])

    def register(number: int):
        return anybody.post(
            f"meetings/{slug}/registrations/", person(number), Idempotency_Key=f"crowd-{number}"
        )

    with ThreadPoolExecutor(200) as crowd:
        answers = list(crowd.map(register, range(200)))

    assert Counter(answer.status for answer in answers) == {201: 200}
    assert Counter(answer.body["status"] for answer in answers) == {
        "confirmed": 50,
        "waitlisted": 150,
    }
    positions = [a.body["waiting_position"] for a in answers if a.body["status"] == "waitlisted"]
    assert sorted(positions) == list(range(1, 151))
    organizer = Program(yavka.known["url"], f"Bearer {yavka.known['api_token']}")
    limits = organizer.get(f"meetings/{slug}/seat-limits/").body
    assert limits == {
        "seat_limit": 50,
        "taken": 50,
        "free": 0,
        "over": 0,
        "held": 0,
        "waiting": 150,
        "limits": [],
    }


@pytest.mark.parametrize("how", ["hangs", "is gone"])
def test_registration_and_the_door_need_no_redis(yavka, how):
    """Answered within 2 s while the broker hangs or is dead; the mail follows later."""
    slug = make_meeting(yavka, seats=50)
    anybody = Program(yavka.known["url"])
    valkey = yavka.children()["valkey"]
    os.kill(valkey, signal.SIGSTOP if how == "hangs" else signal.SIGKILL)
    try:
        took = []
        for number in range(12):
            since = time.monotonic()
            answer = anybody.post(f"meetings/{slug}/registrations/", person(number))
            took.append(time.monotonic() - since)
            assert answer.status == 201, answer.body
    finally:
        if how == "hangs":
            os.kill(valkey, signal.SIGCONT)

    assert max(took) < 2
