"""Long random lives of a meeting: whatever people do, the counters are the rows."""

from contextlib import suppress
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import journal
from accounts.refusals import Refused
from attendance import merging
from events.models import Approval, Format
from notifications.models import Message
from registrations import (
    amending,
    booking,
    convening,
    erasure,
    intake,
    limits,
    offering,
    review,
    seats,
    session_seats,
    substituting,
)
from registrations.delegations import naming, opening, wishes
from registrations.merging import PARTS
from registrations.models import (
    AttendanceMode,
    Delegation,
    Offer,
    Registration,
    Seat,
    SeatLimit,
    SessionSeat,
    Status,
)
from registrations.sessions import choosing, planning
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
    make_session,
)

pytestmark = pytest.mark.django_db(transaction=True)

ACTS = st.tuples(
    st.sampled_from(
        ["register"] * 6
        + ["cancel"] * 3
        + ["restore", "approve", "approve over", "decline", "promote", "promote over"]
        + ["press", "member", "online", "in person", "erase", "more seats", "fewer seats"]
        + ["name"] * 3
        + ["replace", "replace by head", "remove", "trust", "quota", "demote"]
        + ["offer", "offer over", "ask again", "withdraw offer", "close earlier", "offers"]
        + ["accept", "refuse", "step aside", "lapse"] * 2
        + ["move", "limit region", "keep for region", "limit category", "unlimit", "release"]
        + ["rename", "rename", "rename back", "head yes", "head no"]
        + ["merge", "merge all"]
    ),
    st.integers(0, 7),
)

APPROVALS = st.sampled_from(Approval.values)
# Half of the meetings offer the seats that become free, half confirm whoever is next.
OFFER_HOURS = st.sampled_from([None, 24])


def limit(meeting, target, **wish):
    limits.change(meeting=meeting, target=target, wish=limits.Wish(**wish), at=NOON, by=ORGANIZER)


SHARES = {
    "limit region": lambda meeting, place, n: limit(meeting, place, seat_limit=n % 3),
    "keep for region": lambda meeting, place, n: limit(
        meeting, place, reserve=n % 3, reserved_until=NOON + timedelta(days=1)
    ),
    "limit category": lambda meeting, _place, n: limit(
        meeting, category(meeting), seat_limit=n % 4
    ),
    "unlimit": lambda meeting, place, _n: limits.remove(
        meeting=meeting, target=place, at=NOON, by=ORGANIZER
    ),
    "release": lambda _meeting, _place, _n: limits.release_due(at=NOON + timedelta(days=1)),
}


def delegation_of(meeting, place):
    """The delegation of a region: opened when somebody first speaks of it."""
    found = Delegation.objects.filter(meeting=meeting, region=place).first()
    return found or make_delegation(meeting, region=place, quota=2)


def change_delegation(meeting, place, **changes):
    delegation = delegation_of(meeting, place)
    quota = SeatLimit.objects.get(delegation=delegation).seat_limit
    known = {field: getattr(delegation, field) for field in opening.FIELDS} | {"quota": quota}
    opening.change(
        delegation=delegation, wish=opening.Wish(**known | changes), version=None, at=NOON,
        by=ORGANIZER,
    )  # fmt: skip


def name_one(meeting, place, _choice):
    delegation = delegation_of(meeting, place)
    person = make_application(meeting, region=place, delegation=delegation, delegation_role="head")
    naming.name_people(delegation=delegation, applications=[person], consents=[], at=NOON, by=LINK)


def remove_one(meeting, place, choice):
    delegation = delegation_of(meeting, place)
    people = list(delegation.people.order_by("pk"))
    if people:
        naming.remove(
            delegation=delegation, registration=people[choice % len(people)], at=NOON, by=LINK
        )


DELEGATIONS = {
    "name": name_one,
    "remove": remove_one,
    "trust": lambda meeting, place, n: change_delegation(meeting, place, skips_review=bool(n % 2)),
    "quota": lambda meeting, place, n: change_delegation(meeting, place, quota=n % 4),
}


def answer(meeting, choice, step):
    """Somebody answers who is asked; where nobody is, whoever it would be is refused."""
    asked = [offer.registration for offer in Offer.objects.of(meeting)]
    people = asked or list(Registration.objects.filter(meeting=meeting).order_by("pk"))
    if people:
        step(registration=people[choice % len(people)], at=NOON, by=LINK)


