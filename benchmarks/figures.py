"""
The headline figure with all its tables, live, as the table of registrations grows.

One meeting of 10,000 people, alone and then among 1,000,000 registrations of 21 meetings,
and one of 50,000. The floor is a bare count(*) of the same rows: whoever counts live must
at least look at them. Rows are written in bulk here, past the use cases: what is measured
reads.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks import own_database, report

if TYPE_CHECKING:
    from events.models import Meeting

GOAL_MS = 50
ROUNDS = 9

PEOPLE = """
INSERT INTO registrations_registration (
    uid, number, status, seat, source, attendance_mode, family_name, given_name, patronymic,
    latin_name, email, phone, organization, position, name_key, sort_key, search_key,
    organization_key, language, time_zone, submitted_by_name, submitted_by_email,
    registered_at, status_changed_at, decision_reason, shows_reason, link_generation, link_hash,
    ticket_code, calendar_sequence, version, missed_offers, delegation_role, category_id,
    meeting_id, region_id)
SELECT gen_random_uuid(), lpad(n::text, 7, '0'),
    CASE WHEN n %% 20 = 0 THEN 'pending' ELSE 'confirmed' END,
    CASE WHEN n %% 20 = 0 THEN 'none' ELSE 'within' END,
    'public', 'in_person', 'Фамилия' || n, 'Имя', 'Отчество', '', 'p' || n || '@example.org', '',
    'Индустриальный парк № ' || n %% 4000, 'директор', 'фамилия' || n, 'фамилия' || n,
    'фамилия' || n, 'индустриальный парк ' || n %% 4000, 'ru', '', '', '',
    now(), now(), '', false, 1, decode(md5(%(meeting)s::text || '-' || n), 'hex'),
    NULL, 0, 1, 0, '', (%(categories)s::bigint[])[1 + n %% 7], %(meeting)s,
    CASE WHEN n %% 6 = 0 THEN NULL ELSE (%(regions)s::bigint[])[1 + n %% 4000 %% 83] END
FROM generate_series(1, %(people)s) n
"""
SCANS = """
INSERT INTO attendance_scan
    (id, checkpoint_id, registration_id, kind, outcome, method, desk, code, scanned_at,
     content_hash)
SELECT gen_random_uuid(), %(door)s, id, 'entry', 'accepted', 'camera', 'Desk 1', '', now(), '\\x00'
FROM registrations_registration
WHERE meeting_id = %(meeting)s AND status = 'confirmed' AND id %% 10 < 7
"""
PRESENT = """
INSERT INTO attendance_presence (checkpoint_id, registration_id, scan_id, first_at, desk)
SELECT checkpoint_id, registration_id, id, scanned_at, desk
FROM attendance_scan WHERE checkpoint_id = %(door)s
"""


def fill(number: int, people: int) -> Meeting:
    """A meeting of that many people, seven in ten of whom came."""
    from django.db import connection  # noqa: PLC0415 -- after setup

    from attendance.models import Checkpoint  # noqa: PLC0415
    from events import regions  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    shipped = regions.load_shipped()
    meeting = factories.make_meeting(slug=f"bench-{number}", region_set=shipped, seat_limit=None)
    door = Checkpoint.objects.create(meeting=meeting, code="door")
    values = {
        "meeting": meeting.pk,
        "people": people,
        "door": door.pk,
        "categories": [c.pk for c in meeting.categories.order_by("position")],
        "regions": [r.pk for r in shipped.regions.order_by("pk")],
    }
    with connection.cursor() as cursor:
        for statement in (PEOPLE, SCANS, PRESENT):
            cursor.execute(statement, values)
    return meeting


def measure(name: str, meeting: Meeting) -> dict[str, float]:
    """Report each basis; return the medians in milliseconds."""
    from django.db import connection  # noqa: PLC0415 -- after setup
    from django.utils import timezone  # noqa: PLC0415

    from reports import boards, headline  # noqa: PLC0415
    from reports.models import Basis  # noqa: PLC0415

    floors = {
        Basis.CONFIRMED: "SELECT count(*) FROM registrations_registration"
        " WHERE meeting_id = %s AND status = 'confirmed'",
        Basis.CHECKED_IN: "SELECT count(*) FROM attendance_presence p"
        " JOIN attendance_checkpoint c ON c.id = p.checkpoint_id WHERE c.meeting_id = %s",
    }

    def bare(basis: Basis) -> None:
        with connection.cursor() as cursor:
            cursor.execute(floors[basis], [meeting.pk])
            cursor.fetchone()

    def live(basis: Basis) -> None:
        lists = headline.lists(meeting)
        figure = headline.count(lists=lists, basis=basis, at=timezone.now())
        assert sum(line.people for line in boards.by_district(figure, lists=lists))

    medians = {}
    for basis in floors:
        taken: list[float] = []
        floor: list[float] = []
        for _ in range(ROUNDS):
            floor.append(_milliseconds(bare, basis))
            taken.append(_milliseconds(live, basis))
        report(
            f"figures.{name}_{basis}", taken[1:], "ms", floor=floor[1:], goal=GOAL_MS,
            less_is_better=True,
        )  # fmt: skip
        medians[str(basis)] = statistics.median(taken[1:])
    return medians


def _milliseconds(work: Callable[..., None], *args: object) -> float:
    begun = time.perf_counter()
    work(*args)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    small, large, crowd = (1_000, 5_000, 3) if "--quick" in sys.argv else (10_000, 50_000, 20)
    with own_database():
        from django.db import connection  # noqa: PLC0415 -- after setup

        meeting = fill(0, small)
        connection.cursor().execute("VACUUM ANALYZE")
        alone = measure("alone", meeting)
        others = [fill(n, large if n < crowd else large - small) for n in range(1, crowd + 1)]
        connection.cursor().execute("VACUUM ANALYZE")
        among = measure("among_a_million", meeting)
        measure("of_50000", others[0])
        for basis, before in alone.items():
            report(
                f"figures.growth_{basis}", [among[basis] / before], "×", goal=1.5,
                less_is_better=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
