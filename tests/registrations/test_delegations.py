"""Delegations: opened by organizers, composed by heads, within their quotas."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from accounts.journal import Actor
from accounts.models import JournalEntry, Via
from events.models import Approval
from notifications.models import Message, State
from registrations import booking, review, seats, substituting, waitlist
from registrations.delegations import answers, filling, keys, naming, opening, reminding
from registrations.models import (
    Consent,
    Delegation,
    GivenBy,
    Registration,
    Seat,
    SeatLimit,
    Source,
    Status,
)
from registrations.places import DelegationFull
from registrations.seats import LimitBelowTaken
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_consent,
    make_delegation,
    make_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = Actor(who="delegation:1", via=Via.LINK)
LATER = NOON + timedelta(days=2)


def application(delegation, **overrides):
    return make_application(
        delegation.meeting, delegation=delegation, delegation_role="expert",
        region=delegation.region, **overrides,
    )  # fmt: skip


def name(delegation, *applications, consents=(), at=NOON):
    return naming.name_people(
        delegation=delegation,
        applications=applications or [application(delegation)],
        consents=list(consents),
        at=at,
        by=HEAD,
    )


def places(delegation):
    counter = SeatLimit.objects.get(delegation=delegation)
    return counter.taken, counter.over


def kinds(registration):
    return sorted(
        Message.objects.about(f"registration:{registration.pk}").values_list("kind", flat=True)
    )


def test_a_named_person_has_a_seat_a_place_and_a_letter():
    delegation = make_delegation(make_meeting())

    [person] = name(delegation)

    assert (person.status, person.seat, person.source) == ("confirmed", "within", "delegation")
    assert places(delegation) == (1, 0)
    assert kinds(person) == ["confirmed"]
    assert seats.audit(delegation.meeting_id) == {}


def test_all_rows_are_named_or_none():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=2)
    three = [application(delegation) for _ in range(3)]

    with pytest.raises(naming.RowRefused) as refusal:
        name(delegation, *three)

    assert (refusal.value.code, refusal.value.facts["row"]) == ("delegation_full", 3)
    assert Registration.objects.count() == 0
    assert Message.objects.count() == 0
    assert places(delegation) == (0, 0)


def test_a_person_who_is_on_the_list_already_is_refused_with_the_row():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=5)
    known = application(delegation)
    name(delegation, known)

    with pytest.raises(naming.RowRefused) as refusal:
        name(delegation, application(delegation), known)

    assert (refusal.value.code, refusal.value.facts["row"]) == ("already_registered", 2)
    assert places(delegation) == (1, 0)


def test_whoever_awaits_a_decision_has_a_place_and_no_seat():
    delegation = make_delegation(make_meeting(approval=Approval.MANUAL), quota=1)

    [person] = name(delegation)

    assert (person.status, person.seat) == ("pending", Seat.NONE)
    assert places(delegation) == (1, 0)
    with pytest.raises(naming.RowRefused):
        name(delegation)


def test_a_head_who_is_trusted_needs_no_approval():
    delegation = make_delegation(make_meeting(approval=Approval.MANUAL), skips_review=True)

    [person] = name(delegation)

    assert person.status == Status.CONFIRMED


def test_a_place_comes_back_whichever_way_somebody_leaves():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=3)
    one, two, three = name(delegation, *[application(delegation) for _ in range(3)])

    booking.cancel(registration=one, at=NOON, by=LINK)
    review.decline(registration=two, at=NOON, by=ORGANIZER)
    naming.remove(delegation=delegation, registration=three, at=NOON, by=HEAD)

    assert places(delegation) == (0, 0)
    assert seats.audit(delegation.meeting_id) == {}


def test_who_comes_back_needs_a_place_again():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=1)
    [gone] = name(delegation)
    booking.cancel(registration=gone, at=NOON, by=LINK)
    name(delegation)

    with pytest.raises(DelegationFull):
        booking.restore(registration=gone, at=NOON, by=ORGANIZER)

    assert places(delegation) == (1, 0)


def test_an_organizer_may_go_beyond_the_quota_and_it_is_counted():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=1)
    [gone] = name(delegation)
    review.decline(registration=gone, at=NOON, by=ORGANIZER)
    name(delegation)

    review.approve(registration=gone, at=NOON, by=ORGANIZER, over_capacity=True)

    assert places(delegation) == (1, 1)
    assert seats.audit(delegation.meeting_id) == {}
    booking.cancel(registration=gone, at=NOON, by=LINK)
    assert places(delegation) == (1, 0)


def test_a_larger_quota_takes_in_who_stood_beyond_it():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=1)
    [gone] = name(delegation)
    review.decline(registration=gone, at=NOON, by=ORGANIZER)
    name(delegation)
    review.approve(registration=gone, at=NOON, by=ORGANIZER, over_capacity=True)

    opening.change(
        delegation=delegation, wish=wish_of(delegation, quota=5), version=1, at=NOON, by=ORGANIZER
    )

    assert places(delegation) == (2, 0)


def wish_of(delegation, **changes):
    wish = opening.Wish(
        **{field: getattr(delegation, field) for field in opening.FIELDS},
        quota=delegation.places.seat_limit,
    )
    return replace(wish, **changes)


def test_a_quota_below_the_people_named_is_refused():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=3)
    name(delegation, application(delegation), application(delegation))

    with pytest.raises(LimitBelowTaken):
        opening.change(
            delegation=delegation, wish=wish_of(delegation, quota=1), version=None, at=NOON,
            by=ORGANIZER,
        )  # fmt: skip


def test_a_full_meeting_puts_named_people_in_line_and_promotes_them():
    meeting = make_meeting(seat_limit=1)
    sits = make_registration(meeting=meeting)
    delegation = make_delegation(meeting)

    [waits] = name(delegation)
    booking.cancel(registration=sits, at=NOON, by=LINK)

    waits.refresh_from_db()
    assert waits.status == Status.CONFIRMED
    assert places(delegation) == (1, 0)
    assert kinds(waits) == ["promoted", "waitlisted"]


def test_after_the_list_is_closed_the_head_changes_nothing():
    delegation = make_delegation(make_meeting(), closes_at=LATER)
    [person] = name(delegation)

    for act in (
        lambda: name(delegation, at=LATER),
        lambda: naming.remove(delegation=delegation, registration=person, at=LATER, by=HEAD),
        lambda: naming.mark(
            delegation=delegation, registration=person, role="head", at=LATER, by=HEAD
        ),
        lambda: naming.refuse(delegation=delegation, at=LATER, by=HEAD),
        lambda: substitute(person, delegation, at=LATER),
    ):
        with pytest.raises(naming.ListClosed):
            act()

    assert places(delegation) == (1, 0)


def test_the_lists_of_the_meeting_close_those_of_delegations():
    delegation = make_delegation(make_meeting(edits_close_at=LATER))

    with pytest.raises(naming.ListClosed):
        name(delegation, at=LATER)


def test_without_the_persons_consent_nobody_is_named():
    meeting = make_meeting()
    document = make_consent(meeting)
    delegation = make_delegation(meeting)

    with pytest.raises(naming.ConsentRequired):
        name(delegation)
    [person] = name(delegation, consents=[document])

    assert Consent.objects.get(registration=person).given_by == GivenBy.PROXY


def test_a_head_cannot_touch_the_people_of_another_delegation():
    meeting = make_meeting(seat_limit=9)
    own, other = make_delegation(meeting), make_delegation(meeting, region=None)
    [stranger] = name(other)

    for act in (
        lambda: naming.remove(delegation=own, registration=stranger, at=NOON, by=HEAD),
        lambda: naming.mark(delegation=own, registration=stranger, role="head", at=NOON, by=HEAD),
    ):
        with pytest.raises(naming.NotInDelegation):
            act()

    assert Registration.objects.get().status == Status.CONFIRMED


def test_a_delegation_has_one_head():
    delegation = make_delegation(make_meeting(seat_limit=9))
    one, two = name(delegation, application(delegation), application(delegation))

    naming.mark(delegation=delegation, registration=one, role="head", at=NOON, by=HEAD)
    naming.mark(delegation=delegation, registration=two, role="head", at=NOON, by=HEAD)

    roles = dict(Registration.objects.values_list("pk", "delegation_role"))
    assert roles == {one.pk: "expert", two.pk: "head"}


def test_a_head_who_comes_back_finds_another_head():
    delegation = make_delegation(make_meeting(seat_limit=9))
    old, new = name(delegation, application(delegation), application(delegation))
    naming.mark(delegation=delegation, registration=old, role="head", at=NOON, by=HEAD)
    booking.cancel(registration=old, at=NOON, by=LINK)
    naming.mark(delegation=delegation, registration=new, role="head", at=NOON, by=HEAD)

    restored = booking.restore(registration=old, at=NOON, by=ORGANIZER)

    assert restored.delegation_role == "expert"
    assert Registration.objects.get(delegation_role="head") == new


def test_nobody_comes_is_an_answer_until_somebody_is_named():
    delegation = make_delegation(make_meeting())

    refused = naming.refuse(delegation=delegation, at=NOON, by=HEAD)
    assert refused.refused_at == NOON

    name(delegation)
    assert Delegation.objects.get().refused_at is None
    with pytest.raises(naming.DelegationInUse):
        naming.refuse(delegation=delegation, at=NOON, by=HEAD)


def substitute(person, delegation, at=NOON, head="Мария Котова", **overrides):
    return substituting.substitute(
        registration=person,
        application=application(delegation, **overrides),
        at=at,
        by=HEAD,
        head=head,
        copy_to=("head@example.org", "Мария Котова"),
    )


def test_a_substitute_takes_the_very_seat_of_a_full_meeting():
    meeting = make_meeting(seat_limit=1)
    delegation = make_delegation(meeting, quota=1)
    [leaver] = name(delegation)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    newcomer = substitute(leaver, delegation)

    leaver.refresh_from_db()
    waits.refresh_from_db()
    assert (leaver.status, leaver.seat) == ("cancelled", "none")
    assert (newcomer.status, newcomer.seat, newcomer.replaces) == ("confirmed", "within", leaver)
    assert waits.status == Status.WAITLISTED
    assert places(delegation) == (1, 0)
    assert seats.audit(meeting.pk) == {}


def test_both_are_told_of_a_substitution_and_the_head_gets_a_copy():
    delegation = make_delegation(make_meeting())
    [leaver] = name(delegation)

    newcomer = substitute(leaver, delegation)

    left = Message.objects.get(kind="cancelled")
    assert left.snapshot["is_replaced"] is True
    assert left.snapshot["by_head"] == "Мария Котова"
    welcome = Message.objects.about(f"registration:{newcomer.pk}").order_by("recipient")
    assert {m.recipient for m in welcome} == {newcomer.email, "head@example.org"}
    assert JournalEntry.objects.about(f"registration:{newcomer.pk}").get().changes == {
        "source": "delegation",
        "replaces": leaver.number,
    }


def test_a_substitute_of_somebody_who_waits_stands_at_his_turn():
    meeting = make_meeting(seat_limit=1)
    sits = make_registration(meeting=meeting)
    delegation = make_delegation(meeting)
    [first] = name(delegation)
    behind = make_registration(meeting=meeting, status=Status.WAITLISTED)

    newcomer = substitute(first, delegation)

    assert waitlist.place(newcomer).position == 1
    booking.cancel(registration=sits, at=NOON, by=LINK)
    assert Registration.objects.get(pk=newcomer.pk).status == Status.CONFIRMED
    assert Registration.objects.get(pk=behind.pk).status == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}


def test_a_substitute_of_a_request_is_decided_upon_as_well():
    delegation = make_delegation(make_meeting(approval=Approval.MANUAL))
    [asked] = name(delegation)

    newcomer = substitute(asked, delegation)

    assert (newcomer.status, newcomer.seat) == ("pending", "none")


def test_an_organizer_replaces_anybody_at_any_time_before_the_end():
    meeting = make_meeting(seat_limit=1, edits_close_at=NOON)
    boss = make_registration(meeting=meeting, seat=Seat.WITHIN)

    deputy = substituting.substitute(
        registration=boss, application=make_application(meeting), at=LATER, by=ORGANIZER
    )

    assert (deputy.status, deputy.seat, deputy.source) == ("confirmed", "within", Source.ORGANIZER)
    assert seats.audit(meeting.pk) == {}
    with pytest.raises(substituting.ListClosed):
        substituting.substitute(
            registration=deputy, application=make_application(meeting), at=meeting.ends_at,
            by=ORGANIZER,
        )  # fmt: skip


def test_nobody_is_replaced_twice():
    delegation = make_delegation(make_meeting())
    [leaver] = name(delegation)
    substitute(leaver, delegation)

    with pytest.raises(substituting.NotReplaceable):
        substitute(leaver, delegation)


def test_who_was_put_back_may_be_replaced_again():
    delegation = make_delegation(make_meeting(seat_limit=9), quota=3)
    [leaver] = name(delegation)
    first = substitute(leaver, delegation)
    booking.restore(registration=leaver, at=NOON, by=ORGANIZER)

    second = substitute(leaver, delegation)

    assert set(leaver.replacements.all()) == {first, second}


def test_a_substitute_who_is_on_the_list_already_changes_nothing():
    meeting = make_meeting(seat_limit=5)
    delegation = make_delegation(meeting)
    [leaver] = name(delegation)
    known = application(delegation)
    booking.register(meeting=meeting, application=replace(known, delegation=None,
        delegation_role=""), consents=[], at=NOON, by=LINK)  # fmt: skip

    with pytest.raises(substituting.AlreadyRegistered):
        substituting.substitute(
            registration=leaver, application=known, at=NOON, by=HEAD, head="Мария"
        )

    leaver.refresh_from_db()
    assert leaver.status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_one_delegation_for_each_region_in_one_click_and_none_twice():
    meeting = make_meeting()
    make_delegation(meeting, name="Калужская область")
    like = opening.Wish(name="", category=category(meeting), language="ru", quota=4)

    opened = opening.open_for_regions(meeting=meeting, like=like, at=NOON, by=ORGANIZER)
    again = opening.open_for_regions(meeting=meeting, like=like, at=NOON, by=ORGANIZER)

    assert [one.region.code for one in opened] == ["RU-KGD", "RU-PRI"]
    assert [SeatLimit.objects.get(delegation=one).seat_limit for one in opened] == [4, 4]
    assert again == []


def test_two_delegations_of_one_name_are_refused():
    meeting = make_meeting()
    make_delegation(meeting, name="Тула")

    with pytest.raises(opening.DelegationExists):
        make_delegation(meeting, name="тула")


def test_heads_are_asked_first_and_reminded_later():
    meeting = make_meeting()
    asked = make_delegation(meeting)
    make_delegation(meeting, head_email="")
    full = make_delegation(meeting, quota=1)
    name(full)

    for moment in (NOON, LATER):
        everybody = Delegation.objects.all()
        told = opening.ask(meeting=meeting, delegations=everybody, at=moment, by=ORGANIZER)
        assert told == 1

    letters = Message.objects.about(f"delegation:{asked.pk}").order_by("id")
    assert [m.kind for m in letters] == ["delegation_opened", "delegation_closing"]
    assert letters[0].snapshot["list_url"] == keys.url(asked)
    with pytest.raises(opening.NobodyToAsk):
        opening.ask(meeting=meeting, delegations=[full], at=NOON, by=ORGANIZER)


def test_another_address_means_another_link():
    delegation = make_delegation(make_meeting())
    old = keys.token(delegation)

    changed = opening.change(
        delegation=delegation, wish=wish_of(delegation, head_email="new@example.org"),
        version=1, at=NOON, by=ORGANIZER,
    )  # fmt: skip

    assert keys.find(keys.token(changed)) == delegation
    with pytest.raises(keys.LinkUnknown):
        keys.find(old)


def test_a_delegation_with_people_cannot_be_removed():
    meeting = make_meeting()
    used, unused = make_delegation(meeting), make_delegation(meeting)
    name(used)

    opening.remove(delegation=unused, at=NOON, by=ORGANIZER)
    with pytest.raises(opening.DelegationInUse):
        opening.remove(delegation=used, at=NOON, by=ORGANIZER)

    assert list(Delegation.objects.all()) == [used]


def test_the_organizer_sees_who_has_answered_and_who_is_missing(django_assert_num_queries):
    meeting = make_meeting(seat_limit=9)
    full, few = make_delegation(meeting, quota=1), make_delegation(meeting, quota=5)
    bounced, waits = make_delegation(meeting), make_delegation(meeting)
    make_delegation(meeting, head_email="")
    name(full)
    name(few)
    # Somebody of no region does not represent all of them.
    make_registration(meeting=meeting, region=None)
    opening.ask(meeting=meeting, delegations=[bounced, waits], at=NOON, by=ORGANIZER)
    Message.objects.about(f"delegation:{bounced.pk}").update(state=State.FAILED)

    with django_assert_num_queries(3):
        found = answers.answers(meeting, at=NOON)

    states = {line.delegation.pk: line.state for line in found.lines}
    assert [states[one.pk] for one in (full, few, bounced, waits)] == [
        "full", "few", "bounced", "waits",
    ]  # fmt: skip
    assert (found.answered, found.named) == (2, 2)
    assert [region.code for region in found.missing] == ["RU-KGD", "RU-PRI"]


def at_moscow(day, clock):
    return datetime.fromisoformat(f"2026-05-{day:02}T{clock}:00+03:00")


def test_heads_are_reminded_two_days_before_the_list_closes_by_day_and_once():
    meeting = make_meeting(seat_limit=9)
    closes = at_moscow(20, "18:00")
    far = make_delegation(  # where it is night when it is day in Moscow
        meeting, region=meeting.region_set.regions.get(code="RU-PRI"), closes_at=closes
    )
    near, full, late = (make_delegation(meeting, closes_at=closes, quota=n) for n in (2, 1, 2))
    opening.ask(meeting=meeting, delegations=[far, near, full], at=NOON, by=ORGANIZER)
    opening.ask(meeting=meeting, delegations=[late], at=at_moscow(19, "09:00"), by=ORGANIZER)
    name(full)

    told = [
        reminding.remind_due(at=at_moscow(day, clock))
        for day, clock in ((18, "17:59"), (18, "18:00"), (18, "23:00"), (19, "07:00"),
                           (19, "08:00"), (19, "09:00"), (20, "10:00"))
    ]  # fmt: skip

    # 18:00 in Moscow is one in the morning in Vladivostok; at 08:00 it is afternoon there.
    assert told == [0, 1, 0, 0, 1, 0, 0]
    assert Message.objects.filter(kind="delegation_closing").count() == 2


def test_who_refused_or_was_never_asked_is_not_reminded():
    meeting = make_meeting()
    make_delegation(meeting)
    refused = make_delegation(meeting)
    opening.ask(meeting=meeting, delegations=[refused], at=NOON, by=ORGANIZER)
    naming.refuse(delegation=refused, at=NOON, by=HEAD)

    assert reminding.remind_due(at=meeting.starts_at - timedelta(days=1)) == 0


def headless(meeting, **overrides):
    return make_delegation(meeting, head_name="", head_email="", **overrides)


def take(meeting, *fills, wishes=(), asks=False):
    return filling.take(
        meeting=meeting, wishes=wishes, fills=fills, asks=asks, at=LATER, by=ORGANIZER
    )


def fill(delegation, **changes):
    said = {"head_email": "new@example.org"} | changes
    return filling.Fill(delegation=delegation, changes=said)


def test_a_delegation_without_a_head_is_filled_with_what_the_row_says():
    meeting = make_meeting()
    empty = headless(meeting, quota=4, closes_at=NOON, skips_review=True)
    old_link = bytes(empty.link_hash)

    taken = take(meeting, fill(empty, head_name="О'Нил Шон", quota=2))

    assert (taken.opened, taken.filled, taken.asked) == ([], [empty], 0)
    empty = Delegation.objects.select_related("places").get()
    assert (empty.head_name, empty.head_email) == ("О'Нил Шон", "new@example.org")
    assert (empty.closes_at, empty.skips_review, empty.places.seat_limit) == (NOON, True, 2)
    assert bytes(empty.link_hash) == keys.hashed(empty) != old_link
    line = JournalEntry.objects.get(action="delegation.changed")
    assert line.changes == {"fields": ["head_name", "head_email"]}
    assert not Message.objects.exists()


def test_heads_of_filled_and_opened_delegations_are_asked_at_once():
    meeting = make_meeting()
    empty, wish = headless(meeting), replace(opening.as_it_is(make_delegation(meeting)), name="Б")

    taken = take(meeting, fill(empty, closes_at=LATER + timedelta(days=1)), wishes=[wish],
                 asks=True)  # fmt: skip

    assert taken.asked == 2
    assert Message.objects.filter(kind="delegation_opened").count() == 2
    assert Delegation.objects.filter(asked_at=LATER).count() == 2


@pytest.mark.parametrize("why", ["has a head", "has people", "refused", "removed"])
def test_one_that_is_no_longer_empty_is_not_filled_and_nothing_is_opened(why):
    meeting = make_meeting()
    other = replace(opening.as_it_is(make_delegation(meeting)), name="Б")
    empty = seen = headless(meeting)
    if why == "has a head":
        opening.change(
            delegation=empty, wish=replace(opening.as_it_is(empty), head_email="first@example.org"),
            version=None, at=NOON, by=ORGANIZER,
        )  # fmt: skip
    elif why == "has people":
        name(empty)
    elif why == "refused":
        naming.refuse(delegation=empty, at=NOON, by=HEAD)
    else:
        opening.remove(delegation=Delegation.objects.get(pk=empty.pk), at=NOON, by=ORGANIZER)

    with pytest.raises(opening.DelegationExists) as refusal:
        take(meeting, fill(seen), wishes=[other], asks=True)

    assert refusal.value.facts == {"name": seen.name}
    assert not Delegation.objects.filter(name="Б").exists()
    assert not Delegation.objects.filter(head_email="new@example.org").exists()
    assert not Message.objects.filter(kind="delegation_opened").exists()


def test_a_strangers_delegation_is_not_filled():
    mine, stranger = make_meeting(), headless(make_meeting())

    with pytest.raises(opening.DelegationExists):
        take(mine, fill(stranger))
