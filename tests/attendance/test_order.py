"""Whatever the order in which scans arrive, the same people are in since the same moment."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance import checkin, presence
from attendance.models import Presence, Scan
from tests.attendance.door import NOON, make_meeting, make_person, open_desk, scan

PEOPLE, DESKS = 3, 2


@pytest.fixture
def door(db):
    meeting = make_meeting()
    people = [make_person(meeting, f"Участник {n}") for n in range(PEOPLE)]
    return people, [open_desk(meeting, n + 1) for n in range(DESKS)]


entries = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(0, DESKS - 1),
        st.integers(0, 5),  # minutes; equal ones are wanted
        st.booleans(),  # taken back
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(happened=entries, order=st.randoms(use_true_random=False))
def test_presence_does_not_depend_on_the_order_of_arrival(door, happened, order):
    people, here = door
    scans = [
        (here[desk], scan(people[who], minutes=minutes, id=UUID(int=n + 1)))
        for n, (who, desk, minutes, _back) in enumerate(happened)
    ]
    voids = {n for n, (*_rest, back) in enumerate(happened) if back}
    first = arrive(scans, [*range(len(scans))], voids)
    shuffled = [*range(len(scans))]
    order.shuffle(shuffled)

    assert arrive(scans, shuffled, voids) == first


def arrive(scans, order, voids):
    """Let the scans arrive one by one, each void at some time after its entry."""
    Presence.objects.all().delete()
    Scan.objects.exclude(voids=None).delete()
    Scan.objects.all().delete()
    at = NOON + timedelta(hours=1)
    for turn, n in enumerate(order):
        desk, made = scans[n]
        checkin.record(desk=desk, scans=[made], at=at)
        # Every second undoing comes at once, the others when all have arrived.
        if n in voids and turn % 2:
            checkin.void(desk=desk, entry=made.id, void_id=UUID(int=1000 + n), at=at)
    for n in voids:
        desk, made = scans[n]
        checkin.void(desk=desk, entry=made.id, void_id=UUID(int=1000 + n), at=at)
    stood = set(Presence.objects.values_list("registration", "scan", "first_at", "desk"))
    presence.rebuild()
    remade = set(Presence.objects.values_list("registration", "scan", "first_at", "desk"))
    assert remade == stood
    return stood
