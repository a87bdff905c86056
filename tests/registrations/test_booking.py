from datetime import timedelta

import pytest

from accounts import journal
from accounts.models import JournalEntry
from events.models import Approval, Meeting
from notifications.models import Message
from registrations import amending, booking, seats, waitlist
from registrations.idempotency import Claim, KeyReused
from registrations.models import Registration, Seat, SeatLimit, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_consent,
    make_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db(transaction=True)


def register(meeting, *, at=NOON, claim=None, consents=(), **overrides):
    return booking.register(
        meeting=meeting,
        application=make_application(meeting, **overrides),
        consents=consents,
        at=at,
        by=journal.PUBLIC,
        claim=claim,
    )


def letters():
    return list(Message.objects.order_by("id").values_list("kind", "recipient"))


def test_register_gives_a_seat_while_there_is_one():
    meeting = make_meeting(seat_limit=1)

    booked = register(meeting, email="ada@example.org")

    assert (booked.status, booked.is_new, booked.waiting_position) == ("confirmed", True, None)
    assert booked.registration.seat == Seat.WITHIN
    assert letters() == [("confirmed", "ada@example.org")]
    assert seats.audit(meeting.pk) == {}
    entry = JournalEntry.objects.get()
    assert entry.action == "registration.confirmed"
    assert entry.subjects == [f"meeting:{meeting.pk}", f"registration:{booked.registration.pk}"]


def test_latecomers_wait_in_the_order_in_which_they_came():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)

    first, second = register(meeting), register(meeting)

    assert [first.waiting_position, second.waiting_position] == [1, 2]
    assert [kind for kind, _to in letters()] == ["waitlisted", "waitlisted"]
    assert list(Registration.objects.waitlisted().order_by("line", "pk")) == [
        first.registration,
        second.registration,
    ]
    assert seats.audit(meeting.pk) == {}


def test_a_meeting_without_a_waiting_list_is_full_in_words():
    meeting = make_meeting(seat_limit=1, has_waiting_list=False)
    make_registration(meeting=meeting)

    with pytest.raises(booking.MeetingFull):
        register(meeting)

    assert Registration.objects.count() == 1


def test_a_reviewed_meeting_takes_no_seat_before_the_decision():
    meeting = make_meeting(seat_limit=1, approval=Approval.MANUAL)

    booked = register(meeting, email="ada@example.org")

    assert booked.status == Status.PENDING
    assert letters() == [("received", "ada@example.org")]
    assert SeatLimit.objects.get().taken == 0


@pytest.mark.parametrize("code", ["press", "staff"])
def test_press_and_staff_come_in_without_a_seat(code):
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)

    booked = register(meeting, category_code=code)

    assert (booked.status, booked.registration.seat) == (Status.CONFIRMED, Seat.NONE)
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize(
    "email", ["ada@example.org", "ADA@Example.org"], ids=["same", "other case"]
)
def test_the_same_person_is_refused_and_the_link_goes_to_the_address_on_file(email):
    meeting = make_meeting()
    ada = make_registration(meeting=meeting, email="ada@example.org", family_name="Лавлейс")
    for _ in range(5):
        with pytest.raises(booking.AlreadyRegistered):
            register(meeting, email=email, family_name="Лавлейс", at=NOON + timedelta(minutes=_))

    assert Registration.objects.get() == ada
    assert letters() == [("link", "ada@example.org")] * 3  # throttled
    assert seats.audit(meeting.pk) == {}


def test_an_assistant_registers_five_people_from_one_address():
    meeting = make_meeting(seat_limit=9)

    for _ in range(5):
        register(meeting, email="office@example.org")

    assert Registration.objects.count() == 5


def test_whoever_registers_somebody_else_gets_a_copy():
    meeting = make_meeting()

    register(
        meeting,
        email="boss@example.org",
        submitted_by_name="Мария",
        submitted_by_email="maria@example.org",
    )

    assert letters() == [("confirmed", "boss@example.org"), ("confirmed", "maria@example.org")]
    assert [m.snapshot["for_proxy"] for m in Message.objects.order_by("id")] == [False, True]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"registration_opens_at": NOON + timedelta(days=1)}, NOON),
        ({"registration_closes_at": NOON - timedelta(days=1)}, NOON),
        ({}, NOON + timedelta(days=22)),
    ],
    ids=["too early", "too late", "over"],
)
def test_register_refuses_outside_its_time(fields, at):
    with pytest.raises(booking.RegistrationClosed):
        register(make_meeting(**fields), at=at)


def test_a_required_consent_must_be_given_and_is_kept_with_its_version():
    meeting = make_meeting()
    document = make_consent(meeting)

    with pytest.raises(booking.ConsentRequired) as refusal:
        register(meeting)
    booked = register(meeting, consents=[document])

    assert refusal.value.facts == {"missing": ["processing"]}
    consent = booked.registration.consents.get()
    assert (consent.document, consent.given_at, consent.given_by) == (document, NOON, "self")


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)
    who = {"family_name": "Ёлкин", "email": "e@example.org"}

    first = register(meeting, claim=Claim("m", "k", {"a": 1}), **who)
    again = register(meeting, claim=Claim("m", "k", {"a": 1}), **who)
    with pytest.raises(KeyReused):
        register(meeting, claim=Claim("m", "k", {"a": 2}), **who)

    assert (first.is_new, again.is_new) == (True, False)
    assert again.registration == first.registration
    assert again.waiting_position == first.waiting_position == 1
    assert len(letters()) == 1


