"""A freed seat is offered and held until a moment; who answers, who does not, who is next."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import JournalEntry
from events.models import MeetingStatus, WaitingPolicy
from notifications.models import Message, State
from registrations import (
    amending,
    booking,
    calling_off,
    closing,
    convening,
    erasure,
    limits,
    offering,
    policies,
    review,
    seats,
    substituting,
    tasks,
    waitlist,
)
from registrations.models import (
    MOST_MISSED,
    AttendanceMode,
    Offer,
    Registration,
    Seat,
    SeatHold,
    SeatLimit,
    Status,
)
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = 24
DEADLINE = NOON + timedelta(hours=HOURS)


def offered(*, waiting=1, seat_limit=1, **overrides):
    """
    A full meeting one of whose seats was given back: the first of those who wait has an offer.
    Returns the meeting and who waited.
    """
    meeting = make_meeting(seat_limit=seat_limit, offer_hours=HOURS, **overrides)
    leaves, *_others = [make_registration(meeting=meeting) for _ in range(seat_limit)]
    people = [
        make_registration(meeting=meeting, status=Status.WAITLISTED, time_zone="Europe/Moscow")
        for _ in range(waiting)
    ]
    booking.cancel(registration=leaves, at=NOON, by=LINK)
    return meeting, people


def has_offer(person) -> bool:
    return Offer.objects.filter(registration=person).exists()


def state(person) -> str:
    """How somebody stands: "offered" is a waiting person with an offer."""
    person.refresh_from_db()
    return "offered" if has_offer(person) else person.status


def letters(person) -> list[str]:
    mails = Message.objects.about(f"registration:{person.pk}").exclude(state=State.WITHDRAWN)
    return list(mails.order_by("pk").values_list("kind", flat=True))


def done(person) -> list[str]:
    return list(
        JournalEntry.objects.about(f"registration:{person.pk}")
        .filter(action__startswith="offer.")
        .order_by("pk")
        .values_list("action", flat=True)
    )


def counters(meeting) -> tuple[int, int]:
    row = SeatLimit.objects.get(whole=meeting)
    return row.taken, row.waiting


def answer(act, person, at=NOON, by=LINK):
    return act(registration=person, at=at, by=by)


# --- Making --------------------------------------------------------------------------------


def test_a_freed_seat_is_offered_to_the_first_in_line_and_held_for_him():
    meeting, [first, second] = offered(waiting=2)

    assert [state(first), state(second)] == ["offered", Status.WAITLISTED]
    assert Offer.objects.get().answer_by == DEADLINE
    assert first.seat == Seat.NONE
    assert counters(meeting) == (1, 2)
    assert letters(first) == ["offered"]
    assert done(first) == ["offer.made"]
    assert seats.audit(meeting.pk) == {}


def test_without_the_setting_whoever_is_next_is_confirmed_at_once():
    meeting = make_meeting(seat_limit=1)
    leaves = make_registration(meeting=meeting)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    booking.cancel(registration=leaves, at=NOON, by=LINK)

    assert state(waits) == Status.CONFIRMED
    assert not Offer.objects.exists()


def test_nobody_who_comes_meanwhile_gets_the_seat_that_is_held():
    meeting, _people = offered()

    newcomer = booking.register(
        meeting=meeting, application=make_application(meeting), consents=[], at=NOON, by=LINK
    )

    assert newcomer.status == Status.WAITLISTED
    assert newcomer.waiting_position == 1


def test_the_seat_is_held_in_every_limit_that_is_about_the_person():
    meeting = make_meeting(seat_limit=2, offer_hours=HOURS)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    limits.change(
        meeting=meeting, target=kaluga, wish=limits.Wish(seat_limit=1), at=NOON, by=ORGANIZER
    )
    leaves = make_registration(meeting=meeting, region=kaluga)
    waits = make_registration(meeting=meeting, region=kaluga, status=Status.WAITLISTED)

    booking.cancel(registration=leaves, at=NOON, by=LINK)

    assert {hold.limit.scope for hold in waits.holds.select_related("limit")} == {50, 90}
    assert SeatLimit.objects.get(region=kaluga).taken == 1
    assert seats.audit(meeting.pk) == {}


def test_a_limit_made_while_an_offer_is_open_counts_it():
    meeting, [first] = offered()

    limits.change(
        meeting=meeting, target=category(meeting), wish=limits.Wish(seat_limit=1), at=NOON,
        by=ORGANIZER,
    )  # fmt: skip

    assert SeatLimit.objects.get(category=first.category).taken == 1
    assert seats.audit(meeting.pk) == {}


def test_whom_no_letter_reaches_is_confirmed_when_it_is_his_turn():
    meeting, [first] = offered()
    driver = make_registration(meeting=meeting, status=Status.WAITLISTED, email="")
    by_an_assistant = make_registration(
        meeting=meeting, status=Status.WAITLISTED, email="", submitted_by_name="Анна",
        submitted_by_email="anna@example.org",
    )  # fmt: skip

    convening.set_seat_limit(meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER)

    assert [state(person) for person in (first, driver, by_an_assistant)] == [
        "offered", Status.CONFIRMED, "offered",
    ]  # fmt: skip
    assert seats.audit(meeting.pk) == {}


def test_more_seats_are_offered_to_as_many():
    meeting, people = offered(waiting=3)

    confirmed = convening.set_seat_limit(meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER)

    assert confirmed == []
    assert [state(person) for person in people] == ["offered"] * 3


def test_the_rehearsal_names_who_would_be_offered_a_seat_and_offers_none():
    meeting, [first, second, third] = offered(waiting=3)

    found = waitlist.rehearse(meeting=meeting, seats_more=5, at=NOON)

    assert [one.registration for one in found] == [second, third]
    assert Offer.objects.get().registration == first


def test_there_is_one_offer_for_a_person():
    _meeting, [first] = offered()

    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(registration=first, made_at=NOON, answer_by=DEADLINE)


def test_the_database_keeps_no_offer_without_time_to_answer():
    _meeting, [first] = offered()

    with pytest.raises(IntegrityError, match="an_offer_leaves_time"), transaction.atomic():
        Offer.objects.update(answer_by=NOON)
    with pytest.raises(IntegrityError, match="only_who_waits_has_let"), transaction.atomic():
        Registration.objects.exclude(pk=first.pk).update(missed_offers=1)


# --- Until when ----------------------------------------------------------------------------

MOSCOW, VLADIVOSTOK = "Europe/Moscow", "Asia/Vladivostok"


@pytest.mark.parametrize(
    ("hours", "zone", "until"),
    [
        (24, MOSCOW, datetime(2026, 5, 6, 12, tzinfo=UTC)),
        # 23:00 in Moscow: nine in the morning there.
        (8, MOSCOW, datetime(2026, 5, 6, 6, tzinfo=UTC)),
        # 02:00 and 08:00 in Moscow are night as well for whoever has to do something.
        (11, MOSCOW, datetime(2026, 5, 6, 6, tzinfo=UTC)),
        (17, MOSCOW, datetime(2026, 5, 6, 6, tzinfo=UTC)),
        # 21:00 belongs to the day.
        (6, MOSCOW, datetime(2026, 5, 5, 18, tzinfo=UTC)),
        # 22:00 at noon UTC in Vladivostok: the same hour of the next day is night there.
        (24, VLADIVOSTOK, datetime(2026, 5, 6, 23, tzinfo=UTC)),
        # Whose clock is not known: the venue's.
        (8, "", datetime(2026, 5, 6, 6, tzinfo=UTC)),
    ],
)
def test_an_offer_never_ends_in_the_night_of_the_person(hours, zone, until):
    meeting = make_meeting(seat_limit=0, offer_hours=hours)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED, time_zone=zone)

    convening.set_seat_limit(meeting=meeting, seat_limit=1, at=NOON, by=ORGANIZER)

    assert Offer.objects.get(registration=waits).answer_by == until


def test_an_offer_ends_at_a_quarter_of_an_hour_later_rather_than_earlier():
    meeting = make_meeting(seat_limit=0, offer_hours=1)
    make_registration(meeting=meeting, status=Status.WAITLISTED)
    at = NOON + timedelta(minutes=3, seconds=7)

    convening.set_seat_limit(meeting=meeting, seat_limit=1, at=at, by=ORGANIZER)

    assert Offer.objects.get().answer_by == NOON + timedelta(hours=1, minutes=15)


@pytest.mark.parametrize("closes", ["edits_close_at", "starts_at"])
def test_an_offer_ends_with_the_lists_be_it_night(closes):
    ends = NOON + timedelta(hours=10)  # 01:00 in Moscow
    _meeting, [first] = offered(**{closes: ends})

    assert Offer.objects.get(registration=first).answer_by == ends


def test_after_the_lists_are_closed_nobody_is_offered_a_seat():
    meeting = make_meeting(seat_limit=1, offer_hours=HOURS, edits_close_at=NOON)
    leaves = make_registration(meeting=meeting)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    booking.cancel(registration=leaves, at=NOON, by=ORGANIZER)

    assert state(waits) == Status.WAITLISTED
    with pytest.raises(offering.OffersClosed):
        offering.offer(registration=waits, at=NOON, by=ORGANIZER)


# --- Answering -----------------------------------------------------------------------------


def test_who_accepts_has_the_very_seat_and_the_ticket():
    meeting, [first, second] = offered(waiting=2)
    held = list(SeatHold.objects.filter(registration=first).values_list("pk", flat=True))

    answer(offering.accept, first)

    assert [state(first), state(second)] == [Status.CONFIRMED, Status.WAITLISTED]
    assert first.seat == Seat.WITHIN
    assert list(SeatHold.objects.filter(registration=first).values_list("pk", flat=True)) == held
    assert counters(meeting) == (1, 1)
    assert letters(first) == ["promoted"]  # the offer had not been sent yet: it is withdrawn
    assert done(first) == ["offer.made", "offer.accepted"]
    assert seats.audit(meeting.pk) == {}


def test_accepting_twice_is_harmless():
    meeting, [first] = offered()
    answer(offering.accept, first)

    answer(offering.accept, first, at=NOON + timedelta(days=5))

    assert state(first) == Status.CONFIRMED
    assert letters(first) == ["promoted"]
    assert counters(meeting) == (1, 0)


def test_the_last_moment_before_the_deadline_is_in_time():
    _meeting, [first] = offered()

    answer(offering.accept, first, at=DEADLINE - timedelta(microseconds=1))

    assert state(first) == Status.CONFIRMED


@pytest.mark.parametrize("act", [offering.accept, offering.decline, offering.step_aside])
def test_at_the_deadline_it_is_too_late_though_nobody_has_swept_yet(act):
    meeting, [first] = offered()

    with pytest.raises(offering.OfferOver, match="истёк"):
        answer(act, first, at=DEADLINE)

    assert state(first) == "offered"
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("act", [offering.accept, offering.decline, offering.step_aside])
def test_who_is_offered_nothing_can_answer_nothing(act):
    _meeting, [_first, second] = offered(waiting=2)

    with pytest.raises(offering.OfferOver):
        answer(act, second)


def test_who_declines_leaves_the_list_and_the_next_is_offered_the_seat():
    meeting, [first, second] = offered(waiting=2)

    answer(offering.decline, first)
    answer(offering.decline, first)

    assert [state(first), state(second)] == [Status.CANCELLED, "offered"]
    assert letters(first) == ["cancelled"]
    assert counters(meeting) == (1, 1)
    assert seats.audit(meeting.pk) == {}
    assert booking.may_restore(first, at=NOON)


def test_who_declined_and_comes_back_stands_at_the_end():
    meeting, [first, second, third] = offered(waiting=3)
    answer(offering.decline, first)

    booking.restore(registration=first, at=NOON, by=LINK)

    assert [state(person) for person in (second, third, first)] == [
        "offered", Status.WAITLISTED, Status.WAITLISTED,
    ]  # fmt: skip
    assert waitlist.place(first).position == 2
    assert seats.audit(meeting.pk) == {}


def test_who_steps_aside_waits_on_and_is_offered_nothing_until_he_asks():
    meeting, [first, second] = offered(waiting=2)

    answer(offering.step_aside, first)
    answer(offering.step_aside, first)

    assert [state(first), state(second)] == [Status.WAITLISTED, "offered"]
    answer(offering.decline, second)
    assert state(first) == Status.WAITLISTED
    assert waitlist.place(first) is None
    assert counters(meeting) == (0, 1)  # the seat is free for whoever comes

    answer(offering.ask_again, first)

    assert state(first) == "offered"
    assert done(first) == ["offer.made", "offer.passed_on", "offer.asked_for", "offer.made"]
    assert seats.audit(meeting.pk) == {}


def test_a_seat_that_only_people_passed_over_wait_for_goes_to_a_newcomer():
    meeting, [first] = offered()
    answer(offering.step_aside, first)

    newcomer = booking.register(
        meeting=meeting, application=make_application(meeting), consents=[], at=NOON, by=LINK
    )

    assert newcomer.status == Status.CONFIRMED
    assert state(first) == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}


def test_asking_again_is_for_those_who_wait_while_lists_are_open():
    meeting, [first] = offered()
    answer(offering.step_aside, first)
    closes = meeting.starts_at

    with pytest.raises(offering.OffersClosed):
        answer(offering.ask_again, first, at=closes)
    answer(booking.cancel, first)
    with pytest.raises(offering.NotWaiting):
        answer(offering.ask_again, first)


# --- The clock -----------------------------------------------------------------------------


def test_an_offer_that_nobody_answers_goes_to_the_next_and_he_waits_on():
    meeting, [first, second] = offered(waiting=2)

    assert offering.lapse_due(at=DEADLINE - timedelta(microseconds=1)) == 0
    assert offering.lapse_due(at=DEADLINE) == 1
    assert offering.lapse_due(at=DEADLINE) == 0

    assert [state(first), state(second)] == [Status.WAITLISTED, "offered"]
    assert Offer.objects.get().answer_by == DEADLINE + timedelta(hours=HOURS)
    assert first.missed_offers == 1
    assert letters(first) == ["offer_over"]
    assert done(first) == ["offer.made", "offer.lapsed"]
    assert counters(meeting) == (1, 2)
    assert seats.audit(meeting.pk) == {}


def test_who_did_not_answer_stands_behind_those_who_were_not_asked_yet():
    meeting, [silent, second] = offered(waiting=2)
    offering.lapse_due(at=DEADLINE)
    third = make_registration(meeting=meeting, status=Status.WAITLISTED)
    silent.refresh_from_db()

    assert [waitlist.place(person) for person in (third, silent)] == [
        waitlist.Place(1), waitlist.Place(2),
    ]  # fmt: skip
    answer(offering.decline, second, at=DEADLINE)
    assert [state(silent), state(third)] == [Status.WAITLISTED, "offered"]
    answer(offering.decline, third, at=DEADLINE)
    assert state(silent) == "offered"


def test_nobody_is_asked_for_ever():
    meeting, [silent] = offered()
    at = NOON

    for _ in range(MOST_MISSED):
        assert state(silent) == "offered"
        at += timedelta(hours=HOURS)
        offering.lapse_due(at=at)

    assert state(silent) == Status.WAITLISTED
    assert silent.missed_offers == MOST_MISSED
    assert counters(meeting) == (0, 1)
    said = Message.objects.about(f"registration:{silent.pk}").of_kinds(["offer_over"])
    assert [mail.snapshot["is_passed_over"] for mail in said.order_by("pk")] == [False, True]
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("policy", WaitingPolicy.values)
def test_each_rule_tells_the_places_in_which_it_hands_the_seats_out(policy):
    meeting, people = offered(waiting=6, waiting_policy=policy)
    meeting.categories.filter(code="member").update(share=2)
    meeting.categories.filter(code="guest").update(share=1)
    guest = category(meeting, "guest")
    Registration.objects.filter(pk__in=[people[2].pk, people[4].pk]).update(category=guest)
    SeatHold.objects.filter(registration=people[2]).delete()
    Registration.objects.filter(pk=people[1].pk).update(missed_offers=1)
    Registration.objects.filter(pk=people[2].pk).update(missed_offers=1)
    Registration.objects.filter(pk=people[3].pk).update(missed_offers=MOST_MISSED)
    waiting = Registration.objects.in_line(meeting)
    by_place = sorted(
        (policies.rank(person, among=waiting), person.pk)
        for person in waiting.select_related("meeting")
    )

    found = waitlist.rehearse(meeting=meeting, seats_more=6, at=NOON)

    assert [place for place, _pk in by_place] == [1, 2, 3, 4]
    assert [pk for _place, pk in by_place] == [one.registration.pk for one in found]
    assert {one.registration.missed_offers for one in found[2:]} == {1}


def test_the_beat_sweeps(monkeypatch):
    _meeting, [first] = offered()
    monkeypatch.setattr(tasks.timezone, "now", lambda: DEADLINE)

    tasks.lapse_offers()
    tasks.lapse_offers()

    first.refresh_from_db()
    assert first.missed_offers == 1


def test_after_the_lists_closed_an_offer_ends_and_no_other_is_made():
    meeting, [first, second] = offered(waiting=2, edits_close_at=NOON + timedelta(hours=2))

    offering.lapse_due(at=NOON + timedelta(hours=2))

    assert [state(first), state(second)] == [Status.WAITLISTED] * 2
    assert letters(first) == []  # nothing that he could do, and it may be night
    assert counters(meeting) == (0, 2)
    assert seats.audit(meeting.pk) == {}


# --- The organizer -------------------------------------------------------------------------


def test_an_offer_is_taken_back_and_the_seat_goes_to_the_next():
    meeting, [first, second] = offered(waiting=2)

    answer(offering.withdraw, first, by=ORGANIZER)

    assert [state(first), state(second)] == [Status.WAITLISTED, "offered"]
    assert letters(first) == ["offer_over"]
    assert seats.audit(meeting.pk) == {}
    with pytest.raises(offering.OfferOver):
        answer(offering.withdraw, first, by=ORGANIZER)


def test_a_chosen_person_is_offered_a_seat_that_is_free_or_one_more():
    meeting, [first, second] = offered(waiting=2)

    with pytest.raises(offering.MeetingFull):
        answer(offering.offer, second, by=ORGANIZER)
    offering.offer(registration=second, at=NOON, by=ORGANIZER, over_capacity=True)
    offering.offer(registration=second, at=NOON, by=ORGANIZER, over_capacity=True)

    assert [state(first), state(second)] == ["offered"] * 2
    assert SeatLimit.objects.get(whole=meeting).over == 1
    assert seats.audit(meeting.pk) == {}
    answer(offering.accept, second)
    assert second.pk in Registration.objects.over().values_list("pk", flat=True)
    answer(offering.decline, first)
    second.refresh_from_db()
    assert second.seat == Seat.WITHIN
    assert seats.audit(meeting.pk) == {}


def test_a_seat_beyond_the_limit_moves_within_it_while_it_is_only_offered():
    meeting, [first, second] = offered(waiting=2)
    offering.offer(registration=second, at=NOON, by=ORGANIZER, over_capacity=True)

    answer(offering.decline, first)

    assert state(second) == "offered"
    assert second.seat == Seat.NONE
    assert SeatLimit.objects.get(whole=meeting).over == 0
    assert seats.audit(meeting.pk) == {}


def test_only_who_waits_where_seats_are_offered_is_offered_one():
    meeting = make_meeting(seat_limit=1)
    seated = make_registration(meeting=meeting)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    with pytest.raises(offering.NotWaiting):
        answer(offering.offer, seated, by=ORGANIZER)
    with pytest.raises(offering.OffersClosed):
        answer(offering.offer, waits, by=ORGANIZER)


def test_confirming_whom_a_seat_is_offered_to_takes_the_held_one():
    meeting, [first] = offered()

    answer(review.promote, first, by=ORGANIZER)

    assert state(first) == Status.CONFIRMED
    assert counters(meeting) == (1, 0)
    assert seats.audit(meeting.pk) == {}


def test_switching_offers_off_confirms_who_is_next_and_keeps_open_offers():
    meeting, [first, second, third] = offered(waiting=3)
    answer(offering.step_aside, first)

    convening.change(
        meeting=meeting, changes={"offer_hours": None}, seat_limit=2, version=None, at=NOON,
        by=ORGANIZER,
    )  # fmt: skip

    assert [state(person) for person in (second, third, first)] == [
        "offered", Status.CONFIRMED, Status.WAITLISTED,
    ]  # fmt: skip
    answer(offering.decline, second)
    assert state(first) == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


# --- What else may happen meanwhile ---------------------------------------------------------

ENDS = {
    "cancel": lambda who: booking.cancel(**who),
    "decline": lambda who: review.decline(**who),
    "erase": lambda who: erasure.erase(**who),
    "online": lambda who: amending.amend(
        **who, changes={"attendance_mode": AttendanceMode.ONLINE}, version=None
    ),
    "press": lambda who: amending.amend(
        **who, changes={"category": category(who["registration"].meeting, "press")}, version=None,
        as_organizer=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_whoever_stops_waiting_gives_the_offered_seat_to_the_next(how):
    meeting, [first, second] = offered(waiting=2, format="hybrid")

    ENDS[how]({"registration": first, "at": NOON, "by": ORGANIZER})

    assert state(second) == "offered"
    assert not has_offer(first)
    assert counters(meeting) == (1, 1)
    assert seats.audit(meeting.pk) == {}
    assert "offered" not in letters(first)


def test_a_substitute_is_asked_anew_at_the_place_of_whom_he_replaces():
    meeting, [first, second] = offered(waiting=2)

    newcomer = substituting.substitute(
        registration=first, application=make_application(meeting), at=NOON, by=ORGANIZER
    )

    assert [state(person) for person in (first, newcomer, second)] == [
        Status.CANCELLED, "offered", Status.WAITLISTED,
    ]  # fmt: skip
    assert seats.audit(meeting.pk) == {}


def test_the_held_seat_moves_along_with_the_region_or_the_change_is_refused():
    meeting = make_meeting(seat_limit=3, offer_hours=HOURS)
    kaluga, primorye = (meeting.region_set.regions.get(code=c) for c in ("RU-KLU", "RU-PRI"))
    for place in (kaluga, primorye):
        limits.change(
            meeting=meeting, target=place, wish=limits.Wish(seat_limit=1), at=NOON, by=ORGANIZER
        )
    leaves = make_registration(meeting=meeting, region=kaluga)
    sits = make_registration(meeting=meeting, region=primorye)
    first = make_registration(meeting=meeting, region=kaluga, status=Status.WAITLISTED)
    booking.cancel(registration=leaves, at=NOON, by=LINK)

    def move():
        amending.amend(
            registration=first, changes={"region": primorye}, version=None, at=NOON, by=LINK
        )

    with pytest.raises(amending.MeetingFull):
        move()
    assert state(first) == "offered"
    booking.cancel(registration=sits, at=NOON, by=LINK)
    move()

    assert state(first) == "offered"
    assert SeatLimit.objects.get(region=kaluga).taken == 0
    assert SeatLimit.objects.get(region=primorye).taken == 1
    assert seats.audit(meeting.pk) == {}


def test_a_meeting_called_off_offers_nothing():
    meeting, [first] = offered()

    calling_off.call_off(meeting=meeting, reason="", at=NOON, by=ORGANIZER)

    assert state(first) == Status.WAITLISTED
    assert counters(meeting) == (0, 1)
    assert letters(first) == ["called_off"]
    assert seats.audit(meeting.pk) == {}


def test_closing_the_lists_ends_the_offers_and_tells_the_people():
    meeting, [first] = offered()

    closing.close(meeting=meeting, at=NOON + timedelta(hours=1), by=ORGANIZER)

    assert state(first) == Status.WAITLISTED
    [said] = Message.objects.about(f"registration:{first.pk}").of_kinds(["offer_over"])
    assert said.snapshot["why"] == "closed"
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("field", ["edits_close_at", "starts_at"])
def test_lists_that_close_earlier_shorten_the_offer_and_he_is_told(field):
    meeting, [first] = offered()
    earlier = NOON + timedelta(hours=5)

    convening.change(meeting=meeting, changes={field: earlier}, version=None, at=NOON, by=ORGANIZER)

    assert Offer.objects.get(registration=first).answer_by == earlier
    [said] = [
        mail
        for mail in Message.objects.about(f"registration:{first.pk}").of_kinds(["offered"])
        if mail.state != State.WITHDRAWN
    ]
    assert said.expires_at == earlier
    assert seats.audit(meeting.pk) == {}


def test_lists_closed_in_the_settings_end_the_offer():
    meeting, [first] = offered()

    convening.change(
        meeting=meeting, changes={"edits_close_at": NOON}, version=None, at=NOON, by=ORGANIZER
    )

    assert state(first) == Status.WAITLISTED
    assert letters(first) == ["offer_over"]
    assert seats.audit(meeting.pk) == {}


def test_a_corrected_address_gets_the_offer_with_the_new_link():
    _meeting, [first] = offered()

    amending.correct_address(registration=first, email="right@example.org", at=NOON, by=LINK)

    last = Message.objects.about(f"registration:{first.pk}").of_kinds(["offered"]).latest("pk")
    assert last.recipient == "right@example.org"
    assert letters(first) == ["waitlisted", "offered"]


# --- The audit -----------------------------------------------------------------------------


def test_the_audit_finds_a_held_seat_without_an_offer_and_an_offer_without_one():
    meeting, [first] = offered()
    offer = Offer.objects.get()

    offer.delete()
    assert seats.audit(meeting.pk) == {"stray": (1, 0), "seated": (1, 0)}

    Offer.objects.create(registration=first, made_at=NOON, answer_by=DEADLINE)
    SeatHold.objects.filter(registration=first).delete()
    assert seats.audit(meeting.pk) == {"taken": (1, 0), "missing": (1, 0)}


def test_the_audit_finds_offers_that_should_have_gone():
    meeting, [first] = offered()
    Offer.objects.update(answer_by=meeting.starts_at + timedelta(minutes=1))

    assert seats.audit(meeting.pk) == {"late offers": (1, 0)}

    Offer.objects.update(answer_by=DEADLINE)
    Registration.objects.filter(pk=first.pk).update(
        status=Status.CONFIRMED, seat=Seat.WITHIN, line=None, waiting_since=None
    )
    assert seats.audit(meeting.pk) == {"stray offers": (1, 0), "waiting": (1, 0)}

    meeting.status = MeetingStatus.DRAFT
    meeting.save(update_fields=["status"])
    assert "stray offers" in seats.audit(meeting.pk)
