"""Whom a rule means, with which words, who does not get it and why."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from attendance import checkin
from attendance.models import Checkpoint
from notifications import rendering, suppressing
from notifications.models import Message, State
from registrations import (
    amending,
    booking,
    convening,
    reminder_forecast,
    reminder_words,
    reminders,
)
from registrations.models import (
    Audience,
    Presence,
    Registration,
    ReminderRule,
    RuleKind,
    RuleStatus,
    Status,
)
from registrations.reminder_people import KINDS
from registrations.sessions import choosing
from tests.attendance.door import open_desk, scan
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

# The meetings of the factory: 26 May 2026, 15:00–18:00 in Moscow.
START = NOON + timedelta(days=21)
DAY_BEFORE = datetime(2026, 5, 25, 7, tzinfo=UTC)  # 10:00 in Moscow
DAY_AFTER = datetime(2026, 5, 27, 7, tzinfo=UTC)


def make_rule(meeting, **fields):
    said = {"kind": RuleKind.DAYS_BEFORE, "amount": 1, "at_time": time(10)}
    return ReminderRule.objects.create(meeting=meeting, **said | fields)


def thank(meeting, **fields):
    return make_rule(meeting, kind=RuleKind.DAYS_AFTER, presence=Presence.CAME, **fields)


def enter(person, *, at):
    """Let somebody in at the meeting's door."""
    desk = open_desk(person.meeting, at=at)
    [result] = checkin.record(desk=desk, scans=[scan(person, scanned_at=at)], at=at)
    assert result.outcome == "accepted"


def recipients():
    letters = Message.objects.of_kinds(KINDS).exclude(state=State.DROPPED)
    return sorted(letters.values_list("recipient", flat=True))


def name_people(meeting):
    """Six people who differ in one thing each; their addresses say in which."""
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    delegation = make_delegation(meeting, quota=3)
    make_registration(meeting=meeting, email="plain@example.org")
    make_registration(meeting=meeting, email="kaluga@example.org", region=kaluga)
    make_registration(
        meeting=meeting, email="guest@example.org", category=category(meeting, "guest")
    )
    make_registration(
        meeting=meeting, email="sent@example.org", delegation=delegation, delegation_role="expert"
    )
    session = make_session(meeting)
    chooser = make_registration(meeting=meeting, email="chose@example.org")
    choosing.book(registration=chooser, session=session, at=NOON, by=LINK)
    make_registration(meeting=meeting, email="waits@example.org", status=Status.WAITLISTED)
    return {
        "region": kaluga, "category": category(meeting, "guest"), "delegation": delegation,
        "session": session,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [("region", "kaluga"), ("category", "guest"), ("delegation", "sent"), ("session", "chose")],
)
def test_a_rule_is_narrowed_to_some(narrowed, expected):
    meeting = make_meeting(seat_limit=5)
    known = name_people(meeting)
    make_rule(meeting, **{narrowed: known[narrowed]})

    reminders.send_due(at=DAY_BEFORE)

    assert recipients() == [f"{expected}@example.org"]


def test_whoever_waits_is_told_so_and_nothing_else():
    meeting = make_meeting(seat_limit=5)
    name_people(meeting)
    make_rule(meeting, status=RuleStatus.WAITLISTED)

    reminders.send_due(at=DAY_BEFORE)

    assert recipients() == ["waits@example.org"]
    mail = Message.objects.get(kind="reminder_waiting")
    said = rendering.render(mail)
    assert mail.enclosures == []
    assert "Лист ожидания" in said.html or "листе ожидания" in said.text
    assert "QR" not in said.subject + said.text


def test_whoever_got_a_seat_meanwhile_is_not_told_that_he_waits():
    meeting = make_meeting(seat_limit=0)
    make_rule(meeting, status=RuleStatus.WAITLISTED)
    lucky = make_registration(meeting=meeting, status=Status.WAITLISTED)
    Registration.objects.filter(pk=lucky.pk).update(
        status=Status.CONFIRMED, waiting_since=None, line=None, status_changed_at=DAY_BEFORE
    )

    assert reminders.send_due(at=DAY_BEFORE + timedelta(minutes=1)) == 0


def test_only_who_came_is_thanked_and_only_afterwards():
    meeting = make_meeting(seat_limit=20)
    thank(meeting)
    came = make_registration(meeting=meeting, email="came@example.org")
    make_registration(meeting=meeting, email="absent@example.org")
    enter(came, at=START)

    early = reminders.send_due(at=DAY_AFTER - timedelta(minutes=1))
    reminders.send_due(at=DAY_AFTER)
    again = reminders.send_due(at=DAY_AFTER + timedelta(hours=1))

    assert (early, again, recipients()) == (0, 0, ["came@example.org"])
    mail = Message.objects.get(kind="thanks")
    assert (mail.care, mail.enclosures) == ("b", [])
    assert mail.expires_at > DAY_AFTER
    assert "26 мая" in rendering.render(mail).subject


