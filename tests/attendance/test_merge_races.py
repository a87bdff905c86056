"""Real threads: a merge and an edit, a cancellation, another merge, a scan at the same moment."""

from time import sleep

import pytest

from attendance import checkin
from attendance import merging as use_case
from attendance.models import Outcome, Presence
from registrations import amending, booking, seats, transitions
from registrations.merging import NotMergeable
from registrations.models import Registration, Status
from registrations.transitions import StaleVersion
from tests.attendance.door import open_desk, scan
from tests.factories import LINK, NOON, ORGANIZER, make_meeting, make_registration
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FEW = 6
MANY = 100


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.long)])
def repetitions(request):
    return request.param


def two_of_one(*, waiting: int = 0):
    meeting = make_meeting(seat_limit=2)
    ada, twin = (make_registration(meeting=meeting, family_name="Лавлейс") for _ in "12")
    for _ in range(waiting):
        make_registration(meeting=meeting, status=Status.WAITLISTED)
    return meeting, ada, twin


def merging(kept, other, **versions):
    return lambda: use_case.merge(
        kept=kept, other=other, taken=(), at=NOON, by=ORGANIZER, **versions
    )


def cancelling(person):
    return lambda: booking.cancel(registration=person, at=NOON, by=LINK)


def editing(person):
    return lambda: amending.amend(
        registration=person, changes={"family_name": "Байрон"}, version=1, at=NOON, by=LINK
    )


def look_without_waiting(registration):
    """The row as it is, locked by nobody; whoever reads it at the same moment reads the same."""
    found = Registration.objects.select_related(
        "meeting", "category", "region", "delegation", "access_code", "awaits_head_of"
    ).get(pk=registration.pk)
    sleep(0.05)
    return found


@pytest.fixture
def unlocked(monkeypatch):
    monkeypatch.setattr(seats, "lock", seats.look)
    monkeypatch.setattr(transitions, "locked", look_without_waiting)


def merge_against_edit(repetitions: int) -> list[int]:
    """How many of the two went through, time after time."""
    won = []
    for _ in range(repetitions):
        _meeting, ada, twin = two_of_one()
        results = at_once(merging(ada, twin, version=1), editing(ada))
        refused = [one for one in results if isinstance(one, StaleVersion)]
        won.append(2 - len(refused))
        ada.refresh_from_db()
        twin.refresh_from_db()
        assert (ada.family_name == "Байрон") != (twin.merged_into == ada) or won[-1] != 1
    return won


def test_of_a_merge_and_an_edit_made_from_the_same_version_one_is_refused(repetitions):
    assert merge_against_edit(repetitions) == [1] * repetitions


def test_control_without_locks_both_go_through(unlocked):
    assert 2 in merge_against_edit(FEW)


def merge_against_cancel(repetitions: int, *, whom: int) -> list[str]:
    """What went wrong: seats that do not add up, somebody moved up too many or too few."""
    wrong = []
    for _ in range(repetitions):
        meeting, *pair = two_of_one(waiting=3)
        results = at_once(merging(*pair), cancelling(pair[whom]))
        failed = [one for one in results if isinstance(one, Exception)]
        if [one for one in failed if not isinstance(one, NotMergeable)]:
            wrong.append(f"failed: {failed}")
        if drift := seats.audit(meeting.pk):
            wrong.append(f"drift: {drift}")
        standing = Registration.objects.filter(meeting=meeting)
        left = standing.confirmed().filter(pk__in=[one.pk for one in pair]).count()
        confirmed, waiting = standing.confirmed().count(), standing.waitlisted().count()
        if (confirmed, waiting) != (2, 3 - (2 - left)):
            wrong.append(f"{left} of the two, {confirmed} confirmed, {waiting} waiting")
        if whom == 1 and standing.filter(merged_into=pair[0]).count() != 1:
            wrong.append("not merged")
    return wrong


@pytest.mark.parametrize("whom", [0, 1])
def test_a_merge_and_a_cancellation_free_each_seat_once(repetitions, whom):
    assert merge_against_cancel(repetitions, whom=whom) == []


def test_control_without_locks_seats_do_not_add_up(unlocked):
    assert merge_against_cancel(FEW, whom=0)


def test_of_two_merges_into_each_other_one_is_refused(repetitions):
    for _ in range(repetitions):
        meeting, ada, twin = two_of_one(waiting=1)

        results = at_once(merging(ada, twin), merging(twin, ada))

        assert [type(one) for one in results].count(NotMergeable) == 1, results
        people = Registration.objects.filter(meeting=meeting)
        assert people.filter(merged_into__isnull=False).count() == 1
        assert people.confirmed().count() == 2
        assert seats.audit(meeting.pk) == {}


def merge_against_scan(monkeypatch, repetitions: int) -> list[tuple[str, str, int]]:
    """The verdict, whom it named, and how many are in when both are done."""
    fold = use_case._fold

    def fold_and_linger(doors, kept):
        fold(doors, kept)
        sleep(0.3)

    def scan_meanwhile(desk, person):
        sleep(0.1)
        [result] = checkin.record(desk=desk, scans=[scan(person, scanned_at=NOON)], at=NOON)
        return result

    monkeypatch.setattr(use_case, "_fold", fold_and_linger)
    seen = []
    for _ in range(repetitions):
        meeting, ada, twin = two_of_one()
        desk = open_desk(meeting, at=NOON)
        _merged, result = at_once(
            merging(ada, twin), lambda desk=desk, twin=twin: scan_meanwhile(desk, twin)
        )
        whose = "kept" if result.person.uid == ada.uid else "other"
        count = Presence.objects.filter(registration=ada).count()
        seen.append((result.outcome, whose, count))
    return seen


def test_a_scan_during_a_merge_waits_and_lets_the_kept_one_in(monkeypatch):
    seen = merge_against_scan(monkeypatch, 3)

    assert seen == [(Outcome.ACCEPTED, "kept", 1)] * 3


def test_control_a_scan_that_does_not_wait_lets_somebody_in_who_is_gone(monkeypatch):
    monkeypatch.setattr(use_case, "_stop_scans", lambda doors, people: None)

    assert (Outcome.ACCEPTED, "kept", 1) not in merge_against_scan(monkeypatch, 1)