def lapse(meeting, _place, _choice):
    """The first of the open offers is due, and nobody else's time has come."""
    if first := Offer.objects.of(meeting).first():
        Offer.objects.filter(pk=first.pk).update(made_at=NOON - timedelta(days=1), answer_by=NOON)
        offering.lapse_due(at=NOON)


OFFERS = {
    "accept": lambda meeting, _place, n: answer(meeting, n, offering.accept),
    "refuse": lambda meeting, _place, n: answer(meeting, n, offering.decline),
    "step aside": lambda meeting, _place, n: answer(meeting, n, offering.step_aside),
    "withdraw offer": lambda meeting, _place, n: answer(meeting, n, offering.withdraw),
    "lapse": lapse,
    "close earlier": lambda meeting, _place, n: convening.change(
        meeting=meeting,
        changes={"edits_close_at": NOON + timedelta(hours=n)} if n else {"edits_close_at": None},
        version=None,
        at=NOON,
        by=ORGANIZER,
    ),
    "offers": lambda meeting, _place, n: convening.change(
        meeting=meeting,
        changes={"offer_hours": None if n == 7 else 24},
        version=None,
        at=NOON,
        by=ORGANIZER,
    ),
}


def rename(meeting, _place, choice, name=None):
    """By the person himself: looked at again where he was approved already."""
    people = list(Registration.objects.filter(meeting=meeting).order_by("pk"))
    if people:
        amending.amend(
            registration=people[choice % len(people)],
            changes={"given_name": name or f"Имя{'абвгдежз'[choice]}"},
            version=None, at=NOON, by=LINK,
        )  # fmt: skip


def ask_head(act):
    def by_head(meeting, _place, choice):
        asked = list(
            Registration.objects.filter(meeting=meeting, awaits_head_of__isnull=False)
            .select_related("awaits_head_of")
            .order_by("pk")
        )
        if asked:
            who = asked[choice % len(asked)]
            act(delegation=who.awaits_head_of, registration=who, at=NOON, by=LINK)

    return by_head


def merge(meeting, _place, choice, take=()):
    """Two of the meeting, whatever they are: what cannot be merged is refused."""
    people = list(Registration.objects.filter(meeting=meeting).order_by("pk"))
    if people:
        first, second = people[choice % len(people)], people[(choice * 3 + 1) % len(people)]
        merging.merge(kept=first, other=second, taken=take, at=NOON, by=ORGANIZER)


STAGES = {
    "merge": merge,
    "merge all": lambda meeting, place, n: merge(meeting, place, n, take=list(PARTS)),
    "rename": rename,
    "rename back": lambda meeting, place, n: rename(meeting, place, n, name="Пётр"),
    "head yes": ask_head(wishes.approve),
    "head no": ask_head(wishes.reject),
}


def act(meeting, name: str, choice: int) -> None:
    places = list(meeting.region_set.regions.order_by("pk"))
    place = places[choice % len(places)]
    if name == "register":
        code = "press" if choice == 7 else "member"
        who = make_application(meeting, category_code=code, region=place)
        booking.register(meeting=meeting, application=who, consents=[], at=NOON, by=journal.PUBLIC)
        return
    for group in (DELEGATIONS, OFFERS, STAGES, SHARES):
        if name in group:
            group[name](meeting, place, choice)
            return
    if name in ("more seats", "fewer seats"):
        limit = meeting.seats.seat_limit + (choice if name == "more seats" else -choice)
        convening.set_seat_limit(meeting=meeting, seat_limit=max(limit, 0), at=NOON, by=ORGANIZER)
        return
    people = list(Registration.objects.filter(meeting=meeting).order_by("pk"))
    if not people:
        return
    who = {"registration": people[choice % len(people)], "at": NOON, "by": ORGANIZER}
    if name in ("press", "member"):
        changes = {"category": category(meeting, name)}
        amending.amend(**who, changes=changes, version=None, as_organizer=True)
    elif name in ("online", "in person"):
        mode = AttendanceMode.ONLINE if name == "online" else AttendanceMode.IN_PERSON
        amending.amend(**who | {"by": LINK}, changes={"attendance_mode": mode}, version=None)
    elif name == "move":
        by = {"by": LINK} if choice % 2 else {"as_organizer": True}
        amending.amend(**who | by, changes={"region": place}, version=None)
    else:
        {
            "cancel": lambda: booking.cancel(**who | {"by": LINK}),
            "restore": lambda: booking.restore(**who),
            "approve": lambda: review.approve(**who),
            "approve over": lambda: review.approve(**who, over_capacity=True),
            "decline": lambda: review.decline(**who),
            "promote": lambda: review.promote(**who),
            "promote over": lambda: review.promote(**who, over_capacity=True),
            "offer": lambda: offering.offer(**who),
            "offer over": lambda: offering.offer(**who, over_capacity=True),
            "ask again": lambda: offering.ask_again(**who | {"by": LINK}),
            "replace": lambda: substituting.substitute(
                **who, application=make_application(meeting, region=place)
            ),
            "replace by head": lambda: substituting.substitute(
                **who | {"by": LINK}, application=make_application(meeting, region=place), head="К"
            ),
            "demote": lambda: Registration.objects.filter(
                pk=who["registration"].pk, delegation__isnull=False
            ).update(delegation_role="expert"),
            "erase": lambda: erasure.erase(**who),
        }[name]()


