"""
A country changes its clocks, and the installation learns of it.

The rules are really others: a file of another zone lies where the zone's own would be.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import JournalEntry
from events.models import AgendaItem, Format, Meeting
from notifications.models import Message
from registrations import (
    calendar,
    clock_changes,
    clocks,
    convening,
    limits,
    mail_facts,
    reminders,
)
from registrations.models import (
    AttendanceMode,
    Audience,
    ReminderRule,
    RuleKind,
    SessionSeat,
    ZoneClock,
)
from registrations.sessions import choosing
from tests.factories import (
    LINK,
    ORGANIZER,
    category,
    make_access_code,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_session,
    make_user,
)
from tests.running import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
ALMATY = "Asia/Almaty"
# Before it is announced, and the day of the meeting: from 1 March 2024 on Almaty is five hours
# ahead of UTC, not six.
NOW = datetime(2024, 1, 15, 9, tzinfo=UTC)


def reading(*parts: int) -> datetime:
    """What a clock shows, whoever's it is."""
    return datetime(*parts)  # noqa: DTZ001


TEN = reading(2024, 3, 5, 10)


@pytest.fixture
def rules(tmp_path):
    """`rules(zone, of)` lets a zone have the clock of another; `rules(zone)` its own again."""

    def source(name: str) -> bytes:
        for folder in original:
            if (file := Path(folder) / name).is_file():
                return file.read_bytes()
        package, _, last = name.rpartition("/")
        return (resources.files(f"tzdata.zoneinfo.{package.replace('/', '.')}") / last).read_bytes()

    def put(zone: str, of: str = "") -> None:
        file = tmp_path / zone
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source(of or zone))
        ZoneInfo.clear_cache()
        calendar._rules.cache_clear()

    original = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path), *original])
    yield put
    zoneinfo.reset_tzpath(original)
    ZoneInfo.clear_cache()
    calendar._rules.cache_clear()


@pytest.fixture
def before(rules):
    """Almaty as it was until then: six hours ahead for good, like Bishkek."""
    rules(ALMATY, "Asia/Bishkek")


def at_ten(zone=ALMATY, wall=TEN, **fields):
    """A meeting drafted for ten o'clock on the venue's clock, as the program knows it then."""
    starts = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=6), "time_zone": zone}
    made = make_meeting(seat_limit=20, **times | fields)
    clocks.remember(zone, at=NOW)
    return made


def elsewhere(data):
    """When it begins and its number, as other programs read that know the new rules."""
    ours = (
        "import sys, json; from tests.registrations.readers import read;"
        "entries = read(sys.stdin.buffer.read());"
        "print(json.dumps([[one.starts.isoformat(), one.sequence] for one in entries]))"
    )
    # Both readers keep what they have read of a zone for as long as they run.
    done = subprocess.run(
        [sys.executable, "-c", ours], input=data, capture_output=True, check=True, cwd=ROOT
    )
    return [(datetime.fromisoformat(at), number) for at, number in json.loads(done.stdout)]


def shown(moment, zone=ALMATY):
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_the_meeting_stays_at_ten_and_its_moment_follows(rules, before):
    meeting = at_ten()
    was = meeting.starts_at
    ada = make_registration(meeting=meeting)
    number = calendar.facts(ada)["sequence"]

    rules(ALMATY)
    assert shown(was) == TEN - timedelta(hours=1)  # what would have become of it
    [followed] = clock_changes.follow(at=NOW)

    meeting.refresh_from_db()
    ada.meeting.refresh_from_db()
    assert shown(meeting.starts_at) == TEN
    assert meeting.starts_at == was + timedelta(hours=1)
    assert (followed.slug, followed.failed, followed.told) == (meeting.slug, False, 0)
    assert elsewhere(calendar.feed(ada, url="https://x.example.org/")) == [
        (meeting.starts_at, number + 1)
    ]


