"""What other programs make of our calendar files: two that read independently of each other."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from icalendar import Calendar

from events.models import Format
from notifications.models import Message
from registrations import booking, calendar, calling_off, convening
from registrations.models import AttendanceMode, Status
from registrations.sessions import choosing
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
    make_session,
)
from tests.registrations.readers import read

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://meet.example.org/r/abc/"
PUBLIC = "https://meet.example.org/m/parks/"
# The longest words, and every sign that the standard escapes.
AWKWARD = "Секция «Пресса»; зал 2, этаж 3\\4: Ё — 北京 😀"


def sent(registration, **options):
    with translation.override(registration.language):
        return calendar.personal(calendar.facts(registration, **options), url=URL)


def at(zone, *wall, hours=3):
    """A meeting that begins when the clock of that zone shows this."""
    starts = datetime(*wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return make_meeting(time_zone=zone, starts_at=starts, ends_at=starts + timedelta(hours=hours))


# In each case the clock of the venue, and how far it is ahead of UTC then.
@pytest.mark.parametrize(
    ("zone", "wall", "ahead"),
    [
        ("Europe/Moscow", (2026, 1, 24, 10), 3),
        ("Europe/Kaliningrad", (2026, 7, 1, 10), 2),
        ("Asia/Kamchatka", (2026, 7, 1, 10), 12),
        ("Europe/Berlin", (2026, 3, 28, 10), 1),  # the day before the clocks go forward
        ("Europe/Berlin", (2026, 3, 29, 10), 2),  # that very day
        ("Europe/Berlin", (2026, 10, 25, 10), 1),
        ("America/New_York", (2026, 3, 7, 10), -5),
        ("America/New_York", (2026, 3, 8, 10), -4),
        ("America/New_York", (2026, 11, 1, 10), -5),
        ("Asia/Almaty", (2024, 2, 29, 10), 6),  # on the next day Almaty's clocks went back
        ("Asia/Almaty", (2024, 3, 1, 10), 5),
        ("UTC", (2026, 1, 24, 10), 0),
    ],
)
def test_the_venues_clock_is_read_right_in_every_zone(zone, wall, ahead):
    meeting = at(zone, *wall)
    ada = make_registration(meeting=meeting)

    for data in (
        sent(ada),
        calendar.download(ada, url=URL),
        calendar.feed(ada, url=PUBLIC),
        calendar.public(meeting, url=PUBLIC, stamp=NOON),
    ):
        [entry] = read(data)
        assert entry.wall == datetime(*wall, tzinfo=UTC).replace(tzinfo=None)
        assert entry.starts == datetime(*wall, tzinfo=UTC) - timedelta(hours=ahead)
        assert entry.ends - entry.starts == timedelta(hours=3)
        assert entry.zone == zone


def test_the_rules_that_come_along_say_the_same_as_the_zones_name():
    """Who does not know the zone by its name finds its clock in the file."""
    for zone, wall in [("Europe/Berlin", (2026, 3, 29, 1)), ("Asia/Almaty", (2024, 2, 29, 22))]:
        meeting = at(zone, *wall, hours=8)  # over the change of the clocks
        ada = make_registration(meeting=meeting)

        file = Calendar.from_ical(sent(ada))

        [rules] = file.walk("VTIMEZONE")
        clock = rules.to_tz(lookup_tzid=False)
        [event] = file.walk("VEVENT")
        for name, moment in [("dtstart", meeting.starts_at), ("dtend", meeting.ends_at)]:
            read_by_rules = event.decoded(name).replace(tzinfo=clock)
            assert read_by_rules.astimezone(UTC) == moment


def test_online_the_moment_is_said_and_no_clock():
    meeting = make_meeting(format=Format.ONLINE, online_url="https://call.example.org/x")
    ada = make_registration(meeting=meeting)

    data = sent(ada)

    [entry] = read(data)
    assert (entry.zone, entry.starts) == ("UTC", meeting.starts_at)
    assert entry.location == "https://call.example.org/x"
    assert b"VTIMEZONE" not in data


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_sign_arrives_as_it_was_written(language):
    meeting = make_meeting(
        title=AWKWARD * 3, title_alt="", venue=AWKWARD, venue_alt="", address="Дом 1, стр. 2; вход",
        arrival_note="Паспорт; вход 3,\nэтаж 12\\13\n\nЛифт: «Б»", contact_name='О"Коннор; Шон, ^',
    )  # fmt: skip
    ada = make_registration(meeting=meeting, language=language, family_name="О’Коннор-Смит")
    session = make_session(meeting, title=AWKWARD, room="Зал; 2, «Б»", speakers="Анна, АО\nПётр; Б")
    choosing.book(registration=ada, session=session, at=NOON, by=LINK)

    for data in (
        sent(ada),
        calendar.download(ada, url=URL),
        calendar.feed(ada, url=PUBLIC),
        calendar.public(meeting, url=PUBLIC, stamp=NOON),
    ):
        entries = read(data)
        whole = next(entry for entry in entries if entry.summary == meeting.title)
        assert whole.location == f"{AWKWARD}, Дом 1, стр. 2; вход"
        assert whole.description.startswith(meeting.arrival_note + "\n\nhttps://")
        for part in entries:
            if part is not whole:
                assert (part.summary, part.location) == (
                    AWKWARD, f"Зал; 2, «Б», {whole.location}",
                )  # fmt: skip
                assert part.description.startswith("Анна, АО\nПётр; Б\n\n")
        # Octets, not signs; and a sign is never cut in two.
        for line in data.split(b"\r\n"):
            assert len(line) <= 75
            line.decode()
        assert b"\n" not in re.sub(rb"\r\n", b"", data)


def test_a_calendar_speaks_up_before_the_meeting_to_whoever_comes():
    meeting = make_meeting(format=Format.HYBRID, online_url="https://call.example.org/x")
    here = make_registration(meeting=meeting)
    there = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE)
    session = make_session(meeting)
    choosing.book(registration=here, session=session, at=NOON, by=LINK)

    for data in (calendar.download(here, url=URL), calendar.feed(here, url=PUBLIC)):
        by_title = {entry.summary: entry.alarms for entry in read(data)}
        assert by_title == {
            meeting.title: (-timedelta(days=1), -timedelta(hours=2)),
            session.title: (-timedelta(minutes=10),),
        }
        for alarm in Calendar.from_ical(data).walk("VALARM"):
            assert alarm["ACTION"] == "DISPLAY"
            assert alarm["DESCRIPTION"]
    assert read(sent(here))[0].alarms == (-timedelta(days=1), -timedelta(hours=2))
    assert read(sent(there))[0].alarms == (-timedelta(minutes=15),)


def test_nothing_speaks_up_where_nobody_is_expected():
    meeting = make_meeting(seat_limit=0)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED, waiting_since=NOON)
    ada = make_registration(meeting=make_meeting())

    assert read(calendar.feed(waits, url=PUBLIC))[0].alarms == ()
    assert read(sent(ada, method="CANCEL"))[0].alarms == ()
    assert read(calendar.public(meeting, url=PUBLIC, stamp=NOON))[0].alarms == ()


# --- from the answer to the cancellation, as the mails bring it ---------------------------


def mailed(registration, kind, name="calendar"):
    """The entries of the newest letter of that kind, and how its file is meant."""
    letter = Message.objects.about(f"registration:{registration.pk}").filter(kind=kind).latest("pk")
    assert name in letter.enclosures
    make = calendar.enclosure if name == "calendar" else calendar.programme_enclosure
    enclosed = make(letter.snapshot)
    return enclosed.params["method"], read(enclosed.content)


def registered(meeting):
    return booking.register(
        meeting=meeting, application=make_application(meeting), consents=[], at=NOON, by=LINK
    ).registration


def test_one_entry_follows_the_meeting_from_the_answer_to_its_end():
    meeting = make_meeting()
    ada = registered(meeting)
    session = make_session(meeting)
    choosing.book(registration=ada, session=session, at=NOON, by=LINK)
    ada.refresh_from_db()
    [part] = [one for one in read(calendar.download(ada, url=URL)) if one.summary == session.title]

    method, [entry] = mailed(ada, "confirmed")
    assert (method, entry.status) == ("REQUEST", "CONFIRMED")

    hour = timedelta(hours=1)
    times = {"starts_at": meeting.starts_at + hour, "ends_at": meeting.ends_at + hour}
    convening.change(meeting=meeting, changes=times, version=None, at=NOON, by=ORGANIZER)
    method, [moved] = mailed(ada, "meeting_changed")
    assert (method, moved.status, moved.uid) == ("REQUEST", "CONFIRMED", entry.uid)
    assert moved.sequence > entry.sequence
    assert moved.starts - entry.starts == hour

    meeting.refresh_from_db()
    calling_off.call_off(meeting=meeting, reason="Карантин", at=NOON, by=ORGANIZER)
    method, [off] = mailed(ada, "called_off")
    assert (method, off.status, off.uid) == ("CANCEL", "CANCELLED", entry.uid)
    assert off.sequence > moved.sequence
    method, [part_off] = mailed(ada, "called_off", "programme")
    assert (method, part_off.status, part_off.uid) == ("PUBLISH", "CANCELLED", part.uid)
    assert part_off.sequence > part.sequence


def test_whoever_cancels_takes_meeting_and_sessions_out_of_the_calendar():
    meeting = make_meeting()
    ada = registered(meeting)
    session = make_session(meeting)
    choosing.book(registration=ada, session=session, at=NOON, by=LINK)
    ada.refresh_from_db()
    before = {entry.uid: entry.sequence for entry in read(calendar.download(ada, url=URL))}

    booking.cancel(registration=ada, at=NOON, by=LINK)

    method, gone = mailed(ada, "cancelled")
    assert method == "CANCEL"
    gone += mailed(ada, "cancelled", "programme")[1]
    assert {entry.uid for entry in gone} == set(before)
    for entry in gone:
        assert (entry.status, entry.alarms) == ("CANCELLED", ())
        assert entry.sequence > before[entry.uid]


def test_the_number_rises_also_where_nobody_is_written_to():
    """A second day that moves while the meeting is on; who comes online from now on."""
    now = timezone.now()
    meeting = make_meeting(
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=9), format=Format.HYBRID
    )
    ada = make_registration(meeting=meeting)
    [before] = read(calendar.feed(ada, url=PUBLIC))

    later = {"ends_at": meeting.ends_at + timedelta(hours=1)}
    convening.change(meeting=meeting, changes=later, version=None, at=now, by=ORGANIZER)
    ada.refresh_from_db()
    ada.meeting.refresh_from_db()

    [after] = read(calendar.feed(ada, url=PUBLIC))
    assert after.ends > before.ends
    assert after.sequence > before.sequence
