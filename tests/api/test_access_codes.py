"""Access codes through the API: made by organizers, sent along with a registration."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registrations.models import AccessCode, Registration
from tests.api.conftest import application
from tests.factories import make_access_code

pytestmark = pytest.mark.django_db(transaction=True)
PRESS = {"label": "Журналисты", "code": "press-2026", "category": "press", "limit": 2}


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/access-codes/"


def register(client, meeting, **body):
    return client.send("post", f"meetings/{meeting.slug}/registrations/", application(**body))


def test_an_organizer_makes_a_code_and_visitors_register_with_it(organizer, anyone, meeting, url):
    made = organizer.send("post", url, PRESS)
    booked = register(anyone, meeting, access_code="PRESS 2026")

    assert made.status_code == 201
    assert (made.json()["code"], made.json()["used"]) == ("PRESS2026", 0)
    assert made.json()["url"].endswith(f"/m/{meeting.slug}/register/?code=PRESS2026")
    assert booked.status_code == 201
    person = Registration.objects.get()
    assert (person.category.code, person.source) == ("press", "api")
    shown = organizer.send("get", f"{url}{made.json()['uid']}/")
    listed = organizer.send("get", f"meetings/{meeting.slug}/registrations/")
    assert (shown.json()["used"], shown["ETag"]) == (1, '"1"')
    assert listed.json()["results"][0]["access_code"] == made.json()["uid"]


def test_whoever_came_with_a_code_is_found_by_it(organizer, anyone, meeting):
    press, guests = make_access_code(meeting), make_access_code(meeting, code="GUESTS")
    register(anyone, meeting, access_code=press.code)

    def found(code):
        answer = organizer.send(
            "get", f"meetings/{meeting.slug}/registrations/?access_code={code.uid}"
        )
        return len(answer.json()["results"])

    assert (found(press), found(guests)) == (1, 0)


def test_a_code_that_is_left_out_is_drawn(organizer, url):
    body = {"label": "Пресса", "category": "press"}

    assert len(organizer.send("post", url, body).json()["code"]) == 8


def test_a_used_up_or_wrong_code_registers_nobody(anyone, meeting):
    make_access_code(meeting, limit=0)

    full = register(anyone, meeting, access_code="PRESS2026")
    wrong = register(anyone, meeting, access_code="PRESS2027")

    assert (full.status_code, full.json()["code"], full.json()["limit"]) == (
        409, "code_used_up", 0,
    )  # fmt: skip
    assert (wrong.status_code, wrong.json()["code"]) == (422, "access_code_unknown")
    assert not Registration.objects.exists()


def test_a_code_may_let_in_before_registration_opens(anyone, meeting):
    meeting.registration_opens_at = timezone.now() + timedelta(days=3)
    meeting.save()
    make_access_code(meeting, opens_early=True)

    early = register(anyone, meeting, access_code="PRESS2026")
    without = register(anyone, meeting, email="other@example.org")

    assert (early.status_code, without.status_code) == (201, 409)


def test_a_code_is_changed_with_its_version_and_removed_unused(organizer, anyone, meeting, url):
    path = f"{url}{organizer.send('post', url, PRESS).json()['uid']}/"

    assert organizer.send("patch", path, {"limit": 9}).status_code == 428
    changed = organizer.send("patch", path, {"limit": 9, "is_active": False}, match=1)
    assert (changed.json()["limit"], changed.json()["is_active"]) == (9, False)
    assert changed.json()["code"] == "PRESS2026"
    assert organizer.send("patch", path, {"is_active": True}, match=2).status_code == 200
    register(anyone, meeting, access_code="PRESS2026")
    low = organizer.send("patch", path, {"limit": 0}, match=3)
    used = organizer.send("delete", path)
    assert (low.json()["code"], used.json()["code"]) == ("capacity_full", "access_code_in_use")
    spare = organizer.send("post", url, PRESS | {"code": "SPARE"}).json()["uid"]
    assert organizer.send("delete", f"{url}{spare}/").status_code == 204


def test_a_code_exists_once(organizer, url):
    organizer.send("post", url, PRESS)

    assert organizer.send("post", url, PRESS).json()["code"] == "access_code_exists"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"label": ""}, "/label"),
        ({"code": "abc"}, "/code"),
        ({"code": "=SUM(A1)"}, "/code"),
        ({"code": None}, "/code"),
        ({"category": "king"}, "/category"),
        ({"limit": -1}, "/limit"),
        ({"limit": 10**9}, "/limit"),
        ({"opens_at": "2030-01-02T00:00:00Z", "closes_at": "2030-01-01T00:00:00Z"}, "/closes_at"),
        ({"opens_early": "perhaps"}, "/opens_early"),
    ],
)
def test_what_is_wrong_is_named(organizer, url, wrong, pointer):
    answer = organizer.send("post", url, PRESS | wrong)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not AccessCode.objects.exists()


def test_a_strangers_codes_are_not_found(stranger, anyone, meeting, url):
    code = make_access_code(meeting)

    assert stranger.send("get", url).status_code == 404
    assert stranger.send("delete", f"{url}{code.uid}/").status_code == 404
    assert anyone.send("get", url).status_code == 401


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same(organizer, meeting, url, rows, django_assert_num_queries):
    for row in range(rows):
        make_access_code(meeting, code=f"CODE{row}")
    with django_assert_num_queries(3):  # token, meeting, codes
        assert len(organizer.send("get", url).json()["results"]) == rows