@pytest.mark.parametrize(
    ("then", "at"),
    [
        ({}, NOON),
        ({"registration_closes_at": NOON + timedelta(hours=1)}, NOON + timedelta(hours=2)),
    ],
)
def test_the_repetition_of_what_was_granted_is_not_refused(then, at):
    meeting = make_meeting(seat_limit=1, has_waiting_list=False, **then)
    who = {"email": "a@example.org", "family_name": "Ли", "claim": Claim("m", "key", {})}
    first = register(meeting, **who)

    again = register(meeting, at=at, **who)

    assert (again.registration, again.status) == (first.registration, Status.CONFIRMED)
    with pytest.raises((booking.MeetingFull, booking.RegistrationClosed)):
        register(meeting, at=at, claim=Claim("m", "another", {}))


def test_cancel_passes_the_seat_to_whoever_waited_longest_exactly_once():
    meeting = make_meeting(seat_limit=1)
    seated = make_registration(meeting=meeting)
    first = make_registration(meeting=meeting, status=Status.WAITLISTED, email="1@example.org")
    second = make_registration(meeting=meeting, status=Status.WAITLISTED, email="2@example.org")

    for _ in range(2):
        booking.cancel(registration=seated, at=NOON, by=LINK)

    for person in (seated, first, second):
        person.refresh_from_db()
    assert [seated.status, first.status, second.status] == [
        Status.CANCELLED,
        Status.CONFIRMED,
        Status.WAITLISTED,
    ]
    assert letters() == [("cancelled", seated.email), ("promoted", "1@example.org")]
    assert waitlist.place(second).position == 1
    assert seats.audit(meeting.pk) == {}


def test_nobody_is_moved_up_after_the_lists_are_closed():
    meeting = make_meeting(seat_limit=1, edits_close_at=NOON + timedelta(days=1))
    seated = make_registration(meeting=meeting)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    booking.cancel(registration=seated, at=NOON + timedelta(days=2), by=LINK)

    waiting.refresh_from_db()
    assert waiting.status == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}


def test_a_seat_beyond_the_limit_moves_within_before_anybody_is_moved_up():
    meeting = make_meeting(seat_limit=1)
    seated = make_registration(meeting=meeting)
    over = make_registration(meeting=meeting, seat=Seat.OVER)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    booking.cancel(registration=seated, at=NOON, by=LINK)

    over.refresh_from_db()
    waiting.refresh_from_db()
    assert (over.seat, waiting.status) == (Seat.WITHIN, Status.WAITLISTED)
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("is_over", [True, False])
def test_what_is_over_or_called_off_is_not_cancelled_by_participants_any_more(is_over):
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    at = meeting.ends_at if is_over else NOON
    if not is_over:
        Meeting.objects.filter(pk=meeting.pk).update(status="cancelled", cancelled_at=NOON)

    with pytest.raises(booking.RegistrationClosed):
        booking.cancel(registration=person, at=at, by=LINK)

    person.refresh_from_db()
    assert person.status == Status.CONFIRMED
    assert letters() == []


def test_restore_takes_a_cancellation_back_if_there_is_a_seat():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting)
    booking.cancel(registration=ada, at=NOON, by=LINK)

    back = booking.restore(registration=ada, at=NOON, by=LINK)

    assert (back.status, back.seat) == (Status.CONFIRMED, Seat.WITHIN)
    assert seats.audit(meeting.pk) == {}


def test_restore_goes_to_the_end_of_the_line_when_the_seat_is_gone():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting)
    make_registration(meeting=meeting, status=Status.WAITLISTED)
    booking.cancel(registration=ada, at=NOON, by=LINK)

    back = booking.restore(registration=ada, at=NOON, by=LINK)

    assert (back.status, waitlist.place(back).position) == (Status.WAITLISTED, 1)
    assert seats.audit(meeting.pk) == {}


def test_after_the_lists_are_closed_nobody_overtakes_those_who_wait():
    meeting = make_meeting(seat_limit=1, edits_close_at=NOON)
    ada = make_registration(meeting=meeting)
    bob, eve = (make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(2))
    booking.cancel(registration=ada, at=NOON, by=LINK)

    booking.cancel(registration=eve, at=NOON, by=LINK)
    with pytest.raises(booking.RegistrationClosed):
        booking.restore(registration=eve, at=NOON, by=LINK)
    late = register(meeting)

    assert (late.status, late.waiting_position) == (Status.WAITLISTED, 2)
    bob.refresh_from_db()
    assert bob.status == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}


def test_a_participant_does_not_undo_what_the_organizer_cancelled():
    ada = make_registration()
    booking.cancel(registration=ada, at=NOON, by=ORGANIZER)

    with pytest.raises(booking.RegistrationClosed):
        booking.restore(registration=ada, at=NOON, by=LINK)

    ada.refresh_from_db()
    assert not booking.may_restore(ada, at=NOON)
    assert booking.restore(registration=ada, at=NOON, by=ORGANIZER).status == Status.CONFIRMED


def test_a_repeated_request_does_not_tell_a_link_that_is_somebody_elses_now():
    meeting = make_meeting()
    who = {"email": "wrong@example.org", "family_name": "Ли", "claim": Claim("m", "k", {})}

    first = register(meeting, **who)
    assert register(meeting, **who).registration == first.registration
    amending.correct_address(
        registration=first.registration, email="right@example.org", at=NOON, by=LINK
    )

    with pytest.raises(booking.AlreadyRegistered):
        register(meeting, **who)


def test_calendars_follow_because_the_sequence_only_rises():
    ada = make_registration()
    seen = [ada.calendar_sequence]
    for act in (booking.cancel, booking.restore, booking.cancel):
        seen.append(act(registration=ada, at=NOON, by=LINK).calendar_sequence)

    assert seen == sorted(set(seen))
