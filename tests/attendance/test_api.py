"""The check-in API: what a desk may, and what strangers, links and other desks may not."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts import bearer, links
from accounts.models import JournalEntry
from attendance import desks, walkin
from attendance.models import Device, Scan
from events import access
from notifications.models import Message
from registrations.intake import Application
from registrations.models import Registration, SeatLimit, Status
from tests.attendance.door import (
    NOON,
    device_token,
    make_link,
    make_meeting,
    make_person,
    token_of,
)

pytestmark = pytest.mark.django_db
SCANS, SEARCH = "/api/v1/checkin/scans/", "/api/v1/checkin/search/"


@pytest.fixture
def now():
    return timezone.now()


def at_desk(token, **kwargs):
    return Client(headers={"Authorization": f"Device {token}"}, **kwargs)


def item(who=None, **fields):
    code = {} if who is None else {"code": who.ticket_code}
    return {"id": str(uuid4()), "scanned_at": timezone.now().isoformat(), **code, **fields}


def post(client, path, body, **kwargs):
    return client.post(path, body, content_type="application/json", **kwargs)


def test_a_link_is_exchanged_for_a_token_that_scans(now):
    meeting = make_meeting()
    person = make_person(meeting)
    url = access.url(make_link(meeting, at=now))

    paired = post(Client(), "/api/v1/checkin/pair/", {"link": url})
    answer = post(at_desk(paired.json()["token"]), SCANS, {"scans": [item(person)]})

    assert paired.status_code == 201
    assert paired.json()["desk"] == "Стойка 2"
    [result] = answer.json()["results"]
    assert (result["outcome"], result["tone"], result["person"]["name"]) == (
        "accepted",
        "yes",
        "Ёлкин Пётр",
    )
    assert JournalEntry.objects.filter(action="desk.started").count() == 1


def test_the_link_by_itself_neither_scans_nor_lists(now):
    meeting = make_meeting()
    person = make_person(meeting)
    link = token_of(make_link(meeting, at=now))

    for client in (Client(), at_desk(link)):
        assert post(client, SCANS, {"scans": [item(person)]}).status_code == 401
        assert client.get(SEARCH, {"q": "Ёлкин"}).status_code == 401
        assert client.get("/api/v1/checkin/stats/").status_code == 401
        assert post(client, "/api/v1/checkin/walk-ins/", {}).status_code == 401
    assert not Scan.objects.exists()


def test_a_press_link_opens_no_desk(now):
    link = access.issue(
        meeting=make_meeting(),
        purpose="press",
        label="Пресса",
        expires_at=now + timedelta(days=1),
        at=now,
    )

    answer = post(Client(), "/api/v1/checkin/pair/", {"link": token_of_press(link)})

    assert (answer.status_code, answer.json()["code"]) == (404, "link_invalid")


def token_of_press(link):
    return links.token("press", str(link.pk), 1)


def test_expired_revoked_renewed_and_ended_desks_are_told_so(now):
    meeting = make_meeting()
    expired = make_link(meeting, 1, at=now, expires_at=now - timedelta(minutes=1))
    assert post(Client(), "/api/v1/checkin/pair/", {"link": token_of(expired)}).status_code == 410

    link = make_link(meeting, 2, at=now)
    device, token = desks.start(token=token_of(link), at=now)
    access.revoke(link=link, at=now, by=desks.of(device).actor)
    revoked = at_desk(token).get("/api/v1/checkin/stats/")

    link = make_link(meeting, 5, at=now)
    device, token = desks.start(token=token_of(link), at=now)
    access.renew(link=link, expires_at=link.expires_at, at=now, by=desks.of(device).actor)
    renewed = at_desk(token).get("/api/v1/checkin/stats/")
    valid = list(Device.objects.valid(now))
    link.refresh_from_db()
    _device, token = desks.start(token=token_of(link), at=now)
    assert at_desk(token).get("/api/v1/checkin/stats/").status_code == 200

    device, token = desks.start(token=token_of(make_link(meeting, 3, at=now)), at=now)
    desks.end(desk=desks.of(device), at=now)
    ended = at_desk(token).get("/api/v1/checkin/stats/")

    token = device_token(meeting, 4, at=now - timedelta(hours=17))
    too_long = at_desk(token).get("/api/v1/checkin/stats/")
    assert valid == []
    for answer in (revoked, renewed, ended, too_long):
        assert (answer.status_code, answer.json()["code"]) == (401, "device_revoked")
        assert answer["WWW-Authenticate"].startswith("Device")


def test_a_desk_sees_its_own_meeting_only(now):
    here, there = today(now), today(now, "other")
    stranger = make_person(there, "Чужой")
    client = at_desk(device_token(here, at=now))

    found = client.get(SEARCH, {"q": "Чужой"}).json()["results"]
    scans = [item(code=stranger.number), item(person=str(stranger.uid))]
    results = post(client, SCANS, {"scans": scans}).json()["results"]
    admitted = post(
        client,
        "/api/v1/checkin/admissions/",
        {"id": str(uuid4()), "person": str(stranger.uid)},
    )

    assert found == []
    assert [r["outcome"] for r in results] == ["unknown", "unknown"]
    assert all(r["person"] is None for r in results)
    assert admitted.status_code == 404


def test_a_scan_costs_two_statements(now, django_assert_num_queries):
    meeting = make_meeting()
    client, person = at_desk(device_token(meeting, at=now)), make_person(meeting)

    with django_assert_num_queries(2):
        assert post(client, SCANS, {"scans": [item(person)]}).status_code == 200


def test_so_does_a_batch(now, django_assert_num_queries):
    meeting = make_meeting()
    client = at_desk(device_token(meeting, at=now))
    scans = [item(make_person(meeting, f"Участник {n}")) for n in range(20)]

    with django_assert_num_queries(2):
        results = post(client, SCANS, {"scans": scans}).json()["results"]

    assert [r["id"] for r in results] == [s["id"] for s in scans]
    assert {r["outcome"] for r in results} == {"accepted"}


def test_a_garbled_code_does_not_lose_the_batch(now):
    meeting = make_meeting()
    client = at_desk(device_token(meeting, at=now))
    scans = [item(make_person(meeting)), item(code="\ud800"), item(code="\ud83d\ude00")]

    first, again = (post(client, SCANS, json.dumps({"scans": scans})).json() for _ in "12")

    assert [r["outcome"] for r in first["results"]] == ["accepted", "unknown", "unknown"]
    assert [r["replayed"] for r in again["results"]] == [True, True, True]


def test_a_repeated_request_is_answered_as_the_first(now):
    meeting = make_meeting()
    client, made = at_desk(device_token(meeting, at=now)), item(make_person(meeting))
    first = post(client, SCANS, {"scans": [made]}).json()["results"][0]

    again = post(client, SCANS, {"scans": [made]}).json()["results"][0]
    other = post(client, SCANS, {"scans": [made | {"code": "1"}]}).json()["results"][0]

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["outcome"] == again["outcome"] == "accepted"
    assert other["error"]["code"] == "id_reused"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"scans": []},
        {"scans": [{}] * 201},
        {"scans": ["x"]},
        {"scans": [{"id": "x", "code": "1", "scanned_at": "2030-01-24T09:00:00Z"}]},
        {"scans": [{"id": str(uuid4()), "code": "1", "scanned_at": "yesterday"}]},
        {"scans": [{"id": str(uuid4()), "code": "1", "scanned_at": "2030-01-24T09:00:00"}]},
        {"scans": [{"id": str(uuid4()), "code": "1", "scanned_at": "0001-01-01T00:00:00Z"}]},
        {"scans": [{"id": str(uuid4()), "scanned_at": "2030-01-24T09:00:00Z"}]},
        {"scans": [{"id": str(uuid4()), "code": 7, "scanned_at": "2030-01-24T09:00:00Z"}]},
        {"scans": [{"id": str(uuid4()), "code": "a\u0000", "scanned_at": "2030-01-24T09:00:00Z"}]},
        {
            "scans": [
                {
                    "id": str(uuid4()),
                    "code": "1",
                    "scanned_at": "2030-01-24T09:00:00Z",
                    "method": "walk_in",
                }
            ]
        },
    ],
)
def test_nonsense_is_named_and_nothing_is_written(now, body):
    client = at_desk(device_token(make_meeting(), at=now))

    answer = post(client, SCANS, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation") or (
        answer.status_code == 400
    )
    assert answer["Content-Type"] == "application/problem+json"
    assert not Scan.objects.exists()


def test_undo_through_the_api(now):
    meeting = make_meeting()
    client, made = at_desk(device_token(meeting, at=now)), item(make_person(meeting))
    post(client, SCANS, {"scans": [made]})
    void = {"id": str(uuid4())}

    first = post(client, f"{SCANS}{made['id']}/void/", void)
    again = post(client, f"{SCANS}{made['id']}/void/", void)
    nothing = post(client, f"{SCANS}{uuid4()}/void/", {"id": str(uuid4())})

    assert (first.json()["replayed"], again.json()["replayed"]) == (False, True)
    assert nothing.status_code == 404
    assert client.get("/api/v1/checkin/stats/").json() == {"present": 0, "expected": 1}


@pytest.mark.parametrize("query", ["елкин", "`krby", "Пётр ЁЛК", "заречный"])
def test_search_tolerates_spelling_and_layout(now, query):
    meeting = make_meeting()
    make_person(meeting, "Ёлкин", "Пётр")
    make_person(meeting, "Абрамов", "Пётр", organization="ОЭЗ")

    found = at_desk(device_token(meeting, at=now)).get(SEARCH, {"q": query}).json()["results"]

    assert [f["name"] for f in found] == ["Ёлкин Пётр"]


def test_search_by_number_and_what_is_too_short(now):
    meeting = make_meeting()
    person = make_person(meeting)
    client = at_desk(device_token(meeting, at=now))

    assert client.get(SEARCH, {"q": person.spoken_number}).json()["results"][0]["uid"] == str(
        person.uid
    )
    short = client.get(SEARCH, {"q": "ё"})
    assert (short.status_code, short.json()["code"]) == (422, "query_too_short")


@pytest.mark.parametrize("people", [1, 3])
def test_search_costs_the_same_for_one_and_for_many(now, people, django_assert_num_queries):
    meeting = make_meeting()
    for n in range(people):
        make_person(meeting, f"Ёлкин {n}")
    client = at_desk(device_token(meeting, at=now))
    client.get(SEARCH, {"q": "zz"})  # the hour's line in the journal

    # token, two counters, people, their presence, merged organizations
    with django_assert_num_queries(6):
        found = client.get(SEARCH, {"q": "елкин"}).json()["results"]

    assert len(found) == people


def test_search_is_throttled_and_noted_once_an_hour(now):
    meeting = make_meeting()
    client = at_desk(device_token(meeting, at=now))

    answers = [client.get(SEARCH, {"q": "ёлкин"}).status_code for _n in range(122)]

    assert answers[0] == 200
    assert answers[-1] == 429
    assert JournalEntry.objects.filter(action="desk.searched").count() in (1, 2)


def walk_in(**fields):
    return {
        "id": str(uuid4()),
        "family_name": "Новиков",
        "given_name": "Олег",
        "region": "RU-KLU",
        "consent": True,
        **fields,
    }


def today(now, slug="parks", **fields):
    times = {"starts_at": now - timedelta(hours=2), "ends_at": now + timedelta(hours=3)}
    return make_meeting(slug, **times | fields)


def test_a_desk_admits_nobody_on_another_day(now):
    meeting = make_meeting()
    person = make_person(meeting, status=Status.PENDING)
    client = at_desk(device_token(meeting, at=now))
    body = {"id": str(uuid4()), "person": str(person.uid)}

    answers = [
        post(client, "/api/v1/checkin/walk-ins/", walk_in()),
        post(client, "/api/v1/checkin/admissions/", body),
    ]

    assert [answer.json()["code"] for answer in answers] == ["not_admitted"] * 2
    assert Registration.objects.confirmed().count() == 0


@pytest.mark.parametrize(
    ("days", "admits"), [(-2, False), (-1, True), (0, True), (2, True), (3, False)]
)
def test_a_desk_admits_from_the_day_before_to_the_day_after(days, admits):
    meeting = make_meeting(ends_at=NOON + timedelta(days=1))
    desk = desks.find(device_token(meeting, at=NOON), at=NOON)

    def said_at(at, family_name):
        application = Application(
            category=meeting.categories.get(), language="ru", family_name=family_name
        )
        try:
            walkin.register(
                desk=desk, scan_id=uuid4(), application=application, has_consented=True, at=at
            )
        except walkin.NotAdmitted as refusal:
            return str(refusal)
        return ""

    midnight = NOON - timedelta(hours=12) + timedelta(days=days)
    with translation.override("en"):
        first_minute = said_at(midnight, "Новиков")
        last_minute = said_at(midnight + timedelta(hours=23, minutes=59), "Петров")

    rule = "Admitting and registering at the door work from the day before to the day after."
    assert first_minute == last_minute == ("" if admits else rule)


def test_a_walk_in_takes_a_seat_and_is_in(now):
    meeting = today(now)
    client, body = at_desk(device_token(meeting, at=now)), walk_in(email="oleg@example.org")

    answer = post(client, "/api/v1/checkin/walk-ins/", body)
    again = post(client, "/api/v1/checkin/walk-ins/", body)

    assert (answer.status_code, answer.json()["outcome"]) == (201, "accepted")
    assert again.json()["replayed"] is True
    person = Registration.objects.get()
    assert (person.status, person.seat, person.source) == ("confirmed", "within", "walk_in")
    assert SeatLimit.objects.get().taken == 1
    assert Message.objects.get().enclosures == ["ticket"]
    assert JournalEntry.objects.filter(action="registration.walk_in").count() == 1


def test_a_walk_in_over_capacity_is_counted_apart(now):
    meeting = today(now)
    SeatLimit.objects.update(seat_limit=0)

    post(at_desk(device_token(meeting, at=now)), "/api/v1/checkin/walk-ins/", walk_in())

    assert Registration.objects.get().seat == "over"
    assert (SeatLimit.objects.get().taken, SeatLimit.objects.get().over) == (0, 1)
    assert JournalEntry.objects.get(action="registration.walk_in").changes == {"seat": "over"}


def test_walk_ins_that_are_not_possible(now):
    meeting = today(now)
    client = at_desk(device_token(meeting, 1, at=now))
    post(client, "/api/v1/checkin/walk-ins/", walk_in())
    may_not = at_desk(device_token(meeting, 2, at=now, may_admit=False))

    twin = post(client, "/api/v1/checkin/walk-ins/", walk_in())
    refused = post(may_not, "/api/v1/checkin/walk-ins/", walk_in(family_name="Другой"))
    nameless = post(client, "/api/v1/checkin/walk-ins/", walk_in(family_name="  "))
    nowhere = post(client, "/api/v1/checkin/walk-ins/", walk_in(region="XX"))
    too_long = {"organization": "\u0958" * 300, "email": f"a@{'b.' * 126}org"}
    long = post(client, "/api/v1/checkin/walk-ins/", walk_in(**too_long))

    assert (twin.status_code, twin.json()["code"]) == (409, "already_registered")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_admitted")
    assert nameless.json()["errors"][0]["pointer"] == "/family_name"
    assert nowhere.json()["errors"][0]["pointer"] == "/region"
    assert [e["pointer"] for e in long.json()["errors"]] == ["/organization", "/email"]
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"status": Status.PENDING}, {"status": Status.WAITLISTED}, {"attendance_mode": "online"}],
)
def test_admitting_whoever_has_no_seat_yet(now, fields):
    meeting = today(now, format="hybrid")
    person = make_person(meeting, **fields)
    SeatLimit.objects.update(seat_limit=0, waiting=int("waitlisted" in fields.values()))
    client = at_desk(device_token(meeting, at=now))
    body = {"id": str(uuid4()), "person": str(person.uid)}

    answer = post(client, "/api/v1/checkin/admissions/", body)
    again = post(client, "/api/v1/checkin/admissions/", body)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    assert again.json()["replayed"] is True
    person.refresh_from_db()
    assert (person.status, person.seat, person.attendance_mode) == (
        "confirmed",
        "over",
        "in_person",
    )
    counter = SeatLimit.objects.get()
    assert (counter.over, counter.waiting) == (1, 0)


def test_whoever_was_declined_is_not_admitted(now):
    meeting = today(now)
    person = make_person(meeting, status=Status.DECLINED)
    body = {"id": str(uuid4()), "person": str(person.uid)}

    answer = post(at_desk(device_token(meeting, at=now)), "/api/v1/checkin/admissions/", body)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_admitted")


@pytest.mark.parametrize("scans", [1, 3])
def test_organizers_read_their_log_and_strangers_none(now, scans, django_assert_num_queries):
    meeting, other = make_meeting(), make_meeting("other")
    client = at_desk(device_token(meeting, at=now))
    post(client, SCANS, {"scans": [item(make_person(meeting, f"А{n}")) for n in range(scans)]})
    tokens = [bearer.issue(user=m.owners.get(), label="t", at=NOON)[1] for m in (meeting, other)]
    mine, theirs = (Client(headers={"Authorization": f"Bearer {t}"}) for t in tokens)

    with django_assert_num_queries(4):  # token, meeting, page, undoings
        answer = mine.get("/api/v1/meetings/parks/scans/")

    assert len(answer.json()["results"]) == scans
    assert theirs.get("/api/v1/meetings/parks/scans/").status_code == 404
    assert Client().get("/api/v1/meetings/parks/scans/").status_code == 401
    assert client.get("/api/v1/meetings/parks/scans/").status_code == 401


def test_the_cookie_alone_forges_nothing(now):
    meeting = make_meeting()
    token, person = device_token(meeting, at=now), make_person(meeting)
    browser = Client()
    browser.cookies[desks.API_COOKIE] = token

    forged = post(browser, SCANS, {"scans": [item(person)]})
    own = post(browser, SCANS, {"scans": [item(person)]}, headers={desks.OWN_PAGE: "1"})

    assert forged.status_code == 401
    assert own.status_code == 200
    assert Device.objects.get().last_used_at is not None
