from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from events.models import Format
from notifications.models import Message
from registrations import amending, booking, erasure, links, seats
from registrations.models import AttendanceMode, Registration, Seat, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_meeting,
    make_registration,
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
