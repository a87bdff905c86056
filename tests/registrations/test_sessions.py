"""Sessions with seats: chosen by the confirmed, one at a time, and given back by whoever leaves."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import JournalEntry
from events.models import Format, Session
from notifications import rendering
from notifications.models import Message
from registrations import amending, booking, convening, erasure, review, seats, substituting
from registrations.models import AttendanceMode, SeatLimit, SessionSeat, Status
from registrations.sessions import choosing, planning
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
    make_session,
)

pytestmark = pytest.mark.django_db(transaction=True)
AT = {"at": NOON, "by": LINK}


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def titles(person):
    return [
        seat.session.title for seat in person.session_seats.select_related("session").in_order()
    ]


def taken(session):
    return SeatLimit.objects.get(session=session).taken


def book(person, session, **options):
    choosing.book(registration=person, session=session, **AT | options)


def wish_of(session, **changes):
    known = {field: getattr(session, field) for field in planning.FIELDS}
    places = SeatLimit.objects.get(session=session)
    known |= {"capacity": places.seat_limit, "shows_left": places.shows_left}
    return planning.Wish(**known | changes)


def change(session, *, releases=False, **changes):
    return planning.change(
        session=session, wish=wish_of(session, **changes), version=None, at=NOON, by=ORGANIZER,
        releases=releases,
    )  # fmt: skip


@pytest.fixture
def meeting():
    return make_meeting(seat_limit=10)


@pytest.fixture
def person(meeting):
    return make_registration(meeting=meeting)


def test_a_confirmed_person_takes_a_seat_and_gives_it_back(meeting, person):
    session = make_session(meeting, title="Цифровые парки", capacity=2)

    book(person, session)
    book(person, session)

    assert (titles(person), taken(session)) == (["Цифровые парки"], 1)
    choosing.give_back(registration=person, session=session, **AT)
    choosing.give_back(registration=person, session=session, **AT)
    assert (titles(person), taken(session)) == ([], 0)
    said = JournalEntry.objects.about(f"registration:{person.pk}").values_list("action", flat=True)
    assert sorted(said) == ["session.booked", "session.given_back"]
    assert seats.audit(meeting.pk) == {}


def test_a_full_session_says_so_and_names_others_of_that_time(meeting, person):
    full = make_session(meeting, title="Инвестиции", capacity=0)
    other = make_session(meeting, title="Кадры", capacity=1)
    make_session(meeting, title="Для всех", capacity=None)

    with pytest.raises(choosing.SessionFull) as refusal:
        book(person, full)

    assert str(refusal.value) == (
        "All places in “Инвестиции” are taken. At that time there are places in “Кадры”."
    )
    assert refusal.value.facts == {"others": [str(other.uid)]}
    assert titles(person) == []


def test_two_sessions_at_once_are_refused_by_name(meeting, person):
    first = make_session(meeting, title="Инвестиции", hour=0, capacity=5)
    second = make_session(meeting, title="Кадры", hour=0.5, capacity=5)
    after = make_session(meeting, title="Экспорт", hour=1, capacity=5)
    book(person, first)

    with pytest.raises(choosing.SessionsOverlap) as refusal:
        book(person, second)
    book(person, after)

    assert str(refusal.value) == (
        "“Кадры” is at the same time as “Инвестиции”, which has been chosen already."
    )
    assert titles(person) == ["Инвестиции", "Экспорт"]
    assert taken(second) == 0


def test_postgresql_refuses_two_sessions_at_once_too(meeting, person):
    first = make_session(meeting, hour=0, capacity=5)
    second = make_session(meeting, hour=0.5, capacity=5)
    book(person, first)

    with (
        pytest.raises(IntegrityError, match="nobody_is_in_two_sessions_at_once"),
        transaction.atomic(),
    ):
        SessionSeat.objects.create(
            registration=person, session=second, starts_at=second.starts_at,
            ends_at=second.ends_at, booked_at=NOON,
        )  # fmt: skip


def test_postgresql_holds_a_seat_at_the_times_of_its_session(meeting, person):
    session = make_session(meeting, capacity=5)

    with (
        pytest.raises(IntegrityError, match="a_seat_has_the_times_of_its_session"),
        transaction.atomic(),
    ):
        SessionSeat.objects.create(
            registration=person, session=session, starts_at=session.starts_at,
            ends_at=session.ends_at + timedelta(hours=1), booked_at=NOON,
        )  # fmt: skip


def test_a_swap_keeps_the_old_place_when_the_new_session_is_full(meeting, person):
    old = make_session(meeting, title="Инвестиции", capacity=5)
    new = make_session(meeting, title="Кадры", capacity=0)
    book(person, old)

    with pytest.raises(choosing.SessionFull):
        book(person, new, instead_of=[old])

    assert (titles(person), taken(old), taken(new)) == (["Инвестиции"], 1, 0)
    change(new, capacity=1)
    book(person, new, instead_of=[old])
    assert (titles(person), taken(old), taken(new)) == (["Кадры"], 0, 1)


@pytest.mark.parametrize("status", [Status.PENDING, Status.WAITLISTED, Status.CANCELLED])
def test_only_the_confirmed_have_seats_in_sessions(status):
    meeting = make_meeting(seat_limit=0)
    person = make_registration(meeting=meeting, status=status)
    session = make_session(meeting, capacity=5)

    with pytest.raises(choosing.NoSessionSeats):
        book(person, session)


def test_a_session_for_everybody_cannot_be_booked(meeting, person):
    with pytest.raises(choosing.SessionNotBookable):
        book(person, make_session(meeting, capacity=None))


def test_a_session_that_is_gone_or_of_another_meeting_is_none(meeting, person):
    gone = make_session(meeting, capacity=5)
    planning.remove(session=gone, at=NOON, by=ORGANIZER)

    for session in (gone, make_session(make_meeting(), capacity=5)):
        with pytest.raises(choosing.SessionUnknown):
            book(person, session)


def test_the_audit_finds_a_counter_that_differs_from_the_rows(meeting, person):
    session = make_session(meeting, capacity=5)
    book(person, session)
    limit = SeatLimit.objects.get(session=session)
    SeatLimit.objects.filter(pk=limit.pk).update(taken=3)
    person.status = Status.PENDING
    person.seat = "none"
    person.save()

    drift = seats.audit(meeting.pk)

    assert drift[f"taken of session {session.pk}"] == (3, 1)
    assert drift["stray in sessions"] == (1, 0)


def test_after_the_lists_are_closed_only_the_organizer_changes_choices(meeting, person):
    session = make_session(meeting, capacity=5)
    book(person, session)
    meeting.edits_close_at = NOON
    meeting.save()

    with pytest.raises(choosing.ListsClosed):
        choosing.give_back(registration=person, session=session, **AT)
    with pytest.raises(choosing.ListsClosed):
        book(make_registration(meeting=meeting), session)
    choosing.give_back(
        registration=person, session=session, at=NOON, by=ORGANIZER, as_organizer=True
    )

    assert titles(person) == []


LEAVING = {
    "cancel": lambda person: booking.cancel(registration=person, **AT),
    "decline": lambda person: review.decline(registration=person, at=NOON, by=ORGANIZER),
    "erase": lambda person: erasure.erase(registration=person, **AT),
    "erase later": lambda person: erasure.erase(
        registration=person, at=NOON + timedelta(days=21, hours=1), by=LINK
    ),
    "online": lambda person: amending.amend(
        registration=person, changes={"attendance_mode": AttendanceMode.ONLINE}, version=None, **AT
    ),
}


@pytest.mark.parametrize("way", LEAVING)
def test_whoever_leaves_gives_the_seats_in_sessions_back(way):
    meeting = make_meeting(seat_limit=2, format=Format.HYBRID)
    person, stays = make_registration(meeting=meeting), make_registration(meeting=meeting)
    morning, noon = make_session(meeting, capacity=2), make_session(meeting, hour=1, capacity=2)
    for one in (person, stays):
        book(one, morning)
        book(one, noon)

    LEAVING[way](person)

    assert (titles(person), taken(morning), taken(noon)) == ([], 1, 1)
    assert len(titles(stays)) == 2
    assert seats.audit(meeting.pk) == {}


def test_a_substitute_comes_to_the_same_sessions(meeting, person):
    session = make_session(meeting, title="Кадры", capacity=1)
    book(person, session)

    newcomer = substituting.substitute(
        registration=person, application=make_application(meeting), at=NOON, by=ORGANIZER
    )

    assert (titles(newcomer), titles(person), taken(session)) == (["Кадры"], [], 1)
    assert seats.audit(meeting.pk) == {}


def test_fewer_places_than_are_taken_are_refused(meeting, person):
    session = make_session(meeting, capacity=3)
    book(person, session)

    with pytest.raises(planning.LimitBelowTaken) as refusal:
        change(session, capacity=0)

    assert refusal.value.facts == {"taken": 1}
    change(session, capacity=1)
    change(session, capacity=None)
    assert taken(session) == 1


def test_a_session_lies_within_the_meeting(meeting):
    with pytest.raises(planning.SessionOutsideMeeting):
        make_session(meeting, hour=2.5)


def test_moving_a_session_tells_whoever_chose_it_once_and_seats_follow(meeting, person):
    session = make_session(meeting, title="Кадры", room="Зал 1", capacity=5)
    make_registration(meeting=meeting)
    book(person, session)

    change(session, starts_at=session.starts_at + timedelta(hours=1),
           ends_at=session.ends_at + timedelta(hours=1))  # fmt: skip
    change(Session.objects.get(), position=3, shows_left=True)

    mail = Message.objects.get(kind="programme_changed")
    assert mail.recipient == person.email
    said = mail.snapshot
    assert (said["what"], said["session"]) == ("time", "Кадры")
    assert said["was"].startswith("26 мая 2026, вторник, 15:00–16:00")
    assert said["now"].startswith("26 мая 2026, вторник, 16:00–17:00")
    assert [entry["status"] for entry in said["programme"]] == ["CONFIRMED"]
    assert said["programme"][0]["sequence"] == 1
    assert SessionSeat.objects.get().starts_at == Session.objects.get().starts_at


def test_a_move_that_would_put_people_in_two_sessions_says_how_many(meeting, person):
    keeps = make_session(meeting, title="Инвестиции", hour=0, capacity=5)
    moves = make_session(meeting, title="Кадры", hour=1, capacity=5)
    other = make_registration(meeting=meeting)
    for session in (keeps, moves):
        book(person, session)
    book(other, moves)
    to = {"starts_at": keeps.starts_at, "ends_at": keeps.ends_at}

    with pytest.raises(planning.SessionsOverlap) as refusal:
        change(moves, **to)
    assert str(refusal.value) == ("1 person has chosen another session at that time: “Инвестиции”.")
    assert not Message.objects.filter(kind="programme_changed").exists()

    change(moves, **to, releases=True)
    assert (titles(person), titles(other), taken(moves)) == (["Инвестиции"], ["Кадры"], 1)
    mails = Message.objects.filter(kind="programme_changed")
    assert {mail.recipient: mail.snapshot["what"] for mail in mails} == {
        person.email: "released", other.email: "time",
    }  # fmt: skip
    assert seats.audit(meeting.pk) == {}


def test_deleting_a_chosen_session_asks_and_tells(meeting, person):
    session = make_session(meeting, title="Кадры", capacity=5)
    book(person, session)

    with pytest.raises(planning.SessionInUse) as refusal:
        planning.remove(session=session, at=NOON, by=ORGANIZER)
    assert refusal.value.facts == {"people": 1}

    planning.remove(session=session, at=NOON, by=ORGANIZER, releases=True)
    planning.remove(session=session, at=NOON, by=ORGANIZER, releases=True)
    assert not SessionSeat.objects.exists()
    assert not SeatLimit.objects.filter(scope=10).exists()
    mail = Message.objects.get(kind="programme_changed")
    assert (mail.snapshot["what"], mail.snapshot["chosen"]) == ("removed", [])
    assert [entry["status"] for entry in mail.snapshot["programme"]] == ["CANCELLED"]


def test_the_meeting_takes_its_sessions_along(meeting, person):
    first = make_session(meeting, hour=0, capacity=5)
    second = make_session(meeting, hour=1, capacity=5)
    for session in (first, second):
        book(person, session)
    hour = timedelta(hours=1)

    convening.change(
        meeting=meeting,
        changes={"starts_at": meeting.starts_at + hour, "ends_at": meeting.ends_at + hour},
        version=None, at=NOON, by=ORGANIZER,
    )  # fmt: skip

    moved = [seat.starts_at for seat in person.session_seats.in_order()]
    assert moved == [first.starts_at + hour, second.starts_at + hour]
    assert seats.audit(meeting.pk) == {}


def test_a_meeting_that_only_begins_earlier_leaves_its_sessions_where_they_are(meeting, person):
    session = make_session(meeting, capacity=5)
    book(person, session)
    earlier = meeting.starts_at - timedelta(minutes=30)

    convening.change(
        meeting=meeting, changes={"starts_at": earlier}, version=None, at=NOON, by=ORGANIZER
    )

    assert person.session_seats.get().starts_at == session.starts_at


def test_taking_a_seat_costs_seven_statements(meeting, person, django_assert_num_queries):
    session = make_session(meeting, capacity=5)

    # counter, person, session, what is chosen, counter + 1, row, journal; begin and commit
    with django_assert_num_queries(9):
        book(person, session)


@pytest.mark.parametrize(
    ("what", "language", "subject", "said"),
    [
        ("time", "ru", "Изменилась ваша программа: Совещание парков",
         "У сессии «Кадры <и> рост» изменилось время."),
        ("room", "en", "Your programme has changed: Meeting of parks",
         "The room of the session “People & growth” has changed."),
        ("removed", "ru", "Сессия отменена: Совещание парков",
         "Сессия «Кадры <и> рост», которую вы выбрали, не состоится."),
        ("released", "en", "Your programme has changed: Meeting of parks",
         "Your place in it has been given up; the other one stays yours."),
    ],
)  # fmt: skip
def test_the_letter_says_what_changed_and_brings_a_file(meeting, what, language, subject, said):
    person = make_registration(meeting=meeting, language=language)
    session = make_session(
        meeting, capacity=5, title="Кадры <и> рост", title_alt="People & growth", room="Зал 1",
        room_alt="Hall 1",
    )  # fmt: skip
    book(person, session)
    later = make_session(meeting, hour=2, capacity=5, title="Экспорт", title_alt="Export")
    book(person, later)
    to = {"starts_at": later.starts_at, "ends_at": later.ends_at}
    hour = timedelta(hours=1)
    {
        "time": lambda: change(
            session, starts_at=session.starts_at + hour, ends_at=session.ends_at + hour
        ),
        "room": lambda: change(session, room="Зал 2", room_alt="Hall 2"),
        "removed": lambda: planning.remove(session=session, at=NOON, by=ORGANIZER, releases=True),
        "released": lambda: change(session, **to, releases=True),
    }[what]()

    message = Message.objects.get(kind="programme_changed")
    letter = rendering.render(message)

    assert letter.subject == subject
    assert said in letter.text
    assert ("Экспорт" if language == "ru" else "Export") in letter.text
    assert "<и>" not in letter.html
    file = letter.enclosures[0]
    assert (file.filename, file.content_type) == ("programme.ics", "application/ics")
    gone = what in ("removed", "released")
    assert file.content.count(b"STATUS:CANCELLED") == gone
    assert file.content.count(b"BEGIN:VEVENT") == 2
