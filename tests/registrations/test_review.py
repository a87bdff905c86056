import pytest

from accounts.models import JournalEntry
from events.models import Approval, Meeting
from notifications.models import Message
from registrations import review, seats, waitlist
from registrations.models import Seat, Status
from registrations.transitions import AlreadyRegistered
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)


def kinds():
    return list(Message.objects.order_by("id").values_list("kind", flat=True))


def test_approve_seats_whoever_asked():
    meeting = make_meeting(approval=Approval.MANUAL)
    ada = make_registration(meeting=meeting, status=Status.PENDING)

    ada = review.approve(registration=ada, at=NOON, by=ORGANIZER)

    assert (ada.status, ada.seat, kinds()) == (Status.CONFIRMED, Seat.WITHIN, ["confirmed"])
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("is_over", [True, False])
@pytest.mark.parametrize(
    ("step", "status"),
    [
        (review.approve, Status.PENDING),
        (review.decline, Status.CONFIRMED),
        (review.promote, Status.WAITLISTED),
    ],
)
def test_nothing_is_decided_of_what_is_over_or_called_off(step, status, is_over):
    meeting = make_meeting(seat_limit=1, approval=Approval.MANUAL)
    if status == Status.WAITLISTED:
        make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=status)
    at = meeting.ends_at if is_over else NOON
    if not is_over:
        Meeting.objects.filter(pk=meeting.pk).update(status="cancelled", cancelled_at=NOON)

    with pytest.raises(review.InvalidTransition):
        step(registration=ada, at=at, by=ORGANIZER)

    ada.refresh_from_db()
    assert (ada.status, kinds()) == (status, [])


def test_approve_when_full_gives_a_turn_in_line():
    meeting = make_meeting(seat_limit=1, approval=Approval.MANUAL)
    make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=Status.PENDING)

    ada = review.approve(registration=ada, at=NOON, by=ORGANIZER)

    assert (ada.status, kinds()) == (Status.WAITLISTED, ["waitlisted"])
    assert waitlist.place(ada) == waitlist.Place(1)
    assert Message.objects.get().snapshot["position"] == 1
    assert seats.audit(meeting.pk) == {}


def test_going_over_capacity_is_deliberate_counted_and_in_the_journal():
    meeting = make_meeting(seat_limit=1, approval=Approval.MANUAL)
    make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=Status.PENDING)

    ada = review.approve(registration=ada, at=NOON, by=ORGANIZER, over_capacity=True)

    assert (ada.status, ada.seat) == (Status.CONFIRMED, Seat.OVER)
    assert JournalEntry.objects.get().changes == {
        "status": ["pending", "confirmed"],
        "over_capacity": True,
    }
    assert seats.audit(meeting.pk) == {}


def test_approve_refuses_when_full_without_a_waiting_list():
    meeting = make_meeting(seat_limit=1, has_waiting_list=False)
    make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=Status.PENDING)

    with pytest.raises(review.MeetingFull):
        review.approve(registration=ada, at=NOON, by=ORGANIZER)


@pytest.mark.parametrize("shows", [True, False])
def test_the_reason_is_shown_only_if_the_organizer_says_so(shows):
    ada = make_registration(status=Status.PENDING)

    review.decline(registration=ada, at=NOON, by=ORGANIZER, reason="Нет мест", shows_reason=shows)

    assert Message.objects.get().snapshot["reason"] == ("Нет мест" if shows else "")


def test_revoking_passes_the_seat_on_and_can_be_reversed():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    review.decline(registration=ada, at=NOON, by=ORGANIZER, reason="Ошибка")
    waiting.refresh_from_db()
    ada = review.approve(registration=ada, at=NOON, by=ORGANIZER)

    assert (waiting.status, ada.status) == (Status.CONFIRMED, Status.WAITLISTED)
    assert kinds() == ["declined", "promoted", "waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_promote_out_of_turn_needs_a_seat_or_a_deliberate_act():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=Status.WAITLISTED)

    with pytest.raises(review.MeetingFull):
        review.promote(registration=ada, at=NOON, by=ORGANIZER)
    ada = review.promote(registration=ada, at=NOON, by=ORGANIZER, over_capacity=True)

    assert (ada.status, ada.seat) == (Status.CONFIRMED, Seat.OVER)
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (review.approve, Status.CONFIRMED),
        (review.approve, Status.WAITLISTED),
        (review.approve, Status.CANCELLED),
        (review.decline, Status.DECLINED),
        (review.decline, Status.CANCELLED),
        (review.promote, Status.PENDING),
        (review.promote, Status.CONFIRMED),
    ],
)
def test_no_transition_outside_the_table(act, status):
    meeting = make_meeting(seat_limit=1)
    if status == Status.WAITLISTED:
        make_registration(meeting=meeting)
    ada = make_registration(meeting=meeting, status=status)

    with pytest.raises(review.InvalidTransition):
        act(registration=ada, at=NOON, by=ORGANIZER)

    assert kinds() == []


def test_a_refusal_is_not_reversed_for_somebody_who_registered_again():
    meeting = make_meeting()
    who = {"email": "ada@example.org", "family_name": "Лавлейс"}
    declined = make_registration(meeting=meeting, status=Status.DECLINED, **who)
    make_registration(meeting=meeting, **who)

    with pytest.raises(AlreadyRegistered):
        review.approve(registration=declined, at=NOON, by=ORGANIZER)
