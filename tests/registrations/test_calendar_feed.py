"""The address that a calendar program follows: what is behind it, and whose it is."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar
from rest_framework.test import APIClient

from accounts.models import JournalEntry
from attendance import merging
from events.models import Format
from registrations import (
    amending,
    booking,
    calendar_feeds,
    calling_off,
    convening,
    erasure,
    feeds,
    links,
)
from registrations.models import AttendanceMode, CalendarFeed, Registration, Status
from registrations.sessions import choosing
from tests.factories import LINK, ORGANIZER, make_meeting, make_registration, make_session
from tests.registrations.readers import read

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting():
    starts = timezone.now().replace(microsecond=0, second=0) + timedelta(days=20)
    return make_meeting(
        slug="parks", seat_limit=10, starts_at=starts, ends_at=starts + timedelta(hours=3),
        short_title="Парки; 2026",
    )  # fmt: skip


@pytest.fixture
def person(meeting):
    return make_registration(meeting=meeting, language="en", family_name="Ёлкина")


@pytest.fixture
def visitor():
    return Client(headers={"accept-language": "en"})


def common(person):
    return {"registration": person, "at": timezone.now(), "by": LINK}


def address(person):
    feed = calendar_feeds.open_feed(**common(person))
    return urlsplit(links.feed_url(feed)).path


def own(person, page=""):
    return f"/r/{links.token(person)}/{page}"


def test_a_program_finds_the_meeting_and_the_chosen_sessions(meeting, person, visitor):
    session = make_session(meeting)
    choosing.book(**common(person), session=session)

    answer = visitor.get(address(person))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer["Content-Language"] == "en"
    entries = {entry.summary: entry for entry in read(answer.content)}
    assert set(entries) == {"Meeting of industrial parks", session.title}
    file = Calendar.from_ical(answer.content)
    assert (file["METHOD"], file["NAME"], file["X-WR-CALNAME"]) == (
        "PUBLISH", "Meeting of parks", "Meeting of parks",
    )  # fmt: skip
    assert file["REFRESH-INTERVAL"].to_ical() == b"PT4H"
    assert file["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert file["X-PUBLISHED-TTL"] == "PT4H"


def test_whoever_reads_it_learns_neither_the_name_nor_the_own_link(person, visitor):
    answer = visitor.get(address(person))

    unfolded = answer.content.replace(b"\r\n ", b"").decode()
    for secret in (person.family_name, person.email, links.token(person), person.ticket_code):
        assert secret not in unfolded
    assert "/m/parks/" in unfolded
    assert "ATTENDEE" not in unfolded


def test_where_to_join_is_told_to_the_confirmed_who_do_so():
    meeting = make_meeting(format=Format.HYBRID, online_url="https://call.example.org/secret")
    there = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE)
    here = make_registration(meeting=meeting)
    asks = make_registration(
        meeting=meeting, attendance_mode=AttendanceMode.ONLINE, status=Status.PENDING
    )

    told = [
        b"call.example.org" in Client().get(address(one)).content for one in (there, here, asks)
    ]

    assert told == [True, False, False]


def test_what_has_not_changed_is_not_sent_again(meeting, person, visitor):
    url = address(person)
    first = visitor.get(url)

    again = visitor.get(url, headers={"if-none-match": first["ETag"]})
    convening.change(
        meeting=meeting, changes={"venue": "Зал 3"}, version=None, at=timezone.now(), by=ORGANIZER
    )
    moved = visitor.get(url, headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert moved.status_code == 200
    assert moved["ETag"] != first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in first


@pytest.mark.parametrize("sessions", [1, 3])
def test_looking_costs_two_queries(meeting, person, visitor, sessions):
    for hour in range(sessions):
        session = make_session(meeting, hour=hour)
        choosing.book(**common(person), session=session)
    url = address(person)
    visitor.get(url)

    with CaptureQueriesContext(connection) as captured:
        answer = visitor.get(url)

    assert len(read(answer.content)) == sessions + 1
    assert len(captured) == 2


def test_what_is_cancelled_stays_as_cancelled(meeting, person, visitor):
    url = address(person)
    [before] = read(visitor.get(url).content)

    booking.cancel(**common(person))

    [after] = read(visitor.get(url).content)
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert after.sequence > before.sequence


def test_a_meeting_that_is_called_off_stays_with_its_sessions(meeting, person, visitor):
    choosing.book(**common(person), session=make_session(meeting))
    url = address(person)
    before = {entry.uid: entry for entry in read(visitor.get(url).content)}

    calling_off.call_off(meeting=meeting, reason="Карантин", at=timezone.now(), by=ORGANIZER)

    after = read(visitor.get(url).content)
    assert {entry.uid for entry in after} == set(before)
    for entry in after:
        assert (entry.status, entry.alarms) == ("CANCELLED", ())
        assert entry.sequence > before[entry.uid].sequence


def test_asking_twice_leaves_the_address(person):
    assert address(person) == address(person)
    [entry] = JournalEntry.objects.filter(action="registration.feed_opened")
    assert f"registration:{person.pk}" in entry.subjects


def test_another_address_ends_the_old_one(person, visitor):
    old = address(person)

    new = urlsplit(links.feed_url(calendar_feeds.renew(**common(person)))).path

    assert visitor.get(old).status_code == 404
    assert visitor.get(new).status_code == 200


def test_what_was_given_up_never_comes_back_and_says_nothing(person, visitor):
    old = address(person)

    for _twice in range(2):
        calendar_feeds.close(**common(person))

    gone, never = visitor.get(old), visitor.get(old.replace("/f/", "/f/a"))
    assert (gone.status_code, never.status_code) == (404, 404)
    assert gone.content.replace(old.encode(), b"") == never.content.replace(
        old.replace("/f/", "/f/a").encode(), b""
    )
    assert JournalEntry.objects.filter(action="registration.feed_closed").count() == 1
    assert address(person) != old
    assert visitor.get(old).status_code == 404


def test_the_database_keeps_no_address(person):
    token = address(person).split("/")[2]

    [row] = CalendarFeed.objects.values()

    assert token not in str(row)
    assert len(bytes(row["token_hash"])) == 32


def test_no_row_is_open_without_a_generation(person):
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarFeed.objects.create(
            registration=person, token_hash=b"x" * 32, changed_at=timezone.now()
        )


def test_a_link_of_another_kind_opens_no_calendar_and_this_one_opens_nothing_else(person, visitor):
    token = address(person).split("/")[2]

    assert visitor.get(f"/f/{links.token(person)}/calendar.ics").status_code == 404
    assert visitor.get(own(person).replace(links.token(person), token)).status_code == 404
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Link {token}")
    assert api.get("/api/v1/my-registration/").status_code == 401


def test_it_is_only_looked_at(person):
    assert Client().post(address(person)).status_code == 405


def test_the_mail_that_went_astray_lets_no_calendar_follow(person, visitor):
    """Whoever read it could have asked for the address."""
    url = address(person)
    page = visitor.get(own(person, "address/")).content.decode()

    amending.correct_address(**common(person), email="right@example.org")

    assert "The calendar subscription ends as well" in page
    assert visitor.get(url).status_code == 404


def test_of_whoever_is_erased_nothing_is_found(meeting, person, visitor):
    url = address(person)

    erasure.erase(**common(person))

    assert visitor.get(url).status_code == 404
    with pytest.raises(calendar_feeds.LinkUnknown):
        calendar_feeds.open_feed(**common(person))


def test_nor_when_the_time_to_keep_data_is_over(meeting, person, visitor):
    url = address(person)

    erasure.forget_due(at=meeting.ends_at + timedelta(days=meeting.retention_days + 1))

    assert visitor.get(url).status_code == 404


def test_whoever_was_merged_is_followed_to_the_one_that_was_kept(meeting, person, visitor):
    twice = make_registration(meeting=meeting, family_name="Ёлкина")
    url = address(twice)
    merging.merge(kept=person, other=twice, taken=[], at=timezone.now(), by=ORGANIZER)

    [entry] = read(visitor.get(url).content)
    page = visitor.get(own(person, "feed/")).content.decode()
    visitor.post(own(person, "feed/close/"))

    assert entry.uid.startswith(str(person.uid))
    assert url in page
    assert visitor.get(url).status_code == 404


# --- the page, in two taps, and the same for programs ---------------------------------------


def test_the_own_page_leads_to_the_address(person, visitor):
    assert own(person, "feed/") in visitor.get(own(person)).content.decode()
    before = visitor.get(own(person, "feed/")).content.decode()

    answer = visitor.post(own(person, "feed/"), follow=True)

    assert "Get the address" in before
    assert CalendarFeed.objects.count() == 1
    page = answer.content.decode()
    url = links.feed_url(feeds.of(person))
    assert url in page
    assert f'href="webcal://{url.partition("://")[2]}"' in page
    assert "Subscription is on" in page
    assert "subscription since" in visitor.get(own(person, "data/")).content.decode()


@pytest.mark.parametrize(
    ("page", "heading"),
    [("feed/renew/", "Another address?"), ("feed/close/", "End the subscription?")],
)
def test_the_address_is_changed_or_given_up_after_asking(person, visitor, page, heading):
    url = address(person)

    asked = visitor.get(own(person, page))
    assert heading in asked.content.decode()
    assert visitor.get(url).status_code == 200

    done = visitor.post(own(person, page))

    assert (done.status_code, done["Location"]) == (303, own(person, "feed/"))
    assert visitor.get(url).status_code == 404
    assert (feeds.of(person) is None) == (page == "feed/close/")


@pytest.mark.parametrize("page", ["feed/renew/", "feed/close/"])
def test_where_there_is_no_address_nothing_is_asked(person, visitor, page):
    for method in ("get", "post"):
        answer = getattr(visitor, method)(own(person, page))
        assert answer["Location"] == own(person, "feed/")
    assert CalendarFeed.objects.count() == 0


def test_a_program_gets_changes_and_ends_the_address(person, visitor):
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Link {links.token(person)}")
    feed = "/api/v1/my-registration/feed/"

    assert api.get(feed).json() == {"feed_url": None, "webcal_url": None}
    first = api.post(feed).json()
    assert first == api.post(feed).json() == api.get(feed).json()
    assert visitor.get(urlsplit(first["feed_url"]).path).status_code == 200
    second = api.post(feed + "renew/").json()
    assert second["feed_url"] != first["feed_url"]
    assert second["webcal_url"] == "webcal://" + second["feed_url"].partition("://")[2]
    for _twice in range(2):
        assert api.delete(feed).status_code == 204
    assert visitor.get(urlsplit(second["feed_url"]).path).status_code == 404


# --- Google's calendar ----------------------------------------------------------------------


def google(url):
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "https", "calendar.google.com", "/calendar/render",
    )  # fmt: skip
    return {name: value for name, [value] in parse_qs(parts.query).items()}


def test_googles_calendar_gets_the_clock_of_the_venue(person, meeting, visitor):
    meeting.arrival_note, meeting.arrival_note_alt = "Паспорт & пропуск", ""
    meeting.save()

    answer = visitor.get(own(person, "google/"))

    assert answer.status_code == 303
    said = google(answer["Location"])
    starts = meeting.starts_at.astimezone(meeting.zone)
    ends = meeting.ends_at.astimezone(meeting.zone)
    assert said == {
        "action": "TEMPLATE",
        "text": "Meeting of industrial parks",
        "dates": f"{starts:%Y%m%dT%H%M%S}/{ends:%Y%m%dT%H%M%S}",
        "ctz": "Europe/Moscow",
        "location": "Obrazets Tower, hall 2",
        "details": f"Паспорт & пропуск\n\n{links.page_url('meeting', 'parks')}",
    }
    assert links.token(person) not in answer["Location"]


def test_online_it_gets_the_moment_and_where_to_join():
    meeting = make_meeting(format=Format.ONLINE, online_url="https://call.example.org/x?a=1&b=2")
    ada = make_registration(meeting=meeting)
    asks = make_registration(meeting=meeting, status=Status.PENDING)

    said, unsaid = (google(Client().get(own(one, "google/"))["Location"]) for one in (ada, asks))

    assert said["dates"] == f"{meeting.starts_at:%Y%m%dT%H%M%SZ}/{meeting.ends_at:%Y%m%dT%H%M%SZ}"
    assert "ctz" not in said
    assert said["location"] == "https://call.example.org/x?a=1&b=2"
    assert "call.example.org" not in str(unsaid)


def test_an_old_mail_puts_nothing_into_the_calendar_that_is_off(person, meeting, visitor):
    kept = make_registration(meeting=meeting)
    booking.cancel(**common(person))
    calling_off.call_off(meeting=meeting, reason="Карантин", at=timezone.now(), by=ORGANIZER)

    for one in (person, kept):
        assert visitor.get(own(one, "google/"))["Location"] == own(one)


def test_the_public_page_leads_there_too_and_tells_no_secret(visitor):
    starts = timezone.now() + timedelta(days=20)
    meeting = make_meeting(
        format=Format.HYBRID, online_url="https://call.example.org/x", starts_at=starts,
        ends_at=starts + timedelta(hours=3), arrival_note="Щ" * 2000, title="Ю" * 300,
        title_alt="", venue="Ж" * 300, address="Ж" * 300,
    )  # fmt: skip

    page = visitor.get(f"/m/{meeting.slug}/").content.decode()

    [link] = [part.split('"')[0] for part in page.split('href="') if "calendar.google" in part]
    assert "call.example.org" not in link
    # What servers take of an address.
    assert len(link) < 8000


def test_the_mail_leads_there_over_the_own_link(person):
    booked = Registration.objects.get(pk=person.pk)

    assert links.google_url(booked).endswith(own(booked, "google/"))
