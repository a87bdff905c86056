"""The pages of sessions: the programme, one's own choice, the organizer's settings and lists."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events.models import AgendaItem, Session
from notifications.models import Message
from registrations import links
from registrations.models import SeatLimit, Status
from registrations.sessions import choosing
from tests.factories import (
    LINK,
    make_meeting,
    make_registration,
    make_session,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/manage/parks/edit/sessions/"


@pytest.fixture
def meeting():
    starts = timezone.now().replace(microsecond=0, second=0) + timedelta(days=20)
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=starts,
        ends_at=starts + timedelta(hours=3),
    )  # fmt: skip


@pytest.fixture
def person(meeting):
    return make_registration(meeting=meeting, language="en")


@pytest.fixture
def visitor():
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


def own(person, page="sessions/"):
    return f"/r/{links.token(person)}/{page}"


def book(person, session):
    choosing.book(registration=person, session=session, at=timezone.now(), by=LINK)


def typed(meeting, **overrides):
    """What a browser would send."""
    starts = (meeting.starts_at + timedelta(hours=1)).astimezone(meeting.zone)
    fields = {
        "title": "Кадры", "title_alt": "People", "kind": "session", "room": "Зал 3",
        "room_alt": "Room 3", "speakers": "Анна Петрова, Минпром\n\n Пётр Котов ",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
        "ends_at": f"{starts + timedelta(hours=1):%Y-%m-%dT%H:%M}", "capacity": "5",
        "position": "", "version": "",
    }  # fmt: skip
    return fields | overrides


def test_the_programme_shows_sessions_among_its_lines(visitor, meeting):
    AgendaItem.objects.create(
        meeting=meeting, starts_at=meeting.starts_at, title="Открытие", title_alt="Opening"
    )
    make_session(meeting, hour=1, title="Кадры", title_alt="People", room="Зал 3", capacity=4,
                 speakers="Анна Петрова")  # fmt: skip
    make_session(meeting, hour=1, title="Инвестиции", capacity=7, shows_left=True)
    make_session(meeting, hour=2, title="Итоги", capacity=None)

    page = visitor.get("/m/parks/").content.decode()

    order = [page.index(words) for words in ("Opening", "People", "Инвестиции", "Итоги")]
    assert order == sorted(order)
    assert "Зал 3" in page
    assert "Анна Петрова" in page
    assert "7 places are left." in page
    assert "4 places are left" not in page


def test_a_participant_chooses_swaps_and_gives_up(visitor, meeting, person):
    first = make_session(meeting, title="Инвестиции", capacity=5)
    second = make_session(meeting, title="Кадры", capacity=5)

    chosen = visitor.post(own(person), {"session": first.uid}, follow=True)
    refused = visitor.post(own(person), {"session": second.uid}, follow=True)
    swapped = visitor.post(
        own(person), {"session": second.uid, "instead_of": [first.uid]}, follow=True
    )

    assert "There is a place in “Инвестиции” for you." in chosen.content.decode()
    assert f'value="{first.uid}"' in chosen.content.decode()
    assert "Choose this one instead" in chosen.content.decode()
    assert (
        "“Кадры” is at the same time as “Инвестиции”, which has been chosen already."
        in refused.content.decode()
    )
    assert "There is a place in “Кадры” for you." in swapped.content.decode()
    assert person.session_seats.get().session == second
    assert "Кадры" in visitor.get(own(person, "")).content.decode()
    given = visitor.post(own(person), {"session": second.uid, "give_back": "1"}, follow=True)
    assert "The place in “Кадры” has been given up." in given.content.decode()
    assert not person.session_seats.exists()


def test_looking_at_the_sessions_changes_nothing(visitor, meeting, person):
    session = make_session(meeting, capacity=5)

    assert visitor.get(own(person), {"session": session.uid}).status_code == 200
    assert SeatLimit.objects.get(session=session).taken == 0


def test_a_session_of_another_meeting_or_none_is_none(visitor, meeting, person):
    other = make_session(make_meeting(), capacity=5)

    for uid in (other.uid, "nonsense", ""):
        page = visitor.post(own(person), {"session": uid}, follow=True).content.decode()
        assert "This session does not take place any more." in page
    assert not person.session_seats.exists()


@pytest.mark.parametrize("status", [Status.PENDING, Status.CONFIRMED])
def test_whoever_may_not_choose_sees_no_button(visitor, meeting, status):
    person = make_registration(meeting=meeting, status=status, language="en")
    make_session(meeting, title="Кадры", capacity=5)
    if status == Status.CONFIRMED:
        meeting.edits_close_at = timezone.now() - timedelta(minutes=1)
        meeting.save()

    page = visitor.get(own(person)).content.decode()

    assert "Кадры" in page
    assert "<button" not in page.partition("<main")[2].partition("</main")[0]
    words = "The lists are closed" if status == Status.CONFIRMED else "once participation is"
    assert words in page


def test_the_calendar_of_a_person_has_the_chosen_sessions(visitor, meeting, person):
    session = make_session(meeting, title="Кадры", room="Зал 3", capacity=5)
    book(person, session)

    file = visitor.get(own(person, "calendar.ics")).content.decode().replace("\r\n ", "")

    assert file.count("BEGIN:VEVENT") == 2
    assert "METHOD:PUBLISH" in file
    assert f"UID:{session.uid}-{person.uid}@" in file
    assert "SUMMARY:Кадры" in file
    assert "LOCATION:Зал 3\\, Obrazets Tower\\, hall 2" in file


def test_the_page_of_sessions_costs_the_same_with_more(
    visitor, meeting, person, django_assert_num_queries
):
    make_session(meeting, capacity=5)
    visitor.get(own(person))
    with django_assert_num_queries(3):  # person, hosts, sessions
        visitor.get(own(person))
    for hour in (1, 2):
        book(person, make_session(meeting, hour=hour, capacity=5))
    with django_assert_num_queries(3):
        visitor.get(own(person))


def test_an_organizer_adds_changes_and_deletes_a_session(office, meeting, person):
    added = office.post(LIST, typed(meeting), follow=True)
    session = Session.objects.get()
    assert "The session is in the programme." in added.content.decode()
    assert (session.title, session.title_alt, session.room) == ("Кадры", "People", "Зал 3")
    assert session.speakers == "Анна Петрова, Минпром\nПётр Котов"
    book(person, session)
    url = f"/manage/parks/sessions/{session.uid}/"
    assert person.full_name in office.get(url).content.decode()

    saved = office.post(url, typed(meeting, room="Зал 4", version="1"), follow=True)
    assert "Saved." in saved.content.decode()
    assert Message.objects.get(kind="programme_changed").snapshot["what"] == "room"

    too_few = office.post(url, typed(meeting, capacity="0", version="2"))
    assert too_few.status_code == 422
    assert "1 seat is taken already." in too_few.content.decode()
    stale = office.post(url, typed(meeting, version="1"))
    assert "This session was changed in the meantime." in stale.content.decode()

    asked = office.get(f"{url}remove/").content.decode()
    assert "1 person has chosen it and gets a mail." in asked
    office.post(f"{url}remove/")
    assert not Session.objects.exists()
    assert Message.objects.filter(kind="programme_changed").count() == 2


def test_a_session_outside_the_meeting_is_refused_beside_its_time(office, meeting):
    late = (meeting.ends_at - timedelta(minutes=30)).astimezone(meeting.zone)
    answer = office.post(
        LIST, typed(meeting, starts_at=f"{late:%Y-%m-%dT%H:%M}",
                    ends_at=f"{late + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    )  # fmt: skip

    assert answer.status_code == 422
    assert "A session lies within the meeting" in answer.content.decode()
    assert not Session.objects.exists()


def test_moving_into_another_chosen_session_asks_first(office, meeting, person):
    keeps = make_session(meeting, title="Инвестиции", hour=0, capacity=5)
    moves = make_session(meeting, title="Кадры", hour=2, capacity=5)
    for session in (keeps, moves):
        book(person, session)
    start = meeting.starts_at.astimezone(meeting.zone)
    data = typed(meeting, starts_at=f"{start:%Y-%m-%dT%H:%M}",
                 ends_at=f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")  # fmt: skip
    url = f"/manage/parks/sessions/{moves.uid}/"

    asked = office.post(url, data)
    assert "1 person has chosen another session at that time: “Инвестиции”." in (
        asked.content.decode()
    )
    assert 'name="releases"' in asked.content.decode()
    assert person.session_seats.count() == 2

    office.post(url, data | {"releases": "1"})
    assert person.session_seats.get().session == keeps


def test_an_organizer_chooses_for_somebody_after_the_lists_closed(office, meeting, person):
    session = make_session(meeting, title="Кадры", capacity=5)
    meeting.edits_close_at = timezone.now() - timedelta(minutes=1)
    meeting.save()
    url = f"/manage/parks/participants/{person.number}/sessions/"

    answer = office.post(url, {"session": session.uid}, follow=True)

    assert "The place in “Кадры” is taken." in answer.content.decode()
    assert "Кадры" in office.get(f"/manage/parks/participants/{person.number}/").content.decode()


def test_the_list_of_a_session_and_its_file(office, meeting, person):
    other = make_registration(meeting=meeting)
    session = make_session(meeting, title="Кадры", capacity=5)
    after = make_session(meeting, title="Экспорт", hour=1, capacity=5)
    book(person, after)
    book(person, session)

    page = office.get("/manage/parks/participants/", {"session": session.uid}).content.decode()
    answer = office.post(f"/manage/parks/participants.csv?session={session.uid}")

    assert person.full_name in page
    assert other.full_name not in page
    file = b"".join(answer.streaming_content).decode()
    assert person.number in file
    assert other.number not in file
    assert "Кадры; Экспорт" in file.replace('"', "")


def test_the_list_of_sessions_costs_the_same_with_more(office, meeting, django_assert_num_queries):
    make_session(meeting, capacity=5)
    office.get(LIST)
    with django_assert_num_queries(4):  # visitor, session; meeting, sessions
        office.get(LIST)
    for hour in (1, 2):
        make_session(meeting, hour=hour, capacity=5)
    with django_assert_num_queries(4):
        office.get(LIST)


def test_a_strangers_session_is_not_found(meeting):
    session = make_session(meeting, capacity=5)
    person = make_registration(meeting=meeting)
    stranger = Client()
    stranger.force_login(make_user())

    for url in (
        LIST,
        f"/manage/parks/sessions/{session.uid}/",
        f"/manage/parks/sessions/{session.uid}/remove/",
        f"/manage/parks/participants/{person.number}/sessions/",
    ):
        assert stranger.get(url).status_code == 404
        assert stranger.post(url).status_code == 404
    other = Client()
    other.force_login(meeting.owners.get())
    elsewhere = make_session(make_meeting(), capacity=5)
    assert other.get(f"/manage/parks/sessions/{elsewhere.uid}/").status_code == 404
