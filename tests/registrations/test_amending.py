from datetime import timedelta

import icalendar
import pytest

from accounts.models import JournalEntry
from events.models import Approval, Format
from notifications import enclosures, rendering
from notifications.models import Message
from registrations import amending, booking, erasure, links, seats
from registrations.models import AttendanceMode, Registration, Seat, Status
from registrations.sessions import choosing
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_meeting,
    make_registration,
    make_session,
)

pytestmark = pytest.mark.django_db(transaction=True)


def amend(registration, *, version=None, as_organizer=False, at=NOON, **changes):
    return amending.amend(
        registration=registration,
        changes=changes,
        version=version,
        at=at,
        by=ORGANIZER if as_organizer else LINK,
        as_organizer=as_organizer,
    )


def test_a_participant_changes_what_he_wrote_and_is_found_by_it():
    ada = make_registration()

    primorye = ada.meeting.region_set.regions.get(code="RU-PRI")

    ada = amend(ada, family_name="Соловьёва", region=primorye)

    assert ada.sort_key.startswith("соловьева")
    assert "соловьева" in ada.search_key
    assert JournalEntry.objects.get().changes == {"fields": ["family_name", "latin_name", "region"]}
    assert Message.objects.count() == 0


def test_a_latin_name_follows_the_name_until_somebody_corrects_it():
    anna = make_registration(given_name="Анна", family_name="Петрова", latin_name="Anna Petrova")
    own = make_registration(given_name="Юлия", family_name="Ким", latin_name="Julia Kim")

    def changed(person, **changes):
        return amending.amend(
            registration=person, changes=changes, version=None, at=NOON, by=LINK
        ).latin_name

    # A form sends all its fields, also the one that nobody touched.
    assert changed(anna, family_name="Кузнецова", latin_name="Anna Petrova") == "Anna Kuznetsova"
    assert changed(anna, family_name="Орлова", latin_name="Anna Orloff") == "Anna Orloff"
    assert changed(own, family_name="Ли") == "Julia Kim"


def test_the_organizers_change_of_a_name_is_told_with_old_and_new():
    ada = make_registration(family_name="Петрова", language="en")

    amend(ada, as_organizer=True, family_name="Иванова", position="Ректор")

    [message] = Message.objects.all()
    assert message.snapshot["changes"] == [
        {"field": "family name", "was": "Петрова", "now": "Иванова"}
    ]


def test_after_the_lists_are_closed_only_the_organizer_changes():
    meeting = make_meeting(edits_close_at=NOON)
    ada = make_registration(meeting=meeting)

    with pytest.raises(amending.EditsClosed):
        amend(ada, position="Ректор")

    assert amend(ada, as_organizer=True, position="Ректор").position == "Ректор"


def test_a_stale_change_is_refused():
    ada = make_registration()
    amend(ada, version=1, position="Ректор")

    with pytest.raises(amending.StaleVersion) as refusal:
        amend(ada, version=1, position="Декан")

    assert refusal.value.facts == {"version": 2}


def test_a_change_into_somebody_who_is_on_the_list_is_refused():
    meeting = make_meeting()
    make_registration(meeting=meeting, family_name="Ли", email="a@example.org")
    other = make_registration(meeting=meeting, family_name="Ян", email="a@example.org")

    with pytest.raises(booking.AlreadyRegistered):
        amend(other, family_name="Ли")


def test_becoming_press_gives_the_seat_back_and_returning_takes_one():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting)

    ada = amend(ada, as_organizer=True, category=category(meeting, "press"))
    assert (ada.seat, seats.audit(meeting.pk)) == (Seat.NONE, {})
    make_registration(meeting=meeting)
    ada = amend(ada, as_organizer=True, category=category(meeting, "member"))

    assert (ada.seat, seats.audit(meeting.pk)) == (Seat.OVER, {})


def test_whoever_needs_no_seat_any_more_need_not_wait():
    meeting = make_meeting(seat_limit=1, format=Format.HYBRID)
    make_registration(meeting=meeting)
    ada, bob = (make_registration(meeting=meeting, status=Status.WAITLISTED) for _n in range(2))

    ada = amend(ada, as_organizer=True, category=category(meeting, "press"))
    bob = amend(bob, attendance_mode=AttendanceMode.ONLINE)

    for person in (ada, bob):
        assert (person.status, person.seat, person.line) == (Status.CONFIRMED, Seat.NONE, None)
        assert Message.objects.about(f"registration:{person.pk}").get().kind == "confirmed"
    assert seats.audit(meeting.pk) == {}


def entries(message, name="calendar"):
    """What the calendar file of a mail says: method, and location and status by what it is."""
    file = enclosures.make(name, message.snapshot)
    told = icalendar.Calendar.from_ical(file.content)
    return str(told["METHOD"]), {
        str(event["SUMMARY"]): (str(event.get("LOCATION", "")), str(event["STATUS"]))
        for event in told.walk("VEVENT")
    }


