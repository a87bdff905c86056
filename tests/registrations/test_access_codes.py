"""Access codes: a category and a limit for whoever knows a word; guessing is in vain."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import journal
from events.models import Approval, MeetingStatus
from registrations import access_codes, booking, categories, review, seats
from registrations.access_codes import CodeUnknown
from registrations.idempotency import Claim
from registrations.models import AccessCode, Registration, SeatLimit, Status
from registrations.places import CodeUsedUp
from registrations.seats import LimitBelowTaken
from registrations.throttle import Throttled
from registrations.transitions import StaleVersion
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_access_code,
    make_application,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=3)


def register(code, *, at=NOON, claim=None, **overrides):
    application = make_application(
        code.meeting, access_code=code, category_code=code.category.code, **overrides
    )
    return booking.register(
        meeting=code.meeting, application=application, consents=[], at=at, by=journal.PUBLIC,
        claim=claim,
    )  # fmt: skip


def find(meeting, typed, *, visitor="192.0.2.1", at=NOON):
    return access_codes.find(meeting=meeting, typed=typed, visitor=visitor, at=at)


def places(code):
    counter = SeatLimit.objects.get(access_code=code)
    return counter.taken, counter.over


def wish(meeting, **overrides):
    fields = {"label": "Журналисты", "code": "PRESS2026", "category": category(meeting, "press")}
    return access_codes.Wish(**fields | overrides)


def change(made, *, version=None, **overrides):
    return access_codes.change(
        access_code=made, wish=wish(made.meeting, **overrides), version=version, at=NOON,
        by=ORGANIZER,
    )  # fmt: skip


def test_whoever_has_a_code_comes_in_its_category_and_has_a_place():
    code = make_access_code(make_meeting(), limit=2)

    person = register(code).registration

    assert (person.category.code, person.access_code, person.source) == ("press", code, "public")
    assert places(code) == (1, 0)
    assert seats.audit(code.meeting_id) == {}


def test_a_code_is_used_up():
    code = make_access_code(make_meeting(), limit=1)
    register(code)

    with pytest.raises(CodeUsedUp) as refusal:
        register(code)

    assert (refusal.value.code, refusal.value.facts) == ("code_used_up", {"limit": 1})
    assert Registration.objects.count() == 1
    assert places(code) == (1, 0)


def test_the_last_place_of_a_code_goes_to_exactly_one_of_many():
    for _ in range(5):
        code = make_access_code(make_meeting(seat_limit=20), limit=3)

        results = at_once(*(lambda one=code: register(one).status for _ in range(8)))

        assert results.count("confirmed") == 3
        assert {type(one) for one in results if one != "confirmed"} == {CodeUsedUp}
        assert places(code) == (3, 0)
        assert seats.audit(code.meeting_id) == {}


def test_the_same_request_again_is_answered_though_the_code_is_used_up():
    code = make_access_code(make_meeting(), limit=1)
    claim = Claim("form", "key", {"name": "Ли"})

    first, again = (register(code, claim=claim, given_name="Ян", family_name="Ли",
                             email="li@example.org") for _ in range(2))  # fmt: skip

    assert (first.registration, again.is_new) == (again.registration, False)


def test_a_place_comes_back_and_has_to_be_taken_again():
    code = make_access_code(make_meeting(seat_limit=9), limit=1)
    gone = register(code).registration
    booking.cancel(registration=gone, at=NOON, by=LINK)
    assert places(code) == (0, 0)
    register(code)

    with pytest.raises(CodeUsedUp):
        booking.restore(registration=gone, at=NOON, by=LINK)

    assert places(code) == (1, 0)
    assert seats.audit(code.meeting_id) == {}


def test_whoever_awaits_a_decision_has_a_place_and_gives_it_back_when_declined():
    code = make_access_code(make_meeting(approval=Approval.MANUAL), limit=1)
    person = register(code).registration
    assert (person.status, places(code)) == ("pending", (1, 0))

    review.decline(registration=person, at=NOON, by=ORGANIZER)
    register(code)
    review.approve(registration=person, at=NOON, by=ORGANIZER, over_capacity=True)

    assert places(code) == (1, 1)
    assert seats.audit(code.meeting_id) == {}


def test_a_code_may_need_no_approval():
    meeting = make_meeting(approval=Approval.MANUAL, seat_limit=1)
    code = make_access_code(meeting, category=category(meeting), skips_review=True)

    came = register(code)
    assert came.status == Status.CONFIRMED
    # Nor does whoever takes a cancellation back.
    booking.cancel(registration=came.registration, at=NOON, by=LINK)
    again = booking.restore(registration=came.registration, at=NOON, by=LINK)
    assert again.status == Status.CONFIRMED
    assert register(code).status == Status.WAITLISTED
    assert places(code) == (2, 0)
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize(("early", "opens"), [(True, True), (False, False)])
def test_a_code_opens_early_only_where_so_chosen(early, opens):
    meeting = make_meeting(registration_opens_at=LATER)
    code = make_access_code(meeting, opens_early=early)

    if opens:
        assert register(code).status == Status.CONFIRMED
    else:
        with pytest.raises(booking.RegistrationClosed):
            register(code)
    assert register(code, at=LATER).status == Status.CONFIRMED


@pytest.mark.parametrize(
    "meeting",
    [
        {"registration_closes_at": NOON},
        {"status": MeetingStatus.DRAFT, "published_at": None, "registration_opens_at": LATER},
        {"status": MeetingStatus.CANCELLED, "registration_opens_at": LATER, "cancelled_at": NOON},
    ],
)
def test_no_code_opens_what_is_over_or_not_public(meeting):
    code = make_access_code(make_meeting(**meeting), opens_early=True)

    with pytest.raises(booking.RegistrationClosed):
        register(code)


@pytest.mark.parametrize(
    "terms",
    [
        {"is_active": False},
        {"opens_at": NOON + timedelta(seconds=1)},
        {"closes_at": NOON},
    ],
)
def test_a_code_that_is_off_or_out_of_its_days_is_none(terms):
    code = make_access_code(make_meeting(), **terms)

    with pytest.raises(CodeUnknown):
        find(code.meeting, code.code)
    with pytest.raises(booking.RegistrationClosed):
        register(code)


@pytest.mark.parametrize("typed", ["press2026", "PRESS-2026", " press 2026 ", "РRЕSS2026"])
def test_a_code_is_found_however_it_is_typed(typed):
    code = make_access_code(make_meeting())

    assert find(code.meeting, typed) == code


@pytest.mark.parametrize("typed", ["PRESS2027", "'; --", "=PRESS2026", "Ю" * 300, "\x00"])
def test_a_wrong_code_is_unknown(typed):
    with pytest.raises(CodeUnknown):
        find(make_access_code(make_meeting()).meeting, typed)


def test_another_meetings_code_is_unknown_here():
    code = make_access_code(make_meeting())

    with pytest.raises(CodeUnknown):
        find(make_meeting(), code.code)


def test_guessing_stops_and_right_codes_do_not_count():
    meeting = make_access_code(make_meeting()).meeting
    for _ in range(100):
        find(meeting, "PRESS2026")
    for _ in range(20):
        with pytest.raises(CodeUnknown):
            find(meeting, "GUESS")

    with pytest.raises(Throttled):
        find(meeting, "PRESS2026")

    assert find(meeting, "PRESS2026", visitor="192.0.2.2")
    assert find(meeting, "PRESS2026", at=NOON + timedelta(minutes=11))


def test_a_burst_of_guesses_is_no_way_around():
    meeting = make_access_code(make_meeting()).meeting

    results = at_once(*(lambda: find(meeting, "GUESS") for _ in range(30)))

    assert [type(one) for one in results].count(CodeUnknown) == 20


def test_a_drawn_code_can_be_said():
    code = make_access_code(make_meeting(), code="")

    assert len(code.code) == 8
    assert set(code.code) <= set(access_codes.SPEAKABLE)


def test_a_code_is_changed_and_who_came_with_it_stays():
    code = make_access_code(make_meeting(), limit=3)
    register(code)

    changed = change(code, version=1, code="", limit=1, label="Пресса", is_active=False)

    assert (changed.code, changed.label, changed.version) == ("PRESS2026", "Пресса", 2)
    assert places(code) == (1, 0)
    with pytest.raises(LimitBelowTaken):
        change(code, limit=0)
    with pytest.raises(StaleVersion):
        change(code, version=1)


def test_a_meeting_has_a_code_once():
    meeting = make_meeting()
    make_access_code(meeting)
    other = make_access_code(meeting, code="OTHER")

    with pytest.raises(access_codes.CodeExists):
        make_access_code(meeting)
    with pytest.raises(access_codes.CodeExists):
        change(other)
    assert make_access_code(make_meeting()).code == "PRESS2026"


def test_only_an_unused_code_can_be_removed():
    used, unused = make_access_code(make_meeting()), make_access_code(make_meeting())
    booking.cancel(registration=register(used).registration, at=NOON, by=LINK)

    with pytest.raises(access_codes.CodeInUse):
        access_codes.remove(access_code=used, at=NOON, by=ORGANIZER)
    for _ in range(2):
        access_codes.remove(access_code=unused, at=NOON, by=ORGANIZER)

    assert list(AccessCode.objects.all()) == [used]
    assert SeatLimit.objects.filter(access_code__isnull=False).count() == 1


def test_a_category_that_is_meant_for_somebody_stays():
    for make in (make_access_code, make_delegation, make_invitation):
        meeting = make_meeting()
        press = category(meeting, "press")
        make(meeting, category=press)

        with pytest.raises(categories.CategoryInUse):
            categories.arrange(
                meeting=meeting, kept=[], removed=[press], version=None, at=NOON, by=ORGANIZER
            )


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "abcd"},
        {"code": "ABC"},
        {"code": "КОД12"},
        {"code": "AB-CD"},
        {"opens_at": LATER, "closes_at": LATER},
    ],
)
def test_the_database_holds_what_a_code_promises(wrong):
    code = make_access_code(make_meeting())

    with pytest.raises(IntegrityError), transaction.atomic():
        AccessCode.objects.filter(pk=code.pk).update(**wrong)


def test_places_of_a_code_are_no_seats():
    meeting = make_meeting(seat_limit=5)
    make_access_code(meeting, limit=1)

    make_registration(meeting=meeting)

    assert seats.audit(meeting.pk) == {}
    assert [limit.scope for limit in meeting.seat_limits.narrow()] == []