def limits_of(person):
    return seats.applying(
        meeting_id=person.meeting_id, category_id=person.category_id, region=person.region,
        organization_key=person.organization_key,
    )  # fmt: skip


# Which status may follow which in one act.
FOLLOWS = {
    None: {Status.PENDING, Status.WAITLISTED, Status.CONFIRMED},
    Status.PENDING: {Status.CONFIRMED, Status.WAITLISTED, Status.DECLINED, Status.CANCELLED},
    # Back to the desk: whoever changed what was approved.
    Status.WAITLISTED: {Status.CONFIRMED, Status.DECLINED, Status.CANCELLED, Status.PENDING},
    Status.CONFIRMED: {Status.CANCELLED, Status.DECLINED, Status.PENDING},
    Status.DECLINED: {Status.CONFIRMED, Status.WAITLISTED},
    Status.CANCELLED: {Status.CONFIRMED, Status.WAITLISTED, Status.PENDING},
}


def people_of(meeting):
    """Of everybody: the status, and the delegation."""
    rows = Registration.objects.filter(meeting=meeting)
    return {pk: told for pk, *told in rows.values_list("pk", "status", "delegation")}


def assert_the_step_was_allowed(meeting, before, act):
    now = people_of(meeting)
    # Of two records of one person that were merged, one is no application any more.
    gone = Registration.objects.filter(meeting=meeting, merged_into__isnull=False)
    merged = set(gone.values_list("pk", flat=True))
    for pk, (status, _delegation) in now.items():
        if pk in merged:
            assert status == Status.CANCELLED, act
            continue
        was = before[pk][0] if pk in before else None
        assert status == was or status in FOLLOWS[was], (act, was, status)
    substitutes = Registration.objects.filter(meeting=meeting, replaces__isnull=False)
    for person in substitutes.exclude(pk__in=before):
        # Where either goes afterwards, by a head or by merging, is another matter.
        assert person.delegation_id == now[person.replaces_id][1], act


def live_through(acts, approval, offer_hours) -> None:
    meeting = make_meeting(
        seat_limit=2, approval=approval, format=Format.HYBRID, offer_hours=offer_hours,
        reviews_changes=True, heads_decide_first=True,
    )  # fmt: skip
    if offer_hours:
        # Full, with people who wait: else hardly any life would come to an offer.
        for status in [Status.CONFIRMED] * 2 + [Status.WAITLISTED] * 4:
            make_registration(meeting=meeting, status=status)
    for name, choice in acts:
        before = people_of(meeting)
        with suppress(Refused):  # an answer as well; that it changed nothing is checked below
            act(meeting, name, choice)
        assert_the_step_was_allowed(meeting, before, (name, choice))
        meeting.refresh_from_db()
        meeting.seats.refresh_from_db()
        assert seats.audit(meeting.pk) == {}, (name, choice)
        for row in SeatLimit.objects.filter(meeting=meeting):
            assert not (row.over and not row.is_full), (name, choice, row)
        for person in Registration.objects.in_line(meeting):
            assert seats.full(limits_of(person)), (name, choice, "a seat, and somebody waits")
    for person in Registration.objects.filter(meeting=meeting).select_related("category"):
        needs = intake.takes_seat(
            meeting=meeting, category=person.category, attendance_mode=person.attendance_mode
        )
        sits = person.status == Status.CONFIRMED or person.was_confirmed
        assert (person.seat != Seat.NONE) == (sits and needs)
        assert needs or person.status != Status.WAITLISTED
        holds = person.holds.count()
        assert bool(holds) == (person.seat != Seat.NONE or person.open_offer is not None)
    for person in Registration.objects.filter(meeting=meeting, merged_into__isnull=False):
        assert (person.status, person.merged_into.merged_into) == (Status.CANCELLED, None)
    for delegation in Delegation.objects.filter(meeting=meeting):
        assert delegation.people.live().filter(delegation_role="head").count() <= 1
    keys = Message.objects.values_list("dedupe_key", flat=True)
    assert len(keys) == len(set(keys))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTS, min_size=20, max_size=25), APPROVALS, OFFER_HOURS)
