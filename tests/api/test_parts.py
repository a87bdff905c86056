"""Hosts, programme, categories, regions, consents, reminders, seats, links, region lists, mail."""

import pytest

from events.models import AccessLink
from notifications.models import Message, State
from registrations import links
from registrations.models import ConsentDocument, Registration, Status
from tests import factories
from tests.api.conftest import application, coming

pytestmark = pytest.mark.django_db
LISTS = [
    "hosts", "agenda", "categories", "regions", "consents", "reminders", "seat-limits",
    "waiting-list",
]  # fmt: skip
# Each one who is next is found by one question: a rehearsal costs per person.
REHEARSED = {1: 4, 3: 6}


@pytest.mark.parametrize("part", [*LISTS, "access-links", "messages"])
def test_strangers_see_no_part(anyone, stranger, organizer, meeting, part):
    url = f"meetings/{meeting.slug}/{part}/"

    assert anyone.send("get", url).status_code == 401
    assert stranger.send("get", url).status_code == 404
    assert organizer.send("get", url).status_code == 200


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("put", "hosts/", [{"name": "X"}]),
        ("put", "agenda/", []),
        ("put", "categories/", []),
        ("put", "reminders/", []),
        ("post", "registrations.csv", {}),
        ("post", "registrations.xlsx", {}),
        ("post", "consents/", {"title": "a", "text": "b"}),
        ("patch", "seat-limits/", {"seat_limit": 1}),
        ("put", "seat-limits/region/RU-KLU/", {"seat_limit": 1}),
        ("delete", "seat-limits/region/RU-KLU/", {}),
        ("post", "access-links/", {"purpose": "desk"}),
        ("post", "access-links/1/renew/", {}),
        ("post", "access-links/1/revoke/", {}),
        ("post", "messages/1/resend/", {}),
        ("post", "publish/", {}),
        ("post", "cancel/", {}),
        ("patch", "", {"title": "X"}),
    ],
)
def test_strangers_change_nothing(anyone, stranger, meeting, method, url, body):
    url = f"meetings/{meeting.slug}/{url}"

    assert anyone.send(method, url, body, match="*").status_code == 401
    assert stranger.send(method, url, body, match="*").status_code == 404


def test_hosts_are_replaced_in_order(organizer, meeting):
    hosts = [{"name": "Первый", "name_alt": "First"}, {"name": "Второй", "name_alt": ""}]
    url = f"meetings/{meeting.slug}/hosts/"

    assert organizer.send("put", url, hosts).status_code == 428
    response = organizer.send("put", url, hosts, match=meeting.version)
    assert response.json() == hosts
    assert organizer.send("put", url, [], match=meeting.version).status_code == 412


def test_the_programme_is_replaced(organizer, meeting):
    url = f"meetings/{meeting.slug}/agenda/"
    items = [{"starts_at": meeting.starts_at.isoformat(), "title": "Открытие"}]

    response = organizer.send("put", url, items, match=meeting.version)

    assert response.status_code == 200, response.content
    assert [item["title"] for item in response.json()] == ["Открытие"]
    assert organizer.send("put", url, items, match=meeting.version).status_code == 412
    wrong = organizer.send("put", url, [{"title": "x"}], match="*")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/0/starts_at")


def test_categories_are_changed_added_and_removed(organizer, meeting):
    url = f"meetings/{meeting.slug}/categories/"
    _first, second, *_others = organizer.send("get", url).json()

    kept = [second | {"name": "Иначе"}, {"name": "Эксперты", "name_alt": "Experts"}]
    response = organizer.send("put", url, kept, match=meeting.version)

    assert response.status_code == 200, response.content
    said = [(each["code"], each["name"]) for each in response.json()]
    assert said == [(second["code"], "Иначе"), ("experts", "Эксперты")]
    unknown = organizer.send("put", url, [{"code": "nobody", "name": "X"}], match="*")
    assert unknown.json()["errors"][0]["pointer"] == "/0/code"
    twice = organizer.send("put", url, [second, second], match="*")
    assert twice.status_code == 422


