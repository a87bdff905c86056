import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection, transaction

from notifications import rendering
from notifications.models import Message, State
from registrations import amending, booking, calling_off, convening, reminders
from registrations.models import AttendanceMode, Audience, ReminderRule, RuleKind, Status
from tests.factories import LINK, NOON, ORGANIZER, make_meeting, make_registration

# The meetings of the factory: 26 May 2026, 15:00–18:00 in Moscow.
START = NOON + timedelta(days=21)
DAY_BEFORE = datetime(2026, 5, 25, 7, tzinfo=UTC)  # 10:00 in Moscow


def with_rules(*rules, **overrides):
    meeting = make_meeting(**{"seat_limit": 300} | overrides)
    for kind, amount, at_time, audience in rules:
        ReminderRule.objects.create(
            meeting=meeting, kind=kind, amount=amount, at_time=at_time, audience=audience
        )
    return meeting


def day_before(**overrides):
    return with_rules((RuleKind.DAYS_BEFORE, 1, time(10), Audience.ALL), **overrides)


def states():
    return list(
        Message.objects.of_kinds(["reminder"]).order_by("pk").values_list("recipient", "state")
    )


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reminder_goes_when_its_moment_has_come_and_once():
    meeting = day_before()
    person = make_registration(meeting=meeting)

    early = reminders.send_due(at=DAY_BEFORE - timedelta(minutes=1))
    first = reminders.send_due(at=DAY_BEFORE + timedelta(seconds=40))
    again = reminders.send_due(at=DAY_BEFORE + timedelta(minutes=2))

    assert (early, first, again) == (0, 1, 0)
    message = Message.objects.get()
    assert message.recipient == person.email
    assert message.expires_at == START - timedelta(hours=2)
    assert message.unsubscribe_url.endswith("/unsubscribe/")


def test_a_rule_that_fails_does_not_silence_the_others(caplog):
    far = datetime(9999, 12, 31, 23, tzinfo=UTC)
    broken = with_rules(
        (RuleKind.HOURS_BEFORE, 1, None, Audience.ALL),
        (RuleKind.DAYS_BEFORE, 1, time(10), Audience.ALL),
        starts_at=far,
        ends_at=far + timedelta(minutes=30),
    )
    make_registration(meeting=day_before())

    with caplog.at_level("ERROR"):
        assert reminders.send_due(at=DAY_BEFORE) == 1

    [failed] = broken.reminder_rules.filter(kind=RuleKind.DAYS_BEFORE)
    assert [record.args for record in caplog.records] == [(failed.pk,)]


def test_only_the_confirmed_who_want_it_are_reminded():
    meeting = day_before()
    make_registration(meeting=meeting, status=Status.PENDING)
    make_registration(meeting=meeting, email="")
    tired = make_registration(meeting=meeting)
    amending.unsubscribe(registration=tired, at=NOON, by=LINK)
    gone = make_registration(meeting=meeting)
    booking.cancel(registration=gone, at=NOON, by=LINK)

    assert reminders.send_due(at=DAY_BEFORE) == 0


def test_whoever_was_confirmed_after_the_due_time_hears_nothing_and_nothing_is_recorded():
    meeting = day_before()
    make_registration(meeting=meeting, at=DAY_BEFORE + timedelta(minutes=1))

    reminders.send_due(at=DAY_BEFORE + timedelta(minutes=2))

    assert states() == []


def test_after_hours_without_a_scheduler_what_still_helps_is_sent_and_the_rest_is_shown():
    meeting = day_before()
    make_registration(meeting=meeting, email="late@example.org")
    soon = day_before(starts_at=START - timedelta(days=1), ends_at=START)
    make_registration(meeting=soon, email="too-late@example.org")

    reminders.send_due(at=datetime(2026, 5, 25, 11, tzinfo=UTC))

    assert states() == [
        ("too-late@example.org", State.DROPPED),
        ("late@example.org", State.QUEUED),
    ]
    assert Message.objects.get(state=State.DROPPED).reason == "reminder_late"


def test_people_in_the_east_are_reminded_while_they_are_awake():
    meeting = with_rules((RuleKind.DAYS_BEFORE, 1, time(18), Audience.ALL))
    primorye = meeting.region_set.regions.get(code="RU-PRI")
    east = make_registration(meeting=meeting, region=primorye, email="east@example.org")
    make_registration(meeting=meeting, email="moscow@example.org")

    # 21:00 in Vladivostok is 14:00 in Moscow.
    reminders.send_due(at=datetime(2026, 5, 25, 11, tzinfo=UTC))
    assert states() == [("east@example.org", State.QUEUED)]
    reminders.send_due(at=datetime(2026, 5, 25, 15, tzinfo=UTC))
    assert len(states()) == 2

    words = rendering.render(Message.objects.get(recipient=east.email)).text
    assert "15:00–18:00 мск" in words
    assert "22:00" in words
    assert words.index("15:00") < words.index("22:00")