def test_all_that_was_said_on_that_clock_follows(rules, before):
    def at(days, hours=0):
        wall = TEN + timedelta(days=days, hours=hours)
        return wall.replace(tzinfo=ZoneInfo(ALMATY)).astimezone(UTC)

    meeting = at_ten(
        doors_at=at(0, -1), registration_opens_at=at(-40), registration_closes_at=at(-20),
        edits_close_at=at(-1),
    )  # fmt: skip
    session = make_session(meeting, hour=1)
    ada = make_registration(meeting=meeting)
    choosing.book(registration=ada, session=session, at=NOW, by=LINK)
    AgendaItem.objects.create(meeting=meeting, starts_at=at(0, 2), title="Обед")
    delegation = make_delegation(meeting, closes_at=at(-2))
    early = make_delegation(meeting, closes_at=at(-30))
    invitation = make_invitation(meeting, expires_at=at(-3))
    code = make_access_code(meeting, opens_at=at(-35), closes_at=at(-1, 1))
    wish = limits.Wish(reserve=2, reserved_until=at(-1, 3))
    limits.change(meeting=meeting, target=category(meeting), wish=wish, at=NOW, by=ORGANIZER)

    rules(ALMATY)
    clock_changes.follow(at=NOW)

    def kept(row, name):
        row.refresh_from_db()
        return shown(getattr(row, name)) - TEN

    day, hour = timedelta(days=1), timedelta(hours=1)
    assert kept(meeting, "starts_at") == 0 * day
    assert kept(meeting, "ends_at") == 6 * hour
    assert kept(meeting, "doors_at") == -hour
    # Before the clocks were changed: nothing to follow.
    assert kept(meeting, "registration_opens_at") == -40 * day
    assert kept(meeting, "registration_closes_at") == -20 * day
    assert kept(meeting, "edits_close_at") == -day
    assert kept(session, "starts_at") == hour
    [seat] = SessionSeat.objects.all()
    assert (seat.starts_at, seat.ends_at) == (session.starts_at, session.ends_at)
    assert kept(AgendaItem.objects.get(), "starts_at") == 2 * hour
    assert kept(delegation, "closes_at") == -2 * day
    assert kept(early, "closes_at") == -30 * day
    assert kept(invitation, "expires_at") == -3 * day
    assert kept(code, "opens_at") == -35 * day
    assert kept(code, "closes_at") == -day + hour
    counter = meeting.seat_limits.get(category=category(meeting))
    assert kept(counter, "reserved_until") == -day + 3 * hour


def test_a_reminder_comes_at_its_hour_on_the_new_clock(rules, before):
    meeting = at_ten()
    rule = ReminderRule.objects.create(
        meeting=meeting, kind=RuleKind.HOURS_BEFORE, amount=2, audience=Audience.ALL
    )
    was = reminders.due(rule, meeting)

    rules(ALMATY)
    clock_changes.follow(at=NOW)

    meeting.refresh_from_db()
    assert shown(was) == TEN - timedelta(hours=3)
    assert shown(reminders.due(rule, meeting)) == TEN - timedelta(hours=2)


def test_what_has_been_stays_as_it_was(rules, before):
    meeting = at_ten(wall=reading(2024, 1, 10, 10))
    running = at_ten(wall=reading(2024, 1, 15, 14))
    times = list(Meeting.objects.order_by("pk").values_list("starts_at", "version"))

    rules(ALMATY, "Europe/Moscow")
    found = clock_changes.follow(at=running.starts_at + timedelta(hours=1))

    assert meeting.pk != running.pk
    assert times[0] == Meeting.objects.order_by("pk").values_list("starts_at", "version")[0]
    # It has begun; only its end is still to come, and follows.
    running.refresh_from_db()
    assert running.starts_at == times[1][0]
    assert [one.fields for one in found] == [["ends_at"]]


def test_once_is_enough(rules, before):
    meeting = at_ten()
    rules(ALMATY)

    assert len(clock_changes.follow(at=NOW)) == 1
    assert clock_changes.follow(at=NOW) == []

    meeting.refresh_from_db()
    assert shown(meeting.starts_at) == TEN
    assert JournalEntry.objects.filter(action="meeting.clock_followed").count() == 1