def test_a_category_with_people_stays(organizer, meeting):
    factories.make_registration(meeting=meeting)

    response = organizer.send("put", f"meetings/{meeting.slug}/categories/", [], match="*")

    assert (response.status_code, response.json()["code"]) == (409, "category_in_use")


def test_reminder_rules_are_replaced(organizer, meeting):
    url = f"meetings/{meeting.slug}/reminders/"
    rules = [{"kind": "days_before", "amount": 2, "at_time": "10:00"}]

    made = organizer.send("put", url, rules, match=meeting.version).json()
    assert [(rule["kind"], rule["amount"]) for rule in made] == [("days_before", 2)]
    changed = organizer.send("put", url, [made[0] | {"amount": 3}], match="*").json()
    assert [(rule["id"], rule["amount"]) for rule in changed] == [(made[0]["id"], 3)]
    wrong = organizer.send("put", url, [{"kind": "days_before", "amount": 2}], match="*")
    assert wrong.json()["errors"][0]["pointer"] == "/0/at_time"


def test_a_changed_consent_text_is_a_new_version(organizer, meeting):
    body = {"title": "обработку данных", "text": "Иначе."}

    response = organizer.send("post", f"meetings/{meeting.slug}/consents/", body)

    assert response.status_code == 201
    assert [each["version"] for each in response.json()] == [2]
    assert ConsentDocument.objects.count() == 2


def test_a_higher_limit_seats_those_who_wait(organizer, owner):
    meeting = coming(owner=owner, seat_limit=1)
    factories.make_registration(meeting=meeting)
    waiting = factories.make_registration(meeting=meeting, status=Status.WAITLISTED)
    url = f"meetings/{meeting.slug}/seat-limits/"

    said = organizer.send("patch", url, {"seat_limit": 2}).json()

    waiting.refresh_from_db()
    assert said == {
        "seat_limit": 2, "taken": 2, "over": 0, "held": 0, "waiting": 0, "free": 0, "limits": [],
    }  # fmt: skip
    assert waiting.status == Status.CONFIRMED
    refused = organizer.send("patch", url, {"seat_limit": 1})
    assert (refused.status_code, refused.json()["taken"]) == (409, 2)
    assert organizer.send("patch", url, {}).status_code == 422
    assert organizer.send("patch", url, {"seat_limit": None}).json()["free"] is None


