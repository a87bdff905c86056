"""Sessions through the API: planned by organizers, read by all, chosen by participants."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Session
from registrations import links
from registrations.models import SeatLimit
from registrations.sessions import choosing
from tests.api.conftest import Client
from tests.factories import LINK, make_registration, make_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/sessions/"


@pytest.fixture
def person(meeting):
    return make_registration(meeting=meeting)


@pytest.fixture
def holder(person):
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Link {links.token(person)}")
    return client


def body(meeting, **overrides):
    return {
        "title": "Кадры", "title_alt": "People", "room": "Зал 3", "capacity": 2,
        "speakers": ["Анна Петрова, Минпром", "Пётр Котов"],
        "starts_at": meeting.starts_at.isoformat(),
        "ends_at": (meeting.starts_at + timedelta(hours=1)).isoformat(),
    } | overrides  # fmt: skip


def book(person, session):
    choosing.book(registration=person, session=session, at=timezone.now(), by=LINK)


def test_an_organizer_plans_a_session(organizer, meeting, url, person):
    made = organizer.send("post", url, body(meeting))
    one = f"{url}{made.json()['uid']}/"

    assert made.status_code == 201
    assert (made["ETag"], made.json()["capacity"], made.json()["taken"]) == ('"1"', 2, 0)
    assert made.json()["speakers"] == ["Анна Петрова, Минпром", "Пётр Котов"]
    book(person, Session.objects.get())
    changed = organizer.send("patch", one, {"capacity": 1, "shows_left": True}, match=1)
    assert (changed.status_code, changed.json()["capacity"], changed.json()["free"]) == (200, 1, 0)
    few = organizer.send("patch", one, {"capacity": 0}, match=2)
    assert (few.status_code, few.json()["code"], few.json()["taken"]) == (409, "capacity_full", 1)
    stale = organizer.send("patch", one, {"capacity": 3}, match=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    in_use = organizer.send("delete", one)
    assert (in_use.status_code, in_use.json()["code"], in_use.json()["people"]) == (
        409, "session_in_use", 1,
    )  # fmt: skip
    assert organizer.send("delete", f"{one}?releases=true").status_code == 204
    assert organizer.send("get", one).status_code == 404


def test_a_session_outside_the_meeting_is_refused(organizer, meeting, url):
    ends_at = (meeting.ends_at + timedelta(hours=1)).isoformat()

    late = organizer.send("post", url, body(meeting, ends_at=ends_at))
    backwards = organizer.send(
        "post", url, body(meeting, ends_at=(meeting.starts_at - timedelta(hours=1)).isoformat())
    )

    assert (late.status_code, late.json()["code"]) == (422, "session_outside_meeting")
    assert backwards.json()["errors"][0]["pointer"] == "/ends_at"


def test_moving_a_session_into_another_one_says_how_many(organizer, meeting, url, person):
    keeps = make_session(meeting, hour=0, capacity=2)
    moves = make_session(meeting, hour=1, capacity=2)
    for session in (keeps, moves):
        book(person, session)
    to = {"starts_at": keeps.starts_at.isoformat(), "ends_at": keeps.ends_at.isoformat()}

    refused = organizer.send("patch", f"{url}{moves.uid}/", to, match=1)
    moved = organizer.send("patch", f"{url}{moves.uid}/", to | {"releases": True}, match=1)

    assert (refused.status_code, refused.json()["code"], refused.json()["people"]) == (
        409, "sessions_overlap", 1,
    )  # fmt: skip
    assert (moved.status_code, moved.json()["taken"]) == (200, 0)


def test_everybody_reads_sessions_and_numbers_only_where_they_are_shown(anyone, meeting, url):
    make_session(meeting, title="Кадры", capacity=4)
    make_session(meeting, title="Экспорт", hour=1, capacity=3, shows_left=True)
    make_session(meeting, title="Итоги", hour=2, capacity=None)

    listed = anyone.send("get", url).json()

    assert [
        (one["title"], one["is_bookable"], one["capacity"], one["free"], one["taken"])
        for one in listed
    ] == [
        ("Кадры", True, None, None, None),
        ("Экспорт", True, 3, 3, None),
        ("Итоги", False, None, None, None),
    ]
    assert anyone.send("get", f"{url}{listed[0]['uid']}/").json()["title"] == "Кадры"
    assert anyone.send("post", url, body(meeting)).status_code == 401


def test_strangers_plan_nothing_and_drafts_are_hidden(stranger, anyone, meeting, url):
    session = make_session(meeting, capacity=4)
    one = f"{url}{session.uid}/"

    assert stranger.send("post", url, body(meeting)).status_code == 404
    assert stranger.send("patch", one, {"capacity": 1}, match=1).status_code == 404
    assert stranger.send("delete", one).status_code == 404
    assert stranger.send("get", one).json()["taken"] is None
    meeting.status, meeting.published_at = "draft", None
    meeting.save()
    assert anyone.send("get", url).status_code == 404
    assert stranger.send("get", one).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_cost_the_same_with_more(
    organizer, anyone, holder, meeting, url, person, rows, django_assert_num_queries
):
    for hour in range(rows):
        book(person, make_session(meeting, hour=hour, capacity=4))

    with django_assert_num_queries(2):  # meeting, sessions
        anyone.send("get", url)
    with django_assert_num_queries(3):  # token, meeting, sessions
        organizer.send("get", url)
    with django_assert_num_queries(2):  # person, sessions
        holder.send("get", "my-registration/sessions/")


def test_a_participant_chooses_swaps_and_gives_up(holder, meeting, person):
    first = make_session(meeting, title="Инвестиции", capacity=2)
    second = make_session(meeting, title="Кадры", capacity=2)
    full = make_session(meeting, title="Экспорт", capacity=0)
    mine = "my-registration/sessions/"

    chosen = holder.send("put", f"{mine}{first.uid}/", {})
    refused = holder.send("put", f"{mine}{second.uid}/", {})
    no_place = holder.send("put", f"{mine}{full.uid}/", {"instead_of": [str(first.uid)]})
    swapped = holder.send("put", f"{mine}{second.uid}/", {"instead_of": [str(first.uid)]})

    assert [(one["is_chosen"], one["clashes"]) for one in chosen.json()] == [
        (True, []), (False, [str(first.uid)]), (False, [str(first.uid)]),
    ]  # fmt: skip
    assert (refused.status_code, refused.json()["code"], refused.json()["sessions"]) == (
        409, "sessions_overlap", [str(first.uid)],
    )  # fmt: skip
    assert (no_place.status_code, no_place.json()["code"]) == (409, "session_full")
    assert set(no_place.json()["others"]) == {str(first.uid), str(second.uid)}
    assert [one["is_chosen"] for one in swapped.json()] == [False, True, False]
    assert holder.send("delete", f"{mine}{second.uid}/").status_code == 204
    assert holder.send("delete", f"{mine}{second.uid}/").status_code == 204
    assert not person.session_seats.exists()


def test_a_session_of_another_meeting_is_not_found(holder, stranger, meeting):
    elsewhere = make_session(type(meeting).objects.exclude(pk=meeting.pk).get(), capacity=4)
    mine = make_session(meeting, capacity=4)
    url = "my-registration/sessions/"

    assert holder.send("put", f"{url}{elsewhere.uid}/", {}).status_code == 404
    assert holder.send("delete", f"{url}{elsewhere.uid}/").status_code == 404
    beside = holder.send("put", f"{url}{mine.uid}/", {"instead_of": [str(elsewhere.uid)]})
    assert beside.json()["errors"][0]["pointer"] == "/instead_of"
    assert SeatLimit.objects.get(session=mine).taken == 0


def test_an_organizer_chooses_for_a_participant(organizer, stranger, meeting, person):
    session = make_session(meeting, capacity=1)
    url = f"meetings/{meeting.slug}/registrations/{person.number}/sessions/"

    assert stranger.send("put", f"{url}{session.uid}/", {}).status_code == 404
    assert stranger.send("get", url).status_code == 404
    chosen = organizer.send("put", f"{url}{session.uid}/", {})
    listed = organizer.send("get", f"meetings/{meeting.slug}/registrations/?session={session.uid}")

    assert (chosen.status_code, chosen.json()[0]["session"]["taken"]) == (200, 1)
    assert [one["number"] for one in listed.json()["results"]] == [person.number]
    assert organizer.send("delete", f"{url}{session.uid}/").status_code == 204
    assert organizer.send("get", url).json()[0]["is_chosen"] is False