def test_thanks_are_said_when_everything_before_is_long_over():
    meeting = make_meeting(seat_limit=20)
    thank(meeting, amount=14)
    came = make_registration(meeting=meeting, email="came@example.org")
    enter(came, at=START)

    reminders.send_due(at=DAY_AFTER + timedelta(days=13, minutes=1))

    assert recipients() == ["came@example.org"]


def test_whoever_is_inside_already_is_not_reminded_of_the_start():
    meeting = make_meeting(seat_limit=20)
    make_rule(meeting, kind=RuleKind.HOURS_BEFORE, amount=2, at_time=None, presence=Presence.ABSENT)
    inside = make_registration(meeting=meeting, email="inside@example.org")
    make_registration(meeting=meeting, email="outside@example.org")
    enter(inside, at=START - timedelta(hours=3))

    reminders.send_due(at=START - timedelta(hours=2))

    assert recipients() == ["outside@example.org"]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": RuleKind.DAYS_AFTER, "presence": Presence.ANY},
        {"kind": RuleKind.DAYS_AFTER, "presence": Presence.CAME, "at_time": None},
        {"kind": RuleKind.DAYS_AFTER, "status": RuleStatus.WAITLISTED, "presence": Presence.CAME},
        {"status": RuleStatus.WAITLISTED, "presence": Presence.ABSENT},
        {"status": "pending"},
        {"presence": "maybe"},
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(fields):
    meeting = make_meeting()

    with pytest.raises(IntegrityError), transaction.atomic():
        make_rule(meeting, **fields)


def test_of_two_that_are_late_only_the_newer_goes():
    meeting = make_meeting(seat_limit=20)
    older = make_rule(meeting)
    make_rule(meeting, at_time=time(12))
    make_registration(meeting=meeting, email="one@example.org")

    reminders.send_due(at=DAY_BEFORE + timedelta(hours=4))

    left_out = Message.objects.get(state=State.DROPPED)
    assert (recipients(), left_out.reason) == (["one@example.org"], "newer_reminder")
    assert f":{older.pk}:" in left_out.dedupe_key
    assert reminders.send_due(at=DAY_BEFORE + timedelta(hours=4, minutes=1)) == 0


def test_a_late_one_is_not_overtaken_by_what_means_somebody_else():
    meeting = make_meeting(seat_limit=20)
    make_rule(meeting)
    make_rule(meeting, at_time=time(12), status=RuleStatus.WAITLISTED)
    make_registration(meeting=meeting, email="one@example.org")

    reminders.send_due(at=DAY_BEFORE + timedelta(hours=4))

    assert recipients() == ["one@example.org"]
    assert not Message.objects.filter(state=State.DROPPED).exists()


def test_a_meeting_that_moves_leaves_no_reminder_of_the_old_time():
    meeting = make_meeting(seat_limit=1)
    make_rule(meeting)
    make_rule(meeting, status=RuleStatus.WAITLISTED)
    make_registration(meeting=meeting, email="one@example.org")
    make_registration(meeting=meeting, email="waits@example.org", status=Status.WAITLISTED)
    reminders.send_due(at=DAY_BEFORE)
    assert Message.objects.of_kinds(KINDS).waiting().count() == 2

    meeting.refresh_from_db()
    later = {"starts_at": START + timedelta(days=2), "ends_at": START + timedelta(days=2, hours=3)}
    convening.change(meeting=meeting, changes=later, version=None, at=DAY_BEFORE, by=ORGANIZER)

    assert not Message.objects.of_kinds(KINDS).waiting().exists()
    assert set(Message.objects.of_kinds(KINDS).values_list("reason", flat=True)) == {
        "meeting moved"
    }
    assert reminders.send_due(at=DAY_BEFORE + timedelta(days=2)) == 2


# --- what will be ------------------------------------------------------------------


def test_the_plan_says_who_gets_it_when_and_who_does_not_and_why():
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting, at_time=time(18))
    primorye = meeting.region_set.regions.get(code="RU-PRI")
    for _ in range(2):
        make_registration(meeting=meeting, region=primorye)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting, email="")
    tired = make_registration(meeting=meeting)
    amending.unsubscribe(registration=tired, at=NOON, by=LINK)
    make_registration(meeting=meeting, at=DAY_BEFORE + timedelta(hours=9))

    found = reminder_forecast.forecast(rule, meeting, at=NOON + timedelta(days=1))

    assert [(f"{g.at:%d %H:%M}", g.zone.key, g.people) for g in found.groups] == [
        ("25 11:00", "Asia/Vladivostok", 2),
        ("25 15:00", "Europe/Moscow", 1),
    ]
    assert found.left_out == {"no_address": 1, "unsubscribed": 1, "due_before_confirmation": 1}
    assert (found.sent, found.waiting, found.people) == (0, 0, 3)
    said = reminder_words.say(found, meeting)
    assert [(wave.people, wave.elsewhere) for wave in said.waves] == [
        (2, ("Владивосток 21:00: 2",)),
        (1, ()),
    ]