def test_a_narrow_limit_is_set_read_and_removed(organizer, owner):
    meeting = coming(owner=owner, seat_limit=10)
    url = f"meetings/{meeting.slug}/seat-limits/"
    wish = {"seat_limit": 3, "reserve": 2, "reserved_until": meeting.starts_at.isoformat()}

    late = wish | {"reserved_until": "9999-12-31T23:59:59Z"}
    never = organizer.send("put", f"{url}region/RU-KLU/", late)
    assert never.json()["errors"][0]["pointer"] == "/reserved_until"

    made = organizer.send("put", f"{url}region/RU-KLU/", wish)

    assert made.status_code == 200
    [row] = organizer.send("get", url).json()["limits"]
    assert row == made.json()
    assert (row["scope"], row["code"], row["free"], row["shows_left"]) == (
        "region", "RU-KLU", 3, False,
    )  # fmt: skip
    assert organizer.send("get", url).json()["held"] == 2
    refused = organizer.send("put", f"{url}region/RU-KGD/", wish | {"reserve": 9})
    assert refused.json()["code"] == "nothing_to_keep"
    assert organizer.send("put", f"{url}region/RU-XX/", wish).status_code == 404
    assert organizer.send("put", f"{url}planet/earth/", wish).status_code == 404
    for _ in range(2):
        assert organizer.send("delete", f"{url}region/RU-KLU/").status_code == 204
    assert organizer.send("get", url).json()["limits"] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_limits_costs_the_same(organizer, owner, rows, django_assert_num_queries):
    meeting = coming(owner=owner, seat_limit=10)
    url = f"meetings/{meeting.slug}/seat-limits/"
    for code in ("RU-KLU", "RU-KGD", "RU-PRI")[:rows]:
        organizer.send("put", f"{url}region/{code}/", {"seat_limit": 3})

    with django_assert_num_queries(3):  # token, meeting with its counter, limits
        answer = organizer.send("get", url)

    assert len(answer.json()["limits"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_a_rehearsal_names_who_is_next_and_keeps_nothing(
    organizer, owner, rows, django_assert_num_queries
):
    meeting = coming(owner=owner, seat_limit=0, waiting_policy="missing_regions")
    klu = meeting.region_set.regions.get(code="RU-KLU")
    people = [
        factories.make_registration(meeting=meeting, status=Status.WAITLISTED, region=klu)
        for _ in range(rows)
    ]
    url = f"meetings/{meeting.slug}/waiting-list/"

    with django_assert_num_queries(REHEARSED[rows]):
        found = organizer.send("get", f"{url}?seats={rows}").json()

    assert [one["number"] for one in found] == [person.number for person in people]
    assert found[0]["region"] == "RU-KLU"
    assert [one["place"] for one in found] == list(range(1, rows + 1))
    assert Registration.objects.waitlisted().filter(meeting=meeting).count() == rows
    assert Message.objects.count() == 0


@pytest.mark.parametrize("seats", ["0", "26", "x"])
def test_a_rehearsal_of_no_number_is_refused(organizer, meeting, seats):
    assert (
        organizer.send("get", f"meetings/{meeting.slug}/waiting-list/?seats={seats}").status_code
        == 422
    )


def test_links_are_issued_renewed_and_revoked(organizer, meeting):
    url = f"meetings/{meeting.slug}/access-links/"

    issued = organizer.send("post", url, {"purpose": "desk", "label": "Вход"})
    assert issued.status_code == 201, issued.content
    link = issued.json()
    assert link["number"] == 1
    unnamed = organizer.send("post", url, {"purpose": "desk"}).json()
    assert unnamed["label"] == "Стойка 2"
    assert link["url"].startswith("http://testserver/c/")

    renewed = organizer.send("post", f"{url}{link['id']}/renew/").json()
    assert renewed["url"] != link["url"]

    revoked = organizer.send("post", f"{url}{link['id']}/revoke/").json()
    assert revoked["url"] is None
    assert revoked["revoked_at"]
    assert AccessLink.objects.count() == 2


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_links_costs_the_same(organizer, meeting, rows, django_assert_num_queries):
    for _ in range(rows):
        organizer.send("post", f"meetings/{meeting.slug}/access-links/", {"purpose": "desk"})

    with django_assert_num_queries(3):
        said = organizer.send("get", f"meetings/{meeting.slug}/access-links/").json()
    assert len(said["results"]) == rows


def test_a_list_of_regions_of_ones_own(organizer, stranger):
    body = {"name": "Свои", "text": "Тула\nКалуга", "time_zone": "Europe/Moscow"}

    made = organizer.send("post", "region-sets/", body)

    assert made.status_code == 201, made.content
    assert [region["code"] for region in made.json()["regions"]] == ["TULA", "KALUGA"]
    mine = organizer.send("get", "region-sets/").json()["results"]
    assert [each["name"] for each in mine] == ["Регионы России", "Свои"]
    assert stranger.send("get", f"region-sets/{made.json()['id']}/").status_code == 404
    assert len(stranger.send("get", "region-sets/").json()["results"]) == 1


def test_a_pasted_list_points_to_the_line(organizer):
    body = {"name": "Свои", "text": "Тула\nТула", "time_zone": "Europe/Moscow"}

    response = organizer.send("post", "region-sets/", body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/text"
    assert "Line 2" in response.json()["errors"][0]["detail"]


def test_messages_tell_what_became_of_a_mail(organizer, anyone, meeting):
    url = f"meetings/{meeting.slug}/registrations/"
    number = anyone.send("post", url, application()).json()["number"]
    other = factories.make_registration(meeting=meeting)

    said = organizer.send("get", f"meetings/{meeting.slug}/messages/").json()["results"]

    assert [(each["kind"], each["state"]) for each in said] == [("confirmed", "queued")]
    assert said[0]["recipient"] == "petr@example.org"
    assert "snapshot" not in said[0]
    mine = organizer.send("get", f"meetings/{meeting.slug}/messages/?registration={number}")
    assert len(mine.json()["results"]) == 1
    others = f"meetings/{meeting.slug}/messages/?registration={other.number}"
    assert organizer.send("get", others).json()["results"] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_messages_costs_the_same(
    organizer, anyone, owner, rows, django_assert_num_queries
):
    meeting = coming(owner=owner, seat_limit=9)
    for name in ["Анна", "Пётр", "Илья"][:rows]:
        body = application(given_name=name, consents=[])
        anyone.send("post", f"meetings/{meeting.slug}/registrations/", body)

    with django_assert_num_queries(3):
        said = organizer.send("get", f"meetings/{meeting.slug}/messages/").json()
    assert len(said["results"]) == rows


def test_resend_writes_a_message_of_its_own(organizer, anyone, meeting):
    anyone.send("post", f"meetings/{meeting.slug}/registrations/", application())
    message = Message.objects.get()
    Message.objects.update(state=State.FAILED)

    url = f"meetings/{meeting.slug}/messages/{message.pk}/resend/"
    response = organizer.send("post", url, {"to": "right@example.org"})

    assert response.json()["recipient"] == "right@example.org"
    assert Message.objects.count() == 2


# --- my registration ---------------------------------------------------------------


@pytest.fixture
def mine(anyone, meeting):
    registration = factories.make_registration(meeting=meeting)
    anyone.credentials(HTTP_AUTHORIZATION=f"Link {links.token(registration)}")
    return registration


def test_my_registration_tells_me_all_about_me(anyone, mine):
    response = anyone.send("get", "my-registration/")

    said = response.json()
    assert (said["number"], said["status"], said["email"]) == (mine.number, "confirmed", mine.email)
    assert said["may_change"] is True
    assert response["ETag"] == f'"{mine.version}"'


@pytest.mark.parametrize("token", ["", "x", "x" * 32, "Ё", "\x00"])
def test_an_unknown_link_opens_nothing(anyone, mine, token):
    anyone.credentials(HTTP_AUTHORIZATION=f"Link {token}".encode().decode("latin-1"))

    response = anyone.send("get", "my-registration/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Link realm="my-registration"'
    assert response["Content-Type"] == "application/problem+json"


def test_an_organizers_token_is_no_link(organizer):
    assert organizer.send("get", "my-registration/").status_code == 401


def test_i_change_what_i_wrote(anyone, mine):
    assert anyone.send("patch", "my-registration/", {"position": "Юрист"}).status_code == 428
    changed = anyone.send("patch", "my-registration/", {"position": "Юрист"}, match=mine.version)
    assert changed.json()["position"] == "Юрист"
    stale = anyone.send("patch", "my-registration/", {"position": "Я"}, match=mine.version)
    assert (stale.status_code, stale.json()["current"]["position"]) == (412, "Юрист")


def test_i_cannot_change_category_or_status(anyone, mine):
    body = {"category": "ministry", "status": "declined", "email": "x@example.org"}

    said = anyone.send("patch", "my-registration/", body, match=mine.version).json()

    assert (said["category"], said["status"], said["email"]) == ("member", "confirmed", mine.email)


def test_i_cancel_restore_correct_and_erase(anyone, mine):
    assert anyone.send("post", "my-registration/cancel/").json()["status"] == "cancelled"
    assert anyone.send("post", "my-registration/cancel/").json()["status"] == "cancelled"
    assert anyone.send("post", "my-registration/restore/").json()["status"] == "confirmed"
    address = anyone.send("post", "my-registration/address/", {"email": "new@example.org"})
    assert address.json()["email"] == "new@example.org"
    assert anyone.send("get", "my-registration/").status_code == 401
    token = address.json()["manage_url"].rstrip("/").rpartition("/")[2]
    anyone.credentials(HTTP_AUTHORIZATION=f"Link {token}")
    assert anyone.send("post", "my-registration/erase/").status_code == 204
    mine.refresh_from_db()
    assert mine.erased_at
    assert mine.email == ""


@pytest.mark.parametrize("accept", ["text/calendar", "*/*", "application/json"])
def test_my_calendar_file(anyone, mine, accept):
    response = anyone.send("get", "my-registration/calendar/", Accept=accept)

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/calendar")
    assert b"BEGIN:VEVENT" in response.content
