"""An offer behind the person's link, and in the office. GET looks, POST acts."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from events import when
from events.models import Meeting
from registrations import booking, convening, links, offering
from registrations.models import Offer, Registration, Status
from tests.factories import LINK, ORGANIZER, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("offer/", "offer/decline/")


@pytest.fixture
def meeting():
    starts_at = timezone.now().replace(microsecond=0) + timedelta(days=21)
    return make_meeting(
        slug="parks", seat_limit=1, offer_hours=24, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
    )  # fmt: skip


@pytest.fixture
def people(meeting):
    """Two who wait; the first is offered the seat that was given back."""
    now = timezone.now()
    leaves = make_registration(meeting=meeting)
    found = [
        make_registration(
            meeting=meeting, status=Status.WAITLISTED, language="en", time_zone="Asia/Vladivostok"
        )
        for _ in range(2)
    ]
    booking.cancel(registration=leaves, at=now, by=LINK)
    return found


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


def own(person, page=""):
    person.refresh_from_db()
    return f"/r/{links.token(person)}/{page}"


def deadline(person):
    return Offer.objects.get(registration=person).answer_by


def pass_by(person):
    """The time to answer is over, and nobody has swept yet."""
    now = timezone.now()
    Offer.objects.filter(registration=person).update(
        made_at=now - timedelta(hours=25), answer_by=now - timedelta(minutes=1)
    )


def said(answer) -> str:
    return " | ".join(str(message) for message in get_messages(answer.wsgi_request))


# --- The participant -----------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", *PAGES])
def test_looking_at_an_offer_changes_nothing(client, people, page):
    before = list(Registration.objects.order_by("pk").values()), list(Offer.objects.values())

    answer = client.get(own(people[0], page))

    assert answer.status_code == 200
    after = list(Registration.objects.order_by("pk").values()), list(Offer.objects.values())
    assert after == before
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]


@pytest.mark.parametrize("page", ["", "offer/"])
def test_the_page_says_by_when_at_the_venue_first_and_has_two_buttons(
    client, meeting, people, page
):
    text = client.get(own(people[0], page)).content.decode()

    until = deadline(people[0])
    venue = when.moment(until, meeting.zone, language="en")
    mine = when.local_line(until, meeting.zone, people[0].zone, language="en")
    assert "A seat has become free for you" in text
    assert f"<b>{venue}</b><small>{mine}</small>" in text
    assert "Take the seat" in text
    assert "Do not take it" in text


@pytest.mark.parametrize("page", PAGES)
def test_where_nothing_is_offered_the_page_is_that_of_the_registration(client, people, page):
    answer = client.get(own(people[1], page))

    assert (answer.status_code, answer["Location"]) == (303, own(people[1]))
    assert "Take the seat" not in client.get(own(people[1])).content.decode()


@pytest.mark.parametrize("page", [*PAGES, "offer/ask-again/"])
def test_a_made_up_link_answers_nothing(client, people, page):
    assert client.post(f"/r/{'a' * 32}/{page}", {"answer": "leave"}).status_code == 404
    people[0].refresh_from_db()
    assert people[0].status == Status.WAITLISTED


def test_a_click_takes_the_seat_and_a_second_one_does_no_harm(client, people):
    for _ in range(2):
        answer = client.post(own(people[0], "offer/"))
        assert (answer.status_code, answer["Location"]) == (303, own(people[0]))
        assert said(answer) == ""

    people[0].refresh_from_db()
    assert people[0].status == Status.CONFIRMED
    assert "you are registered" in client.get(own(people[0])).content.decode()


def test_who_is_not_coming_leaves_the_list_and_may_take_that_back(client, people):
    client.post(own(people[0], "offer/decline/"), {"answer": "leave"})

    people[0].refresh_from_db()
    assert people[0].status == Status.CANCELLED
    assert Offer.objects.get().registration == people[1]
    assert "Take the cancellation back" in client.get(own(people[0])).content.decode()


def test_who_would_rather_wait_on_says_later_that_he_wants_a_seat(client, people):
    answer = client.post(own(people[0], "offer/decline/"), {"answer": "wait"})

    assert said(answer) == "The seat goes to whoever is next. You stay on the waiting list."
    page = client.get(own(people[0])).content.decode()
    assert "until you say that you want one" in page
    assert "I want a seat" in page
    assert Offer.objects.get().registration == people[1]

    client.post(own(people[1], "offer/decline/"), {"answer": "leave"})
    client.post(own(people[0], "offer/ask-again/"))

    assert Offer.objects.get().registration == people[0]


def test_another_answer_is_none(client, people):
    assert client.post(own(people[0], "offer/decline/"), {"answer": "x"}).status_code == 400
    assert Offer.objects.get().registration == people[0]


@pytest.mark.parametrize(("page", "form"), [("offer/", {}), ("offer/decline/", {"answer": "wait"})])
def test_who_answers_too_late_reads_it_in_a_friendly_sentence(client, people, page, form):
    pass_by(people[0])

    answer = client.post(own(people[0], page), form)

    assert answer.status_code == 303
    assert said(answer).startswith("The time to answer has passed")
    shown = client.get(own(people[0])).content.decode()
    assert "The time to answer has passed" in shown
    assert "Take the seat" not in shown


def test_asking_again_is_an_act(client, people):
    assert client.get(own(people[0], "offer/ask-again/")).status_code == 405


def test_those_who_wait_read_how_long_a_seat_will_be_kept(client, people):
    page = client.get(own(people[1])).content.decode()

    assert "You are first in line" in page
    assert "kept for you for 24 hours" in page


def test_in_russian(client, people):
    Registration.objects.filter(pk=people[0].pk).update(language="ru")

    page = client.get(own(people[0])).content.decode()

    assert "Для вас освободилось место" in page
    assert "Занять место" in page
    assert "Отказаться от места" in page


# --- The office ----------------------------------------------------------------------------


def step(office, person, code):
    return office.post(f"/manage/parks/participants/{person.number}/step/", {"step": code})


def test_the_organizer_sees_the_offer_and_until_when(office, meeting, people):
    until = f"seat offered until {when.moment(deadline(people[0]), meeting.zone, language='en')}"
    first = f"/manage/parks/participants/{people[0].number}/"

    assert until in office.get(first).content.decode()
    assert until in office.get("/manage/parks/participants/").content.decode()
    narrowed = office.get("/manage/parks/participants/?more=offered").content.decode()
    assert people[0].family_name in narrowed
    assert people[1].family_name not in narrowed
    limits = office.get("/manage/parks/edit/limits/").content.decode()
    assert "Seats on offer" in limits
    assert "Each is offered the seat and has 24 hours to answer." in limits


def test_the_organizer_takes_an_offer_back(office, people):
    page = office.get(f"/manage/parks/participants/{people[0].number}/").content.decode()
    assert "Take the offer back" in page
    assert "Confirm now" in page

    answer = step(office, people[0], "withdraw_offer")

    assert said(answer) == "The offer is taken back. The mail is on its way."
    assert Offer.objects.get().registration == people[1]
    assert "let offers pass" in office.get(
        f"/manage/parks/participants/{people[0].number}/"
    ).content.decode()  # fmt: skip
    assert said(step(office, people[0], "withdraw_offer")) == (
        "No seat is offered to this participant."
    )


def test_the_organizer_offers_a_chosen_person_one_seat_more(office, meeting, people):
    page = office.get(f"/manage/parks/participants/{people[1].number}/").content.decode()
    assert "Offer a seat beyond the limit" in page

    step(office, people[1], "offer")
    answer = step(office, people[1], "offer_over")

    # The first wish found no free seat; the second was for one more.
    assert said(answer) == "All seats are taken. | A seat is offered. The mail is on its way."
    assert Offer.objects.of(meeting).count() == 2


def test_a_free_seat_is_offered_again_to_who_let_offers_pass(office, people):
    for person in people:
        offering.step_aside(registration=person, at=timezone.now(), by=LINK)

    page = office.get(f"/manage/parks/participants/{people[1].number}/").content.decode()
    assert "Offer a seat<" in page
    step(office, people[1], "offer")

    assert Offer.objects.get().registration == people[1]


def test_where_nothing_is_offered_there_is_no_such_button(office, meeting, people):
    Meeting.objects.update(offer_hours=None)

    page = office.get(f"/manage/parks/participants/{people[1].number}/").content.decode()

    assert "Offer a seat" not in page


def test_a_stranger_offers_nothing_in_a_meeting_of_others(people):
    stranger = Client()
    stranger.force_login(make_user())

    assert step(stranger, people[1], "offer_over").status_code == 404
    assert step(stranger, people[0], "withdraw_offer").status_code == 404
    assert Offer.objects.get().registration == people[0]


SETTINGS = "/manage/parks/edit/registration/"


def test_the_hours_are_a_setting_and_no_more_than_a_fortnight(office, meeting):
    form = office.get(SETTINGS).context["form"]
    known = {name: form[name].value() or "" for name in form.fields}
    assert known["offer_hours"] == 24
    known = {k: v for k, v in known.items() if not k.endswith("_at")}

    refused = office.post(SETTINGS, known | {"offer_hours": "337"})
    office.post(SETTINGS, known | {"offer_hours": "48"})

    assert refused.context["form"].errors["offer_hours"]
    meeting.refresh_from_db()
    assert meeting.offer_hours == 48


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_with_more_offers(
    office, meeting, people, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_registration(meeting=meeting, status=Status.WAITLISTED)
    now = timezone.now()
    convening.set_seat_limit(meeting=meeting, seat_limit=rows, at=now, by=ORGANIZER)
    assert Offer.objects.of(meeting).count() == rows
    office.get("/manage/parks/participants/")

    with django_assert_num_queries(13):
        office.get("/manage/parks/participants/")
    with django_assert_num_queries(14):
        office.get("/manage/parks/edit/limits/")
