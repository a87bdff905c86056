"""POST meetings/{slug}/registrations/: what anybody may do."""

import json
import threading

import pytest
from django.db import connection

from notifications.models import Message
from registrations import links
from registrations.models import Registration, Source, Status
from tests import factories
from tests.api.conftest import Client, application, coming

pytestmark = pytest.mark.django_db


def url(meeting):
    return f"meetings/{meeting.slug}/registrations/"


def errors(response):
    return {error["pointer"]: error["detail"] for error in response.json()["errors"]}


def test_register_answers_with_number_status_and_links(anyone, meeting):
    response = anyone.send("post", url(meeting), application())

    registration = Registration.objects.get()
    assert response.status_code == 201
    answer = response.json()
    assert answer["number"] == registration.number
    assert answer["status"] == "confirmed"
    assert answer["waiting_position"] is None
    assert answer["manage_url"].startswith("http://testserver/r/")
    assert answer["ticket_url"].startswith(answer["manage_url"])
    assert answer["calendar_url"].startswith(answer["manage_url"])
    assert response["Location"].endswith(f"/{registration.number}/")
    assert registration.source == Source.API
    assert registration.region.code == "RU-KLU"
    assert registration.category.code == "member"
    assert list(registration.consents.values_list("document__kind", flat=True)) == ["processing"]
    assert Message.objects.count() == 1


def test_register_puts_latecomers_in_line(anyone, owner):
    meeting = coming(owner=owner, seat_limit=1)
    factories.make_registration(meeting=meeting)

    answer = anyone.send("post", url(meeting), application(consents=[])).json()

    assert (answer["status"], answer["waiting_position"]) == ("waitlisted", 1)


def test_register_waits_for_the_organizer(anyone, owner):
    meeting = coming(owner=owner, approval="manual")

    answer = anyone.send("post", url(meeting), application(consents=[])).json()

    assert answer["status"] == "pending"


def test_register_for_somebody_else(anyone, meeting):
    body = application(submitted_by={"name": "Анна", "email": "anna@example.org"})

    assert anyone.send("post", url(meeting), body).status_code == 201
    registration = Registration.objects.get()
    assert registration.submitted_by_email == "anna@example.org"


def test_register_without_region_says_so_with_null(anyone, meeting):
    assert anyone.send("post", url(meeting), application(region=None)).status_code == 201
    assert Registration.objects.get().region is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"family_name": "<b>"}, "/family_name"),
        ({"given_name": "X Æ A-12"}, "/given_name"),
        ({"family_name": "Ж" * 121}, "/family_name"),
        ({"family_name": "", "given_name": ""}, "/given_name"),
        ({"family_name": 7.5, "given_name": []}, "/given_name"),
        ({"email": "nobody"}, "/email"),
        ({"organization": " \u200b "}, "/organization"),
        ({"organization": "\u0958" * 300}, "/organization"),
        ({"phone": "\u0958" * 40}, "/phone"),
        ({"region": "RU-XXX"}, "/region"),
        ({"region": {"a": 1}}, "/region"),
        ({"region": "RU\x00"}, "/region"),
        ({"category": "staff"}, "/category"),
        ({"category": "nobody"}, "/category"),
        ({"consents": ["nothing"]}, "/consents/0"),
        ({"consents": ["photo"]}, "/consents"),
        ({"consents": "processing"}, "/consents"),
        ({"language": "xx"}, "/language"),
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"attendance_mode": "by train"}, "/attendance_mode"),
        ({"submitted_by": {"name": "Анна"}}, "/submitted_by/email"),
    ],
)
def test_register_points_to_what_is_wrong(anyone, meeting, change, pointer):
    response = anyone.send("post", url(meeting), application(**change))

    assert response.status_code == 422, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "validation"
    assert pointer in errors(response)
    assert not Registration.objects.exists()


def test_register_needs_the_region_to_be_said(anyone, meeting):
    body = application()
    del body["region"]

    assert "/region" in errors(anyone.send("post", url(meeting), body))


def test_register_stores_no_sign_that_the_database_cannot_hold(anyone, meeting):
    body = application(position="a\x00b")

    response = anyone.send("post", url(meeting), body, key="k")

    assert response.status_code == 201, response.content
    assert Registration.objects.get().position == "ab"


@pytest.mark.parametrize(
    "change",
    [
        {"organization": "А\ud800О"},
        {"region": "\ud800"},
        {"category": "\udfff"},
        {"attendance_mode": "\ud800"},
        {"language": "\ud800"},
        {"consents": ["\ud800"]},
        {"\ud800": ""},
    ],
)
def test_register_refuses_half_a_sign(anyone, meeting, change):
    body = json.dumps(application(**change))

    response = anyone.post(
        f"/api/v1/{url(meeting)}",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k", "Accept-Language": "en"},
    )

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
    assert "half a sign" in response.json()["detail"]
    assert not Registration.objects.exists()


def test_register_takes_a_sign_of_two_halves(anyone, meeting):
    body = json.dumps(application(position="Ведущий 🎤"))

    response = anyone.post(f"/api/v1/{url(meeting)}", body, content_type="application/json")

    assert response.status_code == 201
    assert Registration.objects.get().position == "Ведущий 🎤"


