import json
import re

import pytest
from django.utils import translation
from icalendar import Calendar

from events.models import Format
from registrations import calendar, mail_facts
from registrations.models import AttendanceMode, Status
from tests.factories import NOON, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://meet.example.org/r/abc/"


def entry_of(registration, **options):
    with translation.override(registration.language):
        facts = calendar.facts(registration, **options)
    data = calendar.personal(facts, url=URL)
    return data, Calendar.from_ical(data)


def test_the_entry_shows_the_venues_clock_and_carries_its_rules():
    ada = make_registration(family_name="Ёлкина", email="ada@example.org")

    data, file = entry_of(ada)

    [event] = file.walk("VEVENT")
    assert file["METHOD"] == "REQUEST"
    assert str(event["DTSTART"].params["TZID"]) == "Europe/Moscow"
    assert event.decoded("dtstart") == ada.meeting.starts_at
    assert str(event["UID"]).startswith(str(ada.uid))
    assert [str(z["TZID"]) for z in file.walk("VTIMEZONE")] == ["Europe/Moscow"]
    assert len(data) < 3000  # not all of Moscow's rules since 1981


def test_nobody_is_asked_to_reply_and_only_the_recipient_is_named():
    ada = make_registration(email="ada@example.org")

    _data, file = entry_of(ada)

    [event] = file.walk("VEVENT")
    assert str(event["ATTENDEE"]) == "mailto:ada@example.org"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert str(event["ORGANIZER"]) == "mailto:org@example.org"


def test_lines_are_folded_at_75_octets_and_end_as_the_standard_says():
    meeting = make_meeting(title="Щ" * 200, arrival_note="Паспорт; вход 3, этаж 12\nЛифт")
    ada = make_registration(meeting=meeting)

    data, file = entry_of(ada)

    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in re.sub(rb"\r\n", b"", data)
    [event] = file.walk("VEVENT")
    assert str(event["SUMMARY"]) == "Щ" * 200
    assert "Паспорт; вход 3, этаж 12\nЛифт" in str(event["DESCRIPTION"])


def test_a_cancellation_takes_the_entry_back():
    ada = make_registration(calendar_sequence=4)

    _data, file = entry_of(ada, method="CANCEL")

    [event] = file.walk("VEVENT")
    assert (file["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 4)


def test_online_shows_the_secret_link_to_whoever_joins_online_only():
    meeting = make_meeting(format=Format.HYBRID, online_url="https://call.example.org/secret")
    here = make_registration(meeting=meeting)
    there = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE)

    assert b"call.example.org" not in entry_of(here)[0]
    assert b"call.example.org" in entry_of(there)[0]


@pytest.mark.parametrize("status", [s for s in Status if s != Status.CONFIRMED])
def test_nobody_but_the_confirmed_learns_where_the_meeting_is_shown(status):
    meeting = make_meeting(
        format=Format.ONLINE, online_url="https://call.example.org/secret", seat_limit=0
    )
    ada = make_registration(meeting=meeting, status=status)

    file = calendar.download(ada, url=URL)
    snapshot = mail_facts.snapshot(ada)

    assert b"call.example.org" not in file
    assert "call.example.org" not in json.dumps(snapshot)
    [event] = Calendar.from_ical(file).walk("VEVENT")
    assert event["STATUS"] == ("TENTATIVE" if ada.is_live else "CANCELLED")


def test_the_public_file_names_nobody_and_publishes():
    meeting = make_meeting(online_url="https://call.example.org/secret")

    data = calendar.public(meeting, url=URL, stamp=NOON)

    file = Calendar.from_ical(data)
    [event] = file.walk("VEVENT")
    assert file["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event
    assert b"secret" not in data


def test_a_download_publishes_without_an_attendee():
    ada = make_registration(email="ada@example.org")

    file = Calendar.from_ical(calendar.download(ada, url=URL))

    [event] = file.walk("VEVENT")
    assert file["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in event
