"""Two registrations of one person become one: seats, tickets, the log of scans, the figures."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import JournalEntry
from attendance import checkin, presence, scanlog
from attendance import merging as use_case
from attendance.models import Outcome, Presence, Scan
from events.models import Approval
from notifications.models import Message
from registrations import (
    amending,
    booking,
    erasure,
    letters,
    links,
    merging,
    review,
    seats,
)
from registrations.models import Registration, Seat, Status
from reports import headline
from reports.models import Basis
from tests.attendance.door import open_desk, scan
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_consent,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db


def merge(kept, other, *taken, **versions):
    merged = use_case.merge(kept=kept, other=other, taken=taken, at=NOON, by=ORGANIZER, **versions)
    other.refresh_from_db()
    assert seats.audit(merged.meeting_id) == {}
    return merged


def letters_written():
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def at_the_door(desk, who, **fields):
    [result] = checkin.record(desk=desk, scans=[scan(who, scanned_at=NOON, **fields)], at=NOON)
    return result


@pytest.fixture
def meeting():
    return make_meeting(seat_limit=2)


@pytest.fixture
def ada(meeting):
    return make_registration(meeting=meeting, family_name="Лавлейс", email="ada@example.org")


@pytest.fixture
def twin(meeting):
    return make_registration(
        meeting=meeting, family_name="Лавлейс", email="a.l@example.org", organization="Фонд"
    )


def test_the_seat_too_many_goes_to_whoever_waits_and_the_person_is_told_nothing(meeting, ada, twin):
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    ada = merge(ada, twin)

    assert (ada.status, ada.seat) == (Status.CONFIRMED, Seat.WITHIN)
    assert (twin.status, twin.seat, twin.merged_into) == (Status.CANCELLED, Seat.NONE, ada)
    waiting.refresh_from_db()
    assert waiting.status == Status.CONFIRMED
    assert letters_written() == ["promoted"]


def test_what_was_chosen_is_taken_over_and_found(meeting, ada, twin):
    ada = merge(ada, twin, "organization", "email")

    assert (ada.organization, ada.email) == ("Фонд", "a.l@example.org")
    assert "фонд" in ada.search_key
    lines = JournalEntry.objects.about(f"registration:{ada.pk}")
    assert lines.get(action="registration.amended").changes == {"fields": ["email", "organization"]}
    assert JournalEntry.objects.about(f"registration:{twin.pk}").get(
        action="registration.merged"
    ).changes == {"kept": ada.number, "merged": twin.number}


def test_either_code_opens_the_door_and_both_of_them_once(meeting, ada, twin):
    desk = open_desk(meeting, at=NOON)
    merge(ada, twin)

    first, second = at_the_door(desk, twin), at_the_door(desk, ada)

    assert (first.outcome, first.person.uid) == (Outcome.ACCEPTED, ada.uid)
    assert (second.outcome, second.person.uid) == (Outcome.ALREADY_IN, ada.uid)
    assert presence.counts(meeting_id=meeting.pk, checkpoint_id=desk.checkpoint_id) == (
        presence.Counts(present=1, expected=1)
    )


@pytest.mark.parametrize("came_with", ["kept", "other", "both"])
def test_who_came_before_is_in_afterwards_and_counted_once(meeting, ada, twin, came_with):
    desk = open_desk(meeting, at=NOON)
    if came_with != "other":
        at_the_door(desk, ada)
    if came_with != "kept":
        at_the_door(desk, twin)
    rows = Scan.objects.count()

    merge(ada, twin)

    assert Presence.objects.get().registration == ada
    assert Scan.objects.count() == rows
    assert at_the_door(desk, twin).outcome == Outcome.ALREADY_IN
    lists = headline.lists(meeting)
    assert headline.count(lists=lists, basis=Basis.CHECKED_IN, at=NOON).people == 1
    assert presence.rebuild() == 1
    assert Presence.objects.get().registration == ada


def test_an_entry_with_the_other_code_can_be_taken_back(meeting, ada, twin):
    desk = open_desk(meeting, at=NOON)
    entry = at_the_door(desk, twin)
    merge(ada, twin)

    voiding = checkin.void(desk=desk, entry=entry.id, void_id=uuid4(), at=NOON)

    assert (voiding.state, voiding.registration_id) == ("new", ada.pk)
    assert not Presence.objects.exists()
    assert at_the_door(desk, ada).outcome == Outcome.ACCEPTED


def test_a_scan_that_is_sent_again_gets_its_answer(meeting, ada, twin):
    desk = open_desk(meeting, at=NOON)
    first = scan(twin, scanned_at=NOON)
    checkin.record(desk=desk, scans=[first], at=NOON)
    merge(ada, twin)

    [again] = checkin.record(desk=desk, scans=[first], at=NOON)

    assert (again.is_replayed, again.outcome, again.person.uid) == (True, "accepted", ada.uid)


def test_the_number_and_an_old_search_find_the_one_that_was_kept(meeting, ada, twin):
    desk = open_desk(meeting, at=NOON)
    merge(ada, twin)

    for query in (twin.number, ada.number, "Лавлейс"):
        [found] = presence.search(desk=desk, query=query, at=NOON)
        assert found.uid == ada.uid
    assert presence.person(desk=desk, uid=twin.uid) == ada
    chosen = scanlog.ScanInput(id=uuid4(), method="search", scanned_at=NOON, person=twin.uid)
    [let_in] = checkin.record(desk=desk, scans=[chosen], at=NOON)
    assert let_in.person.uid == ada.uid
    assert at_the_door(desk, twin.number).person.uid == ada.uid


def test_the_other_link_opens_the_kept_one_until_the_address_is_corrected(ada, twin):
    token = links.token(twin)
    ada = merge(ada, twin)
    assert links.find(token) == ada

    amending.correct_address(registration=ada, email="new@example.org", at=NOON, by=LINK)

    with pytest.raises(links.LinkUnknown):
        links.find(token)


def test_a_confirmed_twin_gives_its_seat_to_the_one_that_waits(meeting, ada):
    other = make_registration(meeting=meeting)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED, family_name="Лавлейс")

    kept = merge(waiting, ada)

    assert (kept.status, kept.seat, kept.line) == (Status.CONFIRMED, Seat.WITHIN, None)
    assert letters_written() == ["confirmed"]
    meeting.seats.refresh_from_db()
    assert (meeting.seats.taken, meeting.seats.waiting) == (2, 0)
    other.refresh_from_db()
    assert other.seat == Seat.WITHIN


def test_of_two_turns_in_line_the_earlier_one_stays(meeting, ada, twin):
    first, between, last = (
        make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in "123"
    )

    kept = merge(last, first)

    assert kept.line == 1
    assert letters_written() == []
    booking.cancel(registration=ada, at=NOON, by=LINK)
    kept.refresh_from_db()
    between.refresh_from_db()
    assert (kept.status, between.status) == (Status.CONFIRMED, Status.WAITLISTED)


def test_a_request_takes_the_turn_of_its_twin(meeting, ada, twin):
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)
    request = make_registration(meeting=meeting, status=Status.PENDING)

    kept = merge(request, waiting)

    assert (kept.status, kept.line) == (Status.WAITLISTED, 1)
    assert letters_written() == ["waitlisted"]


def test_a_request_gets_the_kept_seat_of_a_twin_that_is_looked_at():
    meeting = make_meeting(seat_limit=1, approval=Approval.MANUAL, reviews_changes=True)
    seated = make_registration(meeting=meeting)
    changes = {"family_name": "Другая"}
    amending.amend(registration=seated, changes=changes, version=None, at=NOON, by=LINK)
    request = make_registration(meeting=meeting, status=Status.PENDING)

    kept = merge(request, seated)

    assert (kept.status, kept.seat, kept.approved_as) == (Status.PENDING, Seat.WITHIN, {})
    assert review.approve(registration=kept, at=NOON, by=ORGANIZER).status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_the_place_in_a_delegation_and_the_invitation_come_along(meeting, ada):
    delegation = make_delegation(meeting, quota=1)
    invitation = make_invitation(meeting)
    named = make_registration(meeting=meeting)
    Registration.objects.filter(pk=named.pk).update(delegation=delegation, delegation_role="head")
    delegation.places.taken = 1
    delegation.places.save()
    invitation.registration = named
    invitation.save()
    named.refresh_from_db()

    kept = merge(ada, named)

    kept.refresh_from_db()
    assert (kept.delegation, kept.delegation_role) == (delegation, "head")
    invitation.refresh_from_db()
    assert invitation.registration == kept
    delegation.places.refresh_from_db()
    assert (delegation.places.taken, delegation.places.over) == (1, 0)


def test_a_consent_given_with_the_other_one_holds(meeting, ada, twin):
    document = make_consent(meeting)
    twin.consents.create(
        document=document, given_at=NOON, given_by="self", language="ru", user_agent="x"
    )

    kept = merge(ada, twin)

    assert [one.document for one in kept.consents.all()] == [document]


def test_letters_to_the_other_one_are_not_sent_any_more(ada, twin):
    with transaction.atomic():
        letters.write_link(twin, at=NOON)
        letters.write_link(ada, at=NOON)

    merge(ada, twin)

    states = dict(Message.objects.values_list("recipient", "state"))
    assert (states["ada@example.org"], states["a.l@example.org"]) == ("queued", "withdrawn")


def test_who_is_merged_is_merged_for_good(ada, twin):
    merge(ada, twin)

    with pytest.raises(booking.RegistrationClosed):
        booking.restore(registration=twin, at=NOON, by=ORGANIZER)
    with pytest.raises(review.InvalidTransition):
        review.approve(registration=twin, at=NOON, by=ORGANIZER)
    for kept, other in ((ada, twin), (twin, ada), (ada, ada)):
        with pytest.raises(merging.NotMergeable):
            use_case.merge(kept=kept, other=other, taken=(), at=NOON, by=ORGANIZER)
    with pytest.raises(merging.NotMergeable):
        use_case.merge(kept=ada, other=make_registration(), taken=(), at=NOON, by=ORGANIZER)


def test_three_of_one_person_end_in_one(meeting, ada, twin):
    third = make_registration(meeting=meeting, status=Status.WAITLISTED)
    ada = merge(ada, twin)

    third = merge(third, ada)

    twin.refresh_from_db()
    ada.refresh_from_db()
    assert (twin.merged_into, ada.merged_into) == (third, third)
    assert third.status == Status.CONFIRMED
    assert at_the_door(open_desk(meeting, at=NOON), twin).person.uid == third.uid


def test_a_chain_is_refused_by_the_database(meeting, ada, twin):
    third = make_registration(meeting=meeting, status=Status.WAITLISTED)
    booking.cancel(registration=third, at=NOON, by=LINK)
    merge(ada, twin)

    for values in ({"pk": third.pk, "into": twin.pk}, {"pk": third.pk, "into": third.pk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Registration.objects.filter(pk=values["pk"]).update(merged_into=values["into"])
    booking.cancel(registration=ada, at=NOON, by=LINK)
    with pytest.raises(IntegrityError), transaction.atomic():
        # Into the one that others are merged into, and that with them.
        Registration.objects.filter(pk=ada.pk).update(merged_into=third)


def test_erasing_the_person_erases_both(ada, twin):
    ada = merge(ada, twin)

    erasure.erase(registration=ada, at=NOON, by=LINK)

    twin.refresh_from_db()
    assert (twin.erased_at, twin.family_name, twin.ticket_code) == (NOON, "", None)


def test_a_choice_made_of_something_older_is_refused(ada, twin):
    amending.amend(
        registration=twin, changes={"position": "Ректор"}, version=None, at=NOON, by=LINK
    )

    with pytest.raises(use_case.StaleVersion):
        merge(ada, twin, version=1, other_version=1)


def test_a_third_with_the_chosen_name_and_address_is_in_the_way(meeting, ada):
    who = {"family_name": "Лавлейс", "given_name": "Анна", "email": "y@example.org"}
    other = make_registration(meeting=meeting, **who)
    booking.cancel(registration=other, at=NOON, by=LINK)
    make_registration(meeting=meeting, **who)

    with pytest.raises(use_case.AlreadyRegistered):
        use_case.merge(kept=ada, other=other, taken=("name", "email"), at=NOON, by=ORGANIZER)