def test_two_at_once_move_nothing_twice(rules, before):
    meeting = at_ten()
    rules(ALMATY)
    barrier, found = threading.Barrier(2), []

    def run():
        barrier.wait()
        try:
            found.extend(clock_changes.follow(at=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    meeting.refresh_from_db()
    assert len(found) == 1
    assert shown(meeting.starts_at) == TEN


def test_where_no_clock_was_changed_nothing_happens(rules):
    rules(ALMATY)
    meeting = at_ten()
    berlin = at_ten("Europe/Berlin", reading(2024, 6, 5, 10))
    rows = list(Meeting.objects.order_by("pk").values())

    assert clock_changes.follow(at=NOW) == []
    # Nor does a year that has gone by look like a change.
    assert clock_changes.follow(at=NOW + timedelta(days=40)) == []

    assert meeting.pk < berlin.pk
    assert list(Meeting.objects.order_by("pk").values()) == rows


def test_a_country_that_gives_up_summer_time(rules):
    """From Berlin's clock to one that stays at three hours, as Moscow's does."""
    zone = "Europe/Berlin"
    rules(zone)
    summer = at_ten(zone, reading(2024, 6, 5, 10))
    winter = at_ten(zone, reading(2024, 12, 5, 10))

    rules(zone, "Europe/Moscow")
    clock_changes.follow(at=NOW)

    for meeting, month, moved in [(summer, 6, 1), (winter, 12, 2)]:
        was = meeting.starts_at
        meeting.refresh_from_db()
        assert shown(meeting.starts_at, zone) == reading(2024, month, 5, 10)
        assert was - meeting.starts_at == timedelta(hours=moved)


# --- who is told ------------------------------------------------------------------------


def told(registration):
    mails = Message.objects.about(f"registration:{registration.pk}")
    return [(m.snapshot["was"], m.snapshot["now"]) for m in mails.filter(kind="meeting_changed")]


def test_online_the_moment_stands_and_everybody_reads_what_the_clock_shows_now(rules, before):
    meeting = at_ten(format=Format.ONLINE, online_url="https://call.example.org/x")
    ada = make_registration(meeting=meeting, language="en")
    was = meeting.starts_at

    rules(ALMATY)
    [followed] = clock_changes.follow(at=NOW)

    meeting.refresh_from_db()
    assert meeting.starts_at == was
    assert followed.told == 1
    [(before_it, now)] = told(ada)
    assert before_it == "5 March 2024, Tuesday, 10:00–16:00 Almaty time"
    assert now == "5 March 2024, Tuesday, 09:00–15:00 Almaty time"
    [entry] = JournalEntry.objects.filter(action="meeting.clock_stands")
    assert entry.changes["zone"] == ALMATY


def test_who_joins_from_elsewhere_reads_the_hour_on_his_own_clock(rules, before):
    meeting = at_ten(format=Format.HYBRID, online_url="https://call.example.org/x")
    online = {"meeting": meeting, "language": "en", "attendance_mode": AttendanceMode.ONLINE}
    moscow = make_registration(**online, time_zone="Europe/Moscow")
    almaty = make_registration(**online, time_zone=ALMATY)
    unknown = make_registration(**online)
    here = make_registration(meeting=meeting, time_zone="Europe/Moscow")

    rules(ALMATY)
    clock_changes.follow(at=NOW)

    [(was, now)] = told(moscow)
    assert was == "5 March 2024, Tuesday, 10:00–16:00 Almaty time; 07:00 for you (Moscow)"
    assert now == "5 March 2024, Tuesday, 10:00–16:00 Almaty time; 08:00 for you (Moscow)"
    # The hour that these were told stands.
    assert [told(one) for one in (almaty, unknown, here)] == [[], [], []]
    [letter] = Message.objects.about(f"registration:{moscow.pk}").filter(kind="meeting_changed")
    [(starts, _sequence)] = elsewhere(calendar.enclosure(letter.snapshot).content)
    assert starts == Meeting.objects.get().starts_at


def test_where_it_cannot_follow_somebody_reads_so_and_the_others_do(rules):
    """Of half an hour in an hour that the new clock leaves out nothing is left."""
    zone = "Asia/Beirut"
    rules(zone, "Africa/Tripoli")
    stuck = at_ten(zone, reading(2024, 3, 31, 0, 40), slug="stuck")
    stuck.ends_at = stuck.starts_at + timedelta(minutes=30)
    stuck.save()
    other = at_ten(zone, reading(2024, 6, 5, 10))
    was = other.starts_at

    rules(zone)
    found = clock_changes.follow(at=NOW)

    assert [(one.slug, one.failed) for one in found] == [("stuck", True), (other.slug, False)]
    other.refresh_from_db()
    assert was - other.starts_at == timedelta(hours=1)
    now = Meeting.objects.get(slug="stuck")
    assert (now.starts_at, now.ends_at, now.version) == (
        stuck.starts_at, stuck.ends_at, stuck.version,
    )  # fmt: skip
    [entry] = JournalEntry.objects.filter(action="meeting.clock_not_followed")
    assert entry.subjects == [f"meeting:{stuck.pk}"]


# --- how it comes about -----------------------------------------------------------------


def test_whoever_drafts_a_meeting_has_its_clock_kept(rules, before):
    starts = TEN.replace(tzinfo=ZoneInfo(ALMATY)).astimezone(UTC)
    convening.draft(
        owner=make_user(), at=NOW, by=ORGANIZER, title="Совещание", starts_at=starts,
        ends_at=starts + timedelta(hours=3), time_zone=ALMATY,
    )  # fmt: skip
    kept = clocks.known(ZoneClock.objects.get(zone=ALMATY))

    rules(ALMATY)

    assert kept.ahead(starts) == timedelta(hours=6)
    assert clocks.read(ALMATY, at=NOW).ahead(starts) == timedelta(hours=5)


def test_a_meeting_that_goes_elsewhere_has_that_clock_kept(rules, before):
    meeting = at_ten()
    changes = {"time_zone": "Europe/Berlin"}

    convening.change(meeting=meeting, changes=changes, version=None, at=NOW, by=ORGANIZER)

    assert set(ZoneClock.objects.values_list("zone", flat=True)) == {ALMATY, "Europe/Berlin"}


def test_the_clock_that_is_kept_is_the_one_that_is_shown(rules):
    for zone in ("Europe/Berlin", "America/New_York", "Africa/Casablanca", ALMATY, "UTC"):
        rules(zone)
        clock, own = clocks.read(zone, at=NOW), ZoneInfo(zone)
        first = datetime(2023, 1, 1, tzinfo=UTC)
        for hour in range(0, 24 * 365 * 10, 7):
            moment = first + timedelta(hours=hour)
            assert clock.ahead(moment) == moment.astimezone(own).utcoffset()
        assert clock.ahead(datetime(2034, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("command", ["follow_clocks", "migrate"])
def test_an_update_of_the_program_is_enough(rules, before, command, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    meeting = at_ten(slug="almaty")
    rules(ALMATY)
    said = StringIO()

    call_command(command, stdout=said)

    meeting.refresh_from_db()
    assert shown(meeting.starts_at) == TEN
    assert "almaty (Asia/Almaty): starts_at, ends_at; letters: 0" in said.getvalue()


def test_looking_at_what_migrate_would_do_moves_nothing(rules, before, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    meeting = at_ten()
    rules(ALMATY)

    call_command("migrate", plan=True, stdout=StringIO())

    assert Meeting.objects.get().version == meeting.version


def test_whoever_updates_reads_which_meeting_needs_him(rules, before, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setattr(
        clock_changes, "follow",
        lambda *, at: [clock_changes.Followed("stuck", ALMATY, failed=True)],
    )  # fmt: skip

    with pytest.raises(CommandError, match="stuck"):
        call_command("follow_clocks", stdout=StringIO())
    said = StringIO()
    call_command("migrate", stdout=StringIO(), stderr=said)
    assert "stuck" in said.getvalue()


def test_letters_and_pages_say_the_hour_that_stands(rules, before):
    meeting = at_ten()
    ada = make_registration(meeting=meeting, language="en")
    before_it = mail_facts.snapshot(ada)["when"]

    rules(ALMATY)
    clock_changes.follow(at=NOW)

    ada.meeting.refresh_from_db()
    assert mail_facts.snapshot(ada)["when"] == before_it
