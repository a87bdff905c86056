"""Two desks and one person: real threads, real transactions, and the control that fails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from attendance import checkin
from attendance.models import Outcome, Presence, Scan
from tests.attendance.door import NOON, make_meeting, make_person, open_desk, scan

AT = NOON + timedelta(hours=1)

# What the function of migration 0002 would be without its lock: it looks, then writes.
WITHOUT_LOCK = """
CREATE FUNCTION tests_record_without_lock(
    in_checkpoint bigint, in_registration bigint, in_id uuid, in_at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE verdict text;
BEGIN
    SELECT CASE WHEN count(*) > 0 THEN 'already_in' ELSE 'accepted' END INTO verdict
    FROM attendance_presence
    WHERE checkpoint_id = in_checkpoint AND registration_id = in_registration;
    PERFORM pg_sleep(0.005);
    INSERT INTO attendance_scan (id, checkpoint_id, registration_id, kind, outcome, method,
        desk, code, scanned_at, received_at, content_hash)
    VALUES (in_id, in_checkpoint, in_registration, 'entry', verdict, 'camera', '', '',
        in_at, in_at, '\\x00');
    INSERT INTO attendance_presence (checkpoint_id, registration_id, scan_id, first_at, desk)
    VALUES (in_checkpoint, in_registration, in_id, in_at, '') ON CONFLICT DO NOTHING;
    RETURN verdict;
END $$;
"""


def run_twins(pairs, record):
    """Each pair of calls starts at the same moment, on two connections that stay open."""
    barrier = Barrier(2)

    def work(side):
        outcomes = []
        try:
            for pair in pairs:
                barrier.wait(timeout=30)
                outcomes.append(record(pair[side]))
        finally:
            connection.close()
        return outcomes

    with ThreadPoolExecutor(2) as desks:
        left, right = desks.map(work, (0, 1))
    return list(zip(left, right, strict=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guests", [150, pytest.param(500, marks=pytest.mark.long)])
def test_of_two_desks_exactly_one_welcomes_each_guest(guests):
    meeting = make_meeting()
    here = [open_desk(meeting, 1), open_desk(meeting, 2)]
    people = [make_person(meeting, f"Участник {n}") for n in range(guests)]
    pairs = [[(desk, scan(person)) for desk in here] for person in people]

    outcomes = run_twins(
        pairs,
        lambda call: checkin.record(desk=call[0], scans=[call[1]], at=AT)[0].outcome,
    )

    expected = {Outcome.ACCEPTED, Outcome.ALREADY_IN}
    assert sum(set(pair) == expected for pair in outcomes) == guests
    assert Scan.objects.filter(outcome=Outcome.ACCEPTED).count() == guests
    assert Presence.objects.count() == guests


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_desks_welcome_the_same_person():
    meeting = make_meeting()
    checkpoint = open_desk(meeting).checkpoint_id
    people = [make_person(meeting, f"Участник {n}") for n in range(100)]
    pairs = [[(person.pk, scan(person).id) for _desk in range(2)] for person in people]
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_LOCK)

    def record(call):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tests_record_without_lock(%s, %s, %s, %s)", [checkpoint, *call, AT]
            )
            return cursor.fetchone()[0]

    try:
        outcomes = run_twins(pairs, record)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION tests_record_without_lock")

    assert any(pair == ("accepted", "accepted") for pair in outcomes)


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_is_one_scan():
    meeting = make_meeting()
    desk = open_desk(meeting)
    pairs = []
    for n in range(50):
        known, unknown = scan(make_person(meeting, f"Участник {n}")), scan(f"none-{n}")
        pairs.append([[known, unknown], [unknown, known]])

    run_twins(pairs, lambda scans: len(checkin.record(desk=desk, scans=scans, at=AT)))

    assert Scan.objects.count() == 100
    assert Presence.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_batches_over_the_same_people_in_opposite_order_do_not_wait_for_each_other():
    meeting = make_meeting()
    here = [open_desk(meeting, 1), open_desk(meeting, 2)]
    people = [make_person(meeting, f"Участник {n}") for n in range(60)]
    pairs = [
        [(here[0], [scan(p) for p in people]), (here[1], [scan(p) for p in reversed(people)])]
        for _turn in range(10)
    ]

    run_twins(pairs, lambda call: checkin.record(desk=call[0], scans=call[1], at=AT))

    assert Presence.objects.count() == 60
    assert Scan.objects.filter(outcome=Outcome.ACCEPTED).count() == 60
