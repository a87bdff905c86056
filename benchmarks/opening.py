"""
The minute in which registration opens: 10,000 people for 500 seats, through the real server.

All knock at once and each waits for an answer: a seat, or a place in line. The floor is the
same writes in the database alone. This one fails, beside printing: where a seat was given
twice, somebody got no answer or an error, or two stand at the same place in line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import benchmarks
from benchmarks import registration, serving

# More than the server has threads: there is always somebody waiting at the door.
AT_ONCE = 32
# Whoever finds no seat takes a turn in line instead; the counter is last in both.
FLOOR = registration.FLOOR.replace(
    "END $$",
    """IF NOT FOUND THEN
    UPDATE registrations_seatlimit SET waiting = waiting + 1, last_line = last_line + 1
    WHERE meeting_id = place;
  END IF;
END $$""",
)


@dataclass(frozen=True)
class Answer:
    """What one person was told, and after how many seconds."""

    status: int
    standing: str
    position: int | None
    took: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="1,000 people for 50 seats")
    people, seats = (1_000, 50) if options.parse_args().quick else (10_000, 500)
    with benchmarks.own_database() as address:
        warm, hot, floor = registration.fill(3, seats)
        with serving.server(REGISTRATIONS_PER_ADDRESS="100000000") as port:
            serving.timed(1.0, lambda: registration.Api(port, [warm]))
            registration.Api(port, [floor]).call()
            seconds, answers = crowd(people, AT_ONCE, lambda: Person(port, hot))
        registration.make_floor(address, FLOOR)
        bare, _nothing = crowd(people, serving.CLIENTS, lambda: registration.Bare(address))
        wrong = complaints(answers, hot, people=people, seats=seats)
    report(seconds, bare, answers)
    if wrong:
        sys.exit("\n".join(wrong))


class Person:
    """Registers somebody new with every call, and keeps what was answered."""

    def __init__(self, port: int, slug: str) -> None:
        self.http, self.path = serving.Http(port), f"/api/v1/meetings/{slug}/registrations/"

    def call(self) -> Answer:
        typed = registration.person(next(registration.number))
        body = json.dumps(typed | {"region": "RU-MOW", "consents": ["processing"]})
        began = time.perf_counter()
        said = self.http.ask(
            f"POST {self.path} HTTP/1.1\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}",
            body,
            expects=tuple(range(200, 600)),
        )
        took = time.perf_counter() - began
        status, told = int(said.split()[1]), {}
        if status == 201:
            told = json.loads(said.partition(b"\r\n\r\n")[2])
        return Answer(status, told.get("status", ""), told.get("waiting_position"), took)

    def close(self) -> None:
        self.http.close()


def crowd(
    people: int, at_once: int, make: Callable[[], serving.Client]
) -> tuple[float, list[Answer]]:
    """Let so many in, some at once; how long it took until all were answered, and how."""
    turns = count()
    clients = [make() for _n in range(at_once)]
    since = time.perf_counter()

    def work(client: serving.Client) -> list[Answer]:
        answers = []
        while next(turns) < people:
            answers.append(client.call())
        client.close()
        return answers

    with ThreadPoolExecutor(at_once) as pool:
        answers = [each for one in pool.map(work, clients) for each in one]
    return time.perf_counter() - since, answers


def complaints(answers: list[Answer], slug: str, *, people: int, seats: int) -> list[str]:
    """What went wrong, in words: by what people were told, and by what is stored."""
    from events.models import Meeting  # noqa: PLC0415 -- Django is ready only now
    from registrations import seats as counters  # noqa: PLC0415
    from registrations.models import Registration  # noqa: PLC0415

    meeting = Meeting.objects.select_related("seats").get(slug=slug)
    told = Counter(answer.standing or str(answer.status) for answer in answers)
    waiting = people - seats
    stored = Registration.objects.filter(meeting=meeting)
    checks = {
        f"answered: {dict(told)}": told == {"confirmed": seats, "waitlisted": waiting},
        f"{meeting.seats.taken} seats are taken": meeting.seats.taken == seats,
        f"{meeting.seats.waiting} wait": meeting.seats.waiting == waiting,
        "places in line are not 1, 2, 3 …": sorted(
            answer.position for answer in answers if answer.position is not None
        )
        == list(range(1, waiting + 1)),
        "not as many are stored as were told so": (
            stored.confirmed().count(), stored.waitlisted().count(),
        ) == (seats, waiting),
        f"the audit says {counters.audit(meeting.pk)}": counters.audit(meeting.pk) == {},
    }  # fmt: skip
    return [words for words, is_right in checks.items() if not is_right]


def report(seconds: float, bare: float, answers: list[Answer]) -> None:
    people = len(answers)
    benchmarks.report(
        "opening.all_answered", [seconds], f"s for {people}", floor=[bare], goal=60,
        less_is_better=True,
    )  # fmt: skip
    benchmarks.report("opening.answers", [people / seconds], "/s")
    slowest = sorted(answer.took for answer in answers)[int(people * 0.95)]
    benchmarks.report("opening.p95", [slowest * 1000], "ms", less_is_better=True)
    errors = sum(answer.status >= 500 for answer in answers)
    told = Counter(answer.standing for answer in answers)
    sys.stdout.write(
        f"{errors} errors of the server, {told['confirmed']} told of a seat, "
        f"{told['waitlisted']} of a place in line\n"
    )


if __name__ == "__main__":
    main()