def test_the_counters_are_the_rows_whatever_people_do(acts, approval, offer_hours):
    live_through(acts, approval, offer_hours)


@pytest.mark.long
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTS, min_size=50, max_size=60), APPROVALS, OFFER_HOURS)
def test_the_counters_are_the_rows_in_many_long_lives(acts, approval, offer_hours):
    live_through(acts, approval, offer_hours)


# Sessions: whoever lives through the same also chooses, gives up, swaps and moves them.

SESSION_ACTS = st.tuples(
    st.sampled_from(
        ["book"] * 6
        + ["swap"] * 3
        + ["unbook"] * 2
        + ["move session"] * 2
        + ["more places", "fewer places", "for everybody", "drop session"]
        + ["cancel", "restore", "online", "in person", "replace", "erase", "decline", "register"]
    ),
    st.integers(0, 11),
)


def plan(session, **changes):
    known = {field: getattr(session, field) for field in planning.FIELDS}
    places = SeatLimit.objects.get(session=session)
    known |= {"capacity": places.seat_limit, "shows_left": places.shows_left} | changes
    planning.change(
        session=session, wish=planning.Wish(**known), version=None, at=NOON, by=ORGANIZER,
        releases=session.pk % 2 == 0,
    )  # fmt: skip


def act_on_sessions(meeting, name: str, choice: int) -> None:
    sessions = list(meeting.sessions.order_by("pk"))
    if len(sessions) < 3:
        sessions.append(make_session(meeting, hour=choice % 3, capacity=choice % 3))
    session = sessions[choice % len(sessions)]
    shift = timedelta(minutes=30) * (1 if choice % 2 else -1)
    capacity = SeatLimit.objects.get(session=session).seat_limit
    people = list(Registration.objects.filter(meeting=meeting).order_by("pk"))
    person = {"registration": people[choice % len(people)], "at": NOON, "by": LINK}
    held = [seat.session for seat in session_seats.of(person["registration"])]
    acts = {
        "book": lambda: choosing.book(**person, session=session),
        "swap": lambda: choosing.book(**person, session=session, instead_of=held),
        "unbook": lambda: choosing.give_back(**person, session=(held or [session])[0]),
        "move session": lambda: plan(
            session, starts_at=session.starts_at + shift, ends_at=session.ends_at + shift
        ),
        "more places": lambda: plan(session, capacity=(capacity or 0) + 1),
        "fewer places": lambda: plan(session, capacity=max((capacity or 1) - 1, 0)),
        "for everybody": lambda: plan(session, capacity=None),
        "drop session": lambda: planning.remove(
            session=session, at=NOON, by=ORGANIZER, releases=bool(choice % 2)
        ),
    }
    if name in acts:
        acts[name]()
    else:
        act(meeting, name, choice % 8)


def live_through_sessions(acts) -> None:
    meeting = make_meeting(seat_limit=3, format=Format.HYBRID)
    for _ in range(3):
        make_registration(meeting=meeting)
    for name, choice in acts:
        before = dict(SessionSeat.objects.values_list("registration", "session"))
        with suppress(Refused):
            act_on_sessions(meeting, name, choice)
        assert seats.audit(meeting.pk) == {}, (name, choice)
        chosen = list(SessionSeat.objects.select_related("registration__meeting", "session"))
        for seat in chosen:
            assert session_seats.may_hold(seat.registration), (name, choice)
            assert (seat.starts_at, seat.ends_at) == (
                seat.session.starts_at, seat.session.ends_at,
            )  # fmt: skip
        if name == "swap":
            assert before.keys() <= {seat.registration_id for seat in chosen}, (name, choice)
        for one, other in combinations(chosen, 2):
            if one.registration_id == other.registration_id:
                assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(SESSION_ACTS, min_size=20, max_size=25))
def test_the_places_in_sessions_are_the_rows_whatever_people_do(acts):
    live_through_sessions(acts)


@pytest.mark.long
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(SESSION_ACTS, min_size=50, max_size=60))
def test_the_places_in_sessions_are_the_rows_in_many_long_lives(acts):
    live_through_sessions(acts)
