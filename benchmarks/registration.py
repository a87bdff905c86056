"""Registrations a second through the API and the form, against the bare writes."""

from __future__ import annotations

import argparse
import json
import re
import time
import uuid
from collections import deque
from datetime import timedelta
from itertools import count
from urllib.parse import urlencode

import psycopg

import benchmarks
from benchmarks import serving
from registrations import form_stamp

MEETINGS, ROUNDS = 50, 3
# The same rows as a registration writes, in one round trip, the counter last: what
# PostgreSQL alone can do. Copies of the first registration, so that all columns are real.
FLOOR = """
CREATE FUNCTION floor_register(place bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE who bigint; mark text := gen_random_uuid()::text;
BEGIN
  INSERT INTO registrations_idempotencykey (scope, key, body_hash, answer, created_at)
    VALUES ('floor', mark, sha256(mark::bytea), '{}', now());
  INSERT INTO registrations_registration (uid, number, ticket_code, link_hash, name_key, OWN)
    SELECT mark::uuid, lpad(nextval('floor_number')::text, 7, '0'), left(mark, 29),
           sha256(mark::bytea), mark, OWN
    FROM registrations_registration WHERE meeting_id = place ORDER BY id LIMIT 1
    RETURNING id INTO who;
  INSERT INTO registrations_consent (registration_id, document_id, given_at, given_by, language,
                                     user_agent)
    SELECT who, id, now(), 'self', 'ru', '' FROM registrations_consentdocument
    WHERE meeting_id = place;
  INSERT INTO accounts_journalentry (at, who, via, action, subjects, changes)
    VALUES (now(), 'visitor', 'api', 'registration.confirmed', ARRAY['meeting:1', mark], '{}');
  INSERT INTO notifications_message (dedupe_key, message_id, MESSAGE)
    SELECT mark, mark::uuid, MESSAGE FROM notifications_message ORDER BY id LIMIT 1;
  UPDATE registrations_seatlimit SET taken = taken + 1
    WHERE meeting_id = place AND (seat_limit IS NULL OR taken < seat_limit);
END $$
"""
number = count()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    seconds = 2.0 if options.parse_args().quick else 5.0
    with benchmarks.own_database() as address:
        slugs = fill()
        with serving.server(REGISTRATIONS_PER_ADDRESS="100000000") as port:
            # The floor has the last meeting to itself: its numbers are drawn by nobody.
            Api(port, slugs[-1:]).call()
            make_floor(address)
            compare(address, port, slugs[:-1], seconds)


def compare(address: str, port: int, slugs: list[str], seconds: float) -> None:
    rates: dict[str, list[float]] = {"hot": [], "many": [], "form": [], "floor": []}
    slowest: list[float] = []
    for turn in range(ROUNDS + 1):
        rate, took = serving.timed(seconds, lambda: Api(port, slugs[:1]))
        rates["hot"].append(rate)
        slowest.append(sorted(took)[int(len(took) * 0.95)] * 1000)
        rates["floor"].append(serving.timed(seconds, lambda: Bare(address))[0])
        rates["many"].append(serving.timed(seconds, lambda: Api(port, slugs))[0])
        rates["form"].append(serving.timed(seconds, lambda: Form(port, slugs[0]))[0])
        if turn == 0:  # the first round warms processes, plans and caches
            rates = {name: [] for name in rates}
            slowest = []
    benchmarks.report(
        "registration.api_hot", rates["hot"], "/s", floor=rates["floor"],
        goal=150, goal_of_floor=0.2,
    )  # fmt: skip
    benchmarks.report("registration.api_hot_p95", slowest, "ms", less_is_better=True)
    shares = [hot / many for hot, many in zip(rates["hot"], rates["many"], strict=True)]
    benchmarks.report("registration.hot_over_many", shares, "×", goal=0.8)
    benchmarks.report("registration.browser_form", rates["form"], "/s", goal=56)


class Api:
    """Registers somebody new with every call."""

    def __init__(self, port: int, slugs: list[str]) -> None:
        self.http, self.slugs = serving.Http(port), slugs

    def call(self) -> None:
        place = next(number)
        body = json.dumps(person(place) | {"region": "RU-MOW", "consents": ["processing"]})
        slug = self.slugs[place % len(self.slugs)]
        self.http.ask(
            f"POST /api/v1/meetings/{slug}/registrations/ HTTP/1.1\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}",
            body,
            expects=(201,),
        )

    def close(self) -> None:
        self.http.close()