@pytest.mark.parametrize("body", [[], "text", 5, None, [application()]])
def test_register_takes_one_object(anyone, meeting, body):
    assert anyone.send("post", url(meeting), body).status_code in (400, 422)


def test_register_speaks_the_readers_language(anyone, meeting):
    body = application(email="nobody")
    response = anyone.send("post", url(meeting), body, **{"Accept-Language": "ru"})

    assert errors(response)["/email"] == "Введите правильный адрес электронной почты."


def test_register_without_consent_names_what_is_missing(anyone, meeting):
    response = anyone.send("post", url(meeting), application(consents=[]))

    assert response.status_code == 422
    assert (response.json()["code"], response.json()["missing"]) == (
        "consent_required",
        ["processing"],
    )


def test_register_twice_is_refused_without_personal_data(anyone, meeting):
    anyone.send("post", url(meeting), application())

    response = anyone.send("post", url(meeting), application(organization="Другая"))

    assert response.status_code == 409
    assert response.json()["code"] == "already_registered"
    assert response.json()["type"] == "/problems/already-registered"
    assert "Соловьёв" not in response.content.decode()


def test_register_when_closed_says_why(anyone, owner):
    meeting = coming(owner=owner, registration_closes_at=factories.NOON)

    response = anyone.send("post", url(meeting), application(consents=[]))

    assert (response.status_code, response.json()["code"]) == (409, "registration_closed")


def test_a_draft_cannot_be_found(anyone, owner):
    meeting = coming(owner=owner, status="draft", published_at=None)

    assert anyone.send("post", url(meeting), application()).status_code == 404


def test_the_same_key_gets_the_same_answer(anyone, meeting):
    first = anyone.send("post", url(meeting), application(), key="k-1")
    second = anyone.send("post", url(meeting), application(), key="k-1")

    assert second.status_code == first.status_code == 201
    assert second.json() == first.json()
    assert Registration.objects.count() == 1
    assert Message.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(anyone, meeting):
    anyone.send("post", url(meeting), application(), key="k-1")

    response = anyone.send("post", url(meeting), application(given_name="Анна"), key="k-1")

    assert (response.status_code, response.json()["code"]) == (422, "key_reused")
    assert Registration.objects.count() == 1


def test_a_key_belongs_to_its_meeting(anyone, meeting, owner):
    other = coming(owner=owner)
    anyone.send("post", url(meeting), application(), key="k-1")

    assert anyone.send("post", url(other), application(consents=[]), key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 81, "ключ"])
def test_a_key_must_be_usable(anyone, meeting, key):
    response = anyone.send("post", url(meeting), application(), key=key)

    assert response.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_a_parallel_twin_gets_the_first_answer():
    meeting = coming(seat_limit=5)
    answers = []

    def send():
        try:
            answers.append(
                Client().send("post", url(meeting), application(consents=[]), key="twin")
            )
        finally:
            connection.close()

    twins = [threading.Thread(target=send) for _ in range(4)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert Registration.objects.filter(meeting=meeting).count() == 1


def test_a_flood_is_told_when_to_come_back(anyone, meeting, monkeypatch):
    monkeypatch.setattr("django.conf.settings.REGISTRATIONS_PER_ADDRESS", 1)
    anyone.send("post", url(meeting), application())

    response = anyone.send("post", url(meeting), application(given_name="Анна"))

    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 601
    assert response.json()["retry_after"] == int(response["Retry-After"])


def test_waiting_people_are_confirmed_when_somebody_cancels(anyone, owner):
    meeting = coming(owner=owner, seat_limit=1)
    seated = factories.make_registration(meeting=meeting)
    anyone.send("post", url(meeting), application(consents=[]))
    anna = application(given_name="Анна", consents=[])
    token = anyone.send("post", url(meeting), anna).json()["manage_url"]
    anyone.credentials(HTTP_AUTHORIZATION=f"Link {token.rstrip('/').rpartition('/')[2]}")
    assert anyone.send("get", "my-registration/").json()["waiting_position"] == 2

    anyone.credentials(HTTP_AUTHORIZATION=f"Link {links.token(seated)}")
    anyone.send("post", "my-registration/cancel/")

    statuses = Registration.objects.order_by("line", "pk").values_list("given_name", "status")
    assert ("Пётр", Status.CONFIRMED) in statuses
    assert ("Анна", Status.WAITLISTED) in statuses


def test_an_organizer_brings_people_from_a_table(organizer, anyone, stranger, meeting):
    url = f"meetings/{meeting.slug}/imports/"
    people = [{"given_name": "Сукарно", "region": None}, {"family_name": "Ли", "region": "RU-KLU"}]

    brought = organizer.send("post", url, {"people": people, "is_told": False})
    again = organizer.send("post", url, {"people": people[::-1]})

    assert brought.status_code == 201, brought.content
    assert [(one["source"], one["region"]) for one in brought.json()] == [
        ("import", None), ("import", "RU-KLU"),
    ]  # fmt: skip
    assert (again.status_code, again.json()["row"]) == (409, 1)
    assert anyone.send("post", url, {"people": people}).status_code == 401
    assert stranger.send("post", url, {"people": people}).status_code == 404