def test_rules_name_their_audience():
    meeting = with_rules(
        (RuleKind.HOURS_BEFORE, 1, None, Audience.ONLINE),
        (RuleKind.HOURS_BEFORE, 3, None, Audience.IN_PERSON),
        format="hybrid",
        online_url="https://meet.example.org/room",
    )
    make_registration(
        meeting=meeting, email="on@example.org", attendance_mode=AttendanceMode.ONLINE
    )
    make_registration(meeting=meeting, email="in@example.org")

    reminders.send_due(at=START - timedelta(hours=3))
    reminders.send_due(at=START - timedelta(hours=1))

    assert [recipient for recipient, _ in states()] == ["in@example.org", "on@example.org"]
    online = Message.objects.get(recipient="on@example.org")
    assert (online.care, online.enclosures) == ("b", [])
    assert online.expires_at == START - timedelta(minutes=30)
    assert "https://meet.example.org/room" in rendering.render(online).text


def test_an_online_meeting_has_nobody_who_comes():
    meeting = with_rules(
        (RuleKind.HOURS_BEFORE, 1, None, Audience.ONLINE),
        (RuleKind.HOURS_BEFORE, 1, None, Audience.IN_PERSON),
        format="online",
        online_url="https://meet.example.org/room",
    )
    make_registration(meeting=meeting)

    assert reminders.send_due(at=START - timedelta(hours=1)) == 1


def test_a_change_of_room_does_not_send_it_again_and_a_change_of_day_does():
    meeting = day_before()
    make_registration(meeting=meeting)
    reminders.send_due(at=DAY_BEFORE)

    convening.change(
        meeting=meeting, changes={"venue": "Зал 5"}, version=None, at=DAY_BEFORE, by=ORGANIZER
    )
    assert reminders.send_due(at=DAY_BEFORE + timedelta(minutes=1)) == 0

    meeting.refresh_from_db()
    later = {"starts_at": START + timedelta(days=1), "ends_at": START + timedelta(days=1, hours=3)}
    convening.change(meeting=meeting, changes=later, version=None, at=DAY_BEFORE, by=ORGANIZER)
    assert reminders.send_due(at=DAY_BEFORE + timedelta(days=1)) == 1


def test_a_meeting_that_was_called_off_is_not_reminded_of():
    meeting = day_before()
    make_registration(meeting=meeting)
    calling_off.call_off(meeting=meeting, reason="", at=NOON, by=ORGANIZER)

    assert reminders.send_due(at=DAY_BEFORE) == 0


@pytest.mark.parametrize("people", [1, 3])
def test_a_batch_costs_the_same(people, django_assert_num_queries):
    meeting = day_before()
    for _ in range(people):
        make_registration(meeting=meeting)

    # rules, clocks; twice: begin, meeting, hosts, people, commit; all letters at once.
    with django_assert_num_queries(2 + 2 * 5 + 1):
        reminders.send_due(at=DAY_BEFORE)


def test_two_schedulers_remind_everybody_once():
    meeting = day_before()
    for number in range(120):
        make_registration(meeting=meeting, email=f"guest{number}@example.org")
    together = threading.Barrier(2)

    def work():
        try:
            together.wait(5)
            reminders.send_due(at=DAY_BEFORE)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever was skipped because the other had the turn is found a minute later.
    reminders.send_due(at=DAY_BEFORE + timedelta(minutes=1))

    recipients = [recipient for recipient, _ in states()]
    assert len(recipients) == len(set(recipients)) == 120


def test_the_letter_says_status_and_date_first_in_the_language_of_the_person():
    meeting = day_before()
    make_registration(meeting=meeting, language="ru", email="ru@example.org")
    make_registration(meeting=meeting, language="en", email="en@example.org")
    reminders.send_due(at=DAY_BEFORE)

    subjects = {m.recipient: rendering.render(m).subject for m in Message.objects.all()}

    assert subjects == {
        "ru@example.org": "26 мая, 15:00 мск: Совещание парков — как пройти, QR-код",
        "en@example.org": "26 May, 15:00 Moscow time: Meeting of parks — how to get there, QR code",
    }


def test_somebody_who_is_being_cancelled_is_left_for_the_next_look():
    meeting = day_before()
    person = make_registration(meeting=meeting)
    written = []

    def look():
        try:
            written.append(reminders.send_due(at=DAY_BEFORE))
        finally:
            connection.close()

    with transaction.atomic():
        type(person).objects.select_for_update().get(pk=person.pk)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)

    assert written == [0]