def test_whoever_joins_online_now_is_told_how_and_the_calendar_follows():
    meeting = make_meeting(
        seat_limit=3, format=Format.HYBRID, venue="Зал 2", online_url="https://meet.example.org/1"
    )
    session = make_session(meeting, capacity=2)
    ada = make_registration(meeting=meeting)
    choosing.book(registration=ada, session=session, at=NOON, by=LINK)

    amend(ada, attendance_mode=AttendanceMode.ONLINE)

    told = Message.objects.get()
    assert (told.kind, told.enclosures) == ("confirmed", ["ticket", "calendar", "programme"])
    text = rendering.render(told).text
    assert "https://meet.example.org/1" in text
    assert "Зал 2" not in text
    method, [(place, status)] = entries(told)[0], entries(told)[1].values()
    assert (method, place, status) == ("REQUEST", "https://meet.example.org/1", "CONFIRMED")
    assert {status for _place, status in entries(told, "programme")[1].values()} == {"CANCELLED"}

    amend(ada, attendance_mode=AttendanceMode.IN_PERSON)

    back = Message.objects.latest("id")
    assert (back.kind, back.enclosures) == ("confirmed", ["ticket", "calendar"])
    assert "Зал 2" in rendering.render(back).text
    assert back.snapshot["calendar"]["sequence"] > told.snapshot["calendar"]["sequence"]


def test_whom_an_organizer_sends_home_is_told_what_changed_and_how_to_join():
    meeting = make_meeting(
        seat_limit=3, format=Format.HYBRID, online_url="https://meet.example.org/1"
    )
    ada = make_registration(meeting=meeting)

    amend(ada, as_organizer=True, attendance_mode=AttendanceMode.ONLINE, family_name="Лавлейс")

    told = Message.objects.get()
    assert (told.kind, told.enclosures) == ("details_changed", ["calendar"])
    text = rendering.render(told).text
    assert "Лавлейс" in text
    assert "очно → онлайн" in text
    assert "https://meet.example.org/1" in text
    assert entries(told)[0] == "REQUEST"


def test_who_waits_or_is_only_asked_for_a_name_hears_nothing_of_the_way_he_comes():
    meeting = make_meeting(seat_limit=0, format=Format.HYBRID, approval=Approval.MANUAL)
    ada = make_registration(meeting=meeting, status=Status.PENDING)

    amend(ada, attendance_mode=AttendanceMode.ONLINE)

    assert not Message.objects.exists()


def test_nobody_comes_into_a_full_room_by_having_registered_online():
    meeting = make_meeting(seat_limit=1, format=Format.HYBRID)
    ada = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE, seat=Seat.NONE)
    make_registration(meeting=meeting)

    with pytest.raises(amending.MeetingFull):
        amend(ada, attendance_mode=AttendanceMode.IN_PERSON)
    ada.refresh_from_db()
    assert (ada.attendance_mode, ada.seat) == (AttendanceMode.ONLINE, Seat.NONE)

    ada = amend(ada, as_organizer=True, attendance_mode=AttendanceMode.IN_PERSON)

    assert (ada.seat, seats.audit(meeting.pk)) == (Seat.OVER, {})
    assert JournalEntry.objects.get().changes == {
        "fields": ["attendance_mode"],
        "over_capacity": True,
    }


def test_a_corrected_address_gets_the_answer_and_the_old_link_opens_nothing():
    ada = make_registration(email="wrong@example.org")
    old_link = links.token(ada)

    ada = amending.correct_address(registration=ada, email="right@example.org", at=NOON, by=LINK)

    assert [(m.kind, m.recipient) for m in Message.objects.all()] == [
        ("confirmed", "right@example.org")
    ]
    assert links.find(links.token(ada)) == ada
    with pytest.raises(links.LinkUnknown):
        links.find(old_link)


def test_unsubscribing_stops_reminders_and_keeps_the_seat():
    ada = make_registration()

    for _ in range(2):
        ada = amending.unsubscribe(registration=ada, at=NOON, by=LINK)

    assert (ada.unsubscribed_at, ada.status) == (NOON, Status.CONFIRMED)
    assert JournalEntry.objects.count() == 1


def test_reminders_are_switched_on_again():
    ada = amending.unsubscribe(registration=make_registration(), at=NOON, by=LINK)

    for _ in range(2):
        ada = amending.subscribe(registration=ada, at=NOON, by=LINK)

    assert ada.unsubscribed_at is None
    assert JournalEntry.objects.filter(action="registration.subscribed").count() == 1


def test_erase_leaves_a_row_without_a_person_and_passes_the_seat_on():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting, family_name="Канарейкина", email="kanar@example.org")
    booking.cancel(registration=ada, at=NOON, by=LINK)
    booking.restore(registration=ada, at=NOON, by=LINK)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    ada = erasure.erase(registration=ada, at=NOON, by=LINK)

    waiting.refresh_from_db()
    assert (ada.full_name, ada.email, ada.ticket_code) == ("", "", None)
    assert waiting.status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}
    for model in (Registration, Message, JournalEntry):
        for row in model.objects.values():
            assert "анарейк" not in str(row).lower()
            assert "kanar" not in str(row).lower()


def test_forgetting_on_time_keeps_the_counts_and_the_sample():
    meeting = make_meeting(retention_days=90)
    make_registration(meeting=meeting)
    sample = make_registration(meeting=make_meeting(is_sample=True))
    end = meeting.ends_at

    assert erasure.forget_due(at=end + timedelta(days=89)) == 0
    assert erasure.forget_due(at=end + timedelta(days=91)) == 1
    assert erasure.forget_due(at=end + timedelta(days=91)) == 0

    assert Registration.objects.confirmed().count() == 2
    sample.refresh_from_db()
    assert sample.erased_at is None
    assert seats.audit(meeting.pk) == {}