def test_the_plan_is_what_then_happens():
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting, at_time=time(18))
    primorye = meeting.region_set.regions.get(code="RU-PRI")
    make_registration(meeting=meeting, region=primorye)
    make_registration(meeting=meeting)
    planned = reminder_forecast.forecast(rule, meeting, at=NOON)

    for group in planned.groups:
        assert reminders.send_due(at=group.at - timedelta(minutes=1)) == 0
        assert reminders.send_due(at=group.at) == group.people
    after = reminder_forecast.forecast(rule, meeting, at=planned.groups[-1].at)

    assert (after.waiting, after.people, after.left_out) == (2, 0, {})


def test_whoever_registers_after_the_moment_is_in_the_plan_as_left_out():
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting)
    make_registration(meeting=meeting, at=DAY_BEFORE + timedelta(minutes=1))
    soon = DAY_BEFORE + timedelta(minutes=2)

    assert reminders.send_due(at=soon) == 0
    found = reminder_forecast.forecast(rule, meeting, at=soon)

    assert (found.people, found.left_out) == (0, {"due_before_confirmation": 1})


def told(meeting, **fields):
    """Somebody who registered himself, and was answered unless the mailbox had enough."""
    return booking.register(
        meeting=meeting, application=make_application(meeting, **fields), consents=[], at=NOON,
        by=LINK,
    ).registration  # fmt: skip


def test_whom_nothing_is_sent_to_is_in_the_plan_as_left_out_before_and_after():
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting)
    told(meeting, email="Anna@Example.org")
    stopped = told(meeting, email="gone@example.org")
    suppressing.stop(message=Message.objects.get(recipient=stopped.email), at=NOON, by=ORGANIZER)
    # Strangers gave this address four times: the mailbox heard of three of them.
    for _ in range(4):
        told(meeting, email="victim@example.org")
    expected = {"suppressed": 1, "address_spared": 1}

    before = reminder_forecast.forecast(rule, meeting, at=NOON + timedelta(days=1))
    reminders.send_due(at=DAY_BEFORE)
    after = reminder_forecast.forecast(rule, meeting, at=DAY_BEFORE)

    assert (before.people, before.left_out) == (4, expected)
    assert (after.people, after.waiting, after.left_out) == (0, 4, expected)
    # A sentence, and no code.
    assert all(" " in words for _code, words, _number in reminder_words.reasons(after))


def test_those_who_live_by_one_clock_are_one_group():
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting)
    moscow = meeting.region_set.regions.get(code="RU-KLU")
    make_registration(meeting=meeting, region=moscow)
    make_registration(meeting=meeting, region=None)

    [group] = reminder_forecast.forecast(rule, meeting, at=NOON).groups

    assert (group.people, group.zone.key) == (2, "Europe/Moscow")


@pytest.mark.parametrize("people", [1, 3])
def test_a_plan_costs_the_same(people, django_assert_num_queries):
    meeting = make_meeting(seat_limit=20)
    rule = make_rule(meeting)
    for _ in range(people):
        make_registration(meeting=meeting)

    with django_assert_num_queries(1):
        assert reminder_forecast.forecast(rule, meeting, at=DAY_BEFORE).people == people


def test_the_audience_knows_online_from_hall():
    meeting = make_meeting(seat_limit=20, format="online", online_url="https://example.org/r")
    rule = make_rule(meeting, audience=Audience.IN_PERSON)
    make_registration(meeting=meeting)

    assert reminder_forecast.forecast(rule, meeting, at=NOON).people == 0
    assert Checkpoint.objects.count() == 0


def test_a_seat_that_becomes_free_takes_back_what_says_that_there_is_none():
    meeting = make_meeting(seat_limit=1)
    make_rule(meeting, status=RuleStatus.WAITLISTED)
    first = make_registration(meeting=meeting)
    make_registration(meeting=meeting, email="waits@example.org", status=Status.WAITLISTED)
    reminders.send_due(at=DAY_BEFORE)

    booking.cancel(registration=first, at=DAY_BEFORE, by=LINK)

    mail = Message.objects.get(kind="reminder_waiting")
    assert (mail.state, mail.reason) == (State.WITHDRAWN, "seat_free")