class Form:
    """
    Opens a form and sends another one, opened a while ago as by somebody who types: together
    the two requests of a registration without its pictures and styles.
    """

    AHEAD = 40

    def __init__(self, port: int, slug: str) -> None:
        self.http, self.path = serving.Http(port), f"/m/{slug}/register/"
        self.open = deque(self._opened() for _n in range(self.AHEAD))
        time.sleep(form_stamp.MIN_SECONDS + 1)

    def call(self) -> None:
        self.open.append(self._opened())
        cookie, typed = self.open.popleft()
        self.http.ask(
            f"POST {self.path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Cookie: csrftoken={cookie}",
            urlencode(typed),
            expects=(303,),
        )

    def _opened(self) -> tuple[str, dict[str, str]]:
        page = self.http.ask(f"GET {self.path} HTTP/1.1").decode()
        fields = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
        hidden = {
            match[1]: value[1]
            for field in fields
            if (match := re.search(r'name="([^"]+)"', field))
            and (value := re.search(r'value="([^"]*)"', field))
        }
        cookie = re.search(r"csrftoken=([^;]+)", page)
        consent = re.search(r'name="(consent_\d+)"', page)
        category = re.search(r'name="category" value="([^"]+)"', page)
        regions = re.findall(r'<option value="([^"]+)"', page)
        if not (cookie and consent and category and regions):
            raise RuntimeError(page[:3000])
        typed = {"who": "self", consent[1]: "on", "region": regions[-1]}
        return cookie[1], hidden | person(next(number)) | typed | {"category": category[1]}

    def close(self) -> None:
        self.http.close()


class Bare:
    """The same writes without Python between them."""

    def __init__(self, address: str) -> None:
        self.db = psycopg.connect(address, autocommit=True)

    def call(self) -> None:
        self.db.execute("SELECT floor_register(max(meeting_id)) FROM registrations_seatlimit")

    def close(self) -> None:
        self.db.close()


def person(place: int) -> dict[str, str]:
    letters = "".join("абвгдежзик"[int(digit)] for digit in str(place))
    return {
        "family_name": f"Иванов{letters}",
        "given_name": "Пётр",
        "patronymic": "Ильич",
        "email": f"p{place}@example.org",
        "organization": "АО «Северный берег»",
        "position": "Директор",
        "category": "member",
        "language": "ru",
    }


def fill(meetings: int = MEETINGS, seat_limit: int = 100_000_000) -> list[str]:
    """Meetings, with seats for all who will come unless said otherwise."""
    from django.utils import timezone  # noqa: PLC0415 -- Django is ready only now

    from accounts import journal  # noqa: PLC0415
    from accounts.models import User  # noqa: PLC0415
    from registrations import convening  # noqa: PLC0415

    at = timezone.now()
    owner = User.objects.create_user("bench@example.org", host_name="Ассоциация")
    slugs = []
    for place in range(meetings):
        meeting = convening.draft(
            owner=owner, at=at, by=journal.SYSTEM, title=f"Совещание {place}", venue="Зал",
            starts_at=at + timedelta(days=30), ends_at=at + timedelta(days=30, hours=3),
            time_zone="Europe/Moscow", seat_limit=seat_limit, slug=f"bench-{place}",
        )  # fmt: skip
        convening.publish(meeting=meeting, at=at, by=journal.SYSTEM)
        slugs.append(meeting.slug)
    return slugs


def make_floor(address: str, function: str = FLOOR) -> None:
    from notifications.models import Message  # noqa: PLC0415 -- Django is ready only now
    from registrations.models import Registration  # noqa: PLC0415

    own = {"id", "uid", "number", "ticket_code", "link_hash", "name_key"}
    columns = [f.column for f in Registration._meta.concrete_fields if f.column not in own]
    own = {"id", "dedupe_key", "message_id"}
    letter = [f.column for f in Message._meta.concrete_fields if f.column not in own]
    words = function.replace("OWN", ", ".join(columns)).replace("MESSAGE", ", ".join(letter))
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("CREATE SEQUENCE floor_number")
        db.execute(words)  # type: ignore[call-overload]  # made of the models' own columns


if __name__ == "__main__":
    main()
