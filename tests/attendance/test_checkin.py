"""The log of scans: verdicts, repetition, undoing, and what stands whatever the order."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import JournalEntry
from attendance import checkin, presence
from attendance.models import Outcome, Presence, Scan
from registrations.models import Status
from tests.attendance.door import NOON, make_meeting, make_person, open_desk, scan

pytestmark = pytest.mark.django_db


def record(desk, *scans, at=NOON + timedelta(hours=1)):
    return checkin.record(desk=desk, scans=list(scans), at=at)


def test_a_confirmed_person_is_welcomed_with_what_the_steward_needs():
    meeting = make_meeting()
    person = make_person(meeting, "Ёлкин", "Пётр", patronymic="Ильич")

    [result] = record(open_desk(meeting), scan(person))

    assert result.outcome == Outcome.ACCEPTED
    assert result.person.name == "Ёлкин Пётр Ильич"
    assert result.person.box == "Е"
    assert (result.person.organization, result.person.region) == (
        "Парк «Заречный»",
        "Калужская область",
    )
    assert result.person.category == "Участник"
    assert Presence.objects.get().registration == person


def test_the_second_desk_says_since_when_and_where():
    meeting = make_meeting()
    person = make_person(meeting)
    one, two = open_desk(meeting, 1), open_desk(meeting, 2)
    record(one, scan(person, minutes=41))

    [again] = record(two, scan(person, minutes=50))

    assert again.outcome == Outcome.ALREADY_IN
    assert (again.first_clock, again.first_desk, again.offer) == ("12:41", "Стойка 1", "again")
    assert Presence.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "outcome", "offer"),
    [
        ({"status": Status.PENDING}, Outcome.PENDING, "admit"),
        ({"status": Status.WAITLISTED}, Outcome.WAITLISTED, "admit"),
        ({"status": Status.CANCELLED}, Outcome.CANCELLED, ""),
        ({"status": Status.DECLINED}, Outcome.DECLINED, ""),
        ({"attendance_mode": "online"}, Outcome.ONLINE, "admit"),
    ],
)
def test_whoever_has_no_seat_here_is_not_let_in(fields, outcome, offer):
    meeting = make_meeting()
    person = make_person(meeting, **fields)

    [result] = record(open_desk(meeting), scan(person))

    assert (result.outcome, result.offer) == (outcome, offer)
    assert not Presence.objects.exists()


def test_a_desk_that_may_not_admit_is_offered_nothing():
    meeting = make_meeting()
    person = make_person(meeting, status=Status.PENDING)

    [result] = record(open_desk(meeting, may_admit=False), scan(person))

    assert result.offer == ""


def test_another_meetings_ticket_is_told_from_no_ticket():
    here, there = make_meeting(), make_meeting("other", short_title="Форум", short_title_alt="")
    stranger = make_person(there)

    other, unknown = record(open_desk(here), scan(stranger), scan("https://example.org/wifi"))

    assert other.outcome == Outcome.OTHER_MEETING
    assert other.other_meeting == "Форум, 24 января 2030, 10:00 мск"
    assert other.person is None
    assert Scan.objects.get(pk=other.id).registration is None
    assert unknown.outcome == Outcome.UNKNOWN
    assert Scan.objects.get(pk=unknown.id).code == "https://example.org/wifi"


def test_a_drafts_title_is_nobodys_business():
    here, draft = make_meeting(), make_meeting("secret", status="draft", published_at=None)

    [result] = record(open_desk(here), scan(make_person(draft)))

    assert (result.outcome, result.other_meeting) == (Outcome.OTHER_MEETING, "")


def test_a_number_is_enough_and_only_at_its_own_meeting():
    here, there = make_meeting(), make_meeting("other")
    person, stranger = make_person(here), make_person(there)

    mine, theirs = record(open_desk(here), scan(person.spoken_number), scan(stranger.spoken_number))

    assert (mine.outcome, theirs.outcome) == (Outcome.ACCEPTED, Outcome.UNKNOWN)


def test_nobody_is_checked_in_to_a_cancelled_meeting():
    meeting = make_meeting(status="cancelled", cancelled_at=NOON)

    [result] = record(open_desk(meeting), scan(make_person(meeting)))

    assert result.outcome == Outcome.CLOSED


def test_a_scan_sent_again_gets_its_first_result():
    meeting = make_meeting()
    desk, once = open_desk(meeting), scan(make_person(meeting))
    record(desk, once)

    [again] = record(desk, once)

    assert (again.outcome, again.is_replayed) == (Outcome.ACCEPTED, True)
    assert Scan.objects.count() == 1


def test_an_id_stands_for_one_scan_only():
    meeting = make_meeting()
    desk, first = open_desk(meeting), scan(make_person(meeting))
    record(desk, first)
    other = make_person(meeting, "Абрамов")

    [reused] = record(desk, scan(other, id=first.id))

    assert reused.is_reused
    assert reused.person is None
    assert Presence.objects.get().registration != other


def test_the_id_of_another_meetings_scan_tells_nothing():
    here, there = make_meeting(), make_meeting("other")
    theirs = scan(make_person(there))
    record(open_desk(there), theirs)

    [reused] = record(open_desk(here), theirs)

    assert (reused.is_reused, reused.person) == (True, None)


def test_a_batch_admits_one_person_once():
    meeting = make_meeting()
    person = make_person(meeting)
    first, second = scan(person, minutes=1), scan(person, minutes=2)

    results = record(open_desk(meeting), second, first, second)

    assert [r.outcome for r in results] == [
        Outcome.ALREADY_IN,
        Outcome.ACCEPTED,
        Outcome.ALREADY_IN,
    ]
    assert [r.is_replayed for r in results] == [False, False, True]
    assert Presence.objects.get().scan_id == first.id


def test_undo_takes_the_entry_back_and_lets_in_anew():
    meeting = make_meeting()
    desk, person = open_desk(meeting), make_person(meeting)
    mistake = scan(person)
    record(desk, mistake)

    checkin.void(desk=desk, entry=mistake.id, void_id=uuid4(), at=NOON)

    assert not Presence.objects.exists()
    assert Scan.objects.count() == 2
    [again] = record(desk, scan(person, minutes=5))
    assert again.outcome == Outcome.ACCEPTED
    entry = JournalEntry.objects.get(action="scan.voided")
    assert f"registration:{person.pk}" in entry.subjects


def test_undoing_twice_is_harmless_and_other_meetings_scans_cannot_be_undone():
    here, there = make_meeting(), make_meeting("other")
    desk, mistake, void_id = open_desk(here), scan(make_person(here)), uuid4()
    record(desk, mistake)

    states = [
        checkin.void(desk=desk, entry=mistake.id, void_id=each, at=NOON).state
        for each in (void_id, void_id, uuid4())
    ]

    assert states == ["new", "replayed", "replayed"]
    with pytest.raises(checkin.ScanUnknown):
        checkin.void(desk=open_desk(there), entry=mistake.id, void_id=uuid4(), at=NOON)
    second = scan(make_person(here, "Абрамов"))
    record(desk, second)
    with pytest.raises(checkin.IdReused):
        checkin.void(desk=desk, entry=second.id, void_id=void_id, at=NOON)


def test_let_in_again_is_a_deliberate_line_in_the_log():
    meeting = make_meeting()
    desk, person = open_desk(meeting), make_person(meeting)
    record(desk, scan(person, minutes=1))

    [again] = record(desk, scan(person, minutes=9, admit=True))

    assert again.outcome == Outcome.ACCEPTED
    assert again.first_clock == "12:01"
    assert Presence.objects.count() == 1


def test_a_clock_that_cannot_be_believed_is_not():
    meeting = make_meeting()
    desk = open_desk(meeting)
    ahead, behind = scan(make_person(meeting), minutes=600), scan(make_person(meeting, "А"))

    checkin.record(desk=desk, scans=[ahead], at=NOON)
    checkin.record(desk=desk, scans=[behind], at=NOON, offset=timedelta(minutes=-7))

    assert Scan.objects.get(pk=ahead.id).scanned_at == NOON
    assert Scan.objects.get(pk=behind.id).scanned_at == NOON - timedelta(minutes=7)


def test_one_scan_is_one_statement(django_assert_num_queries):
    meeting = make_meeting()
    desk, person = open_desk(meeting), make_person(meeting)

    with django_assert_num_queries(1):
        record(desk, scan(person))


def test_presence_can_be_made_anew_from_the_log():
    meeting = make_meeting()
    desk = open_desk(meeting)
    people = [make_person(meeting, f"А{n}") for n in range(3)]
    mistake = scan(people[0])
    record(desk, mistake, *(scan(p, minutes=n) for n, p in enumerate(people)))
    checkin.void(desk=desk, entry=mistake.id, void_id=uuid4(), at=NOON)
    stood = set(Presence.objects.values_list("registration", "scan", "first_at", "desk"))
    Presence.objects.all().delete()

    assert presence.rebuild() == 3

    assert set(Presence.objects.values_list("registration", "scan", "first_at", "desk")) == stood
