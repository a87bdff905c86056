"""Delegations and invitations from a file through the API: all rows, or none."""

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registrations.models import Delegation, Invitation
from tests.api.conftest import coming
from tests.factories import make_delegation, make_invitation
from tests.registrations.test_import_files import text, workbook

pytestmark = pytest.mark.django_db(transaction=True)

HEADS = "meetings/parks/delegations/from-file/"
GUESTS = "meetings/parks/invitations/from-file/"
BOTH = pytest.mark.parametrize("url", [HEADS, GUESTS])
ROWS = {
    HEADS: [["Квота", "Регион", "Почта"],
            [12.0, "Калужская обл.", "kotova@example.org"],
            [None, "Союз парков", "li@example.org"]],
    GUESTS: [["E-mail", "ФИО", "Регион"],
             ["petrova@example.org", "Петрова Анна Сергеевна", "Калужская обл."],
             ["oneil@example.org", "О'Нил Шон", None]],
}  # fmt: skip
WRONG = {HEADS: ["много", "Приморье", "нет@"], GUESTS: ["нет@", "Ли Ян", "Атлантида"]}


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, slug="parks")


def send(client, url, rows, *, content=None, **fields):
    content = workbook(rows) if content is None else content
    file = SimpleUploadedFile("list.xlsx", content)
    return client.post(
        f"/api/v1/{url}", {"file": file} | fields, format="multipart",
        headers={"Accept-Language": "en"},
    )  # fmt: skip


def saved():
    return Delegation.objects.count() + Invitation.objects.count()


def test_delegations_are_opened_from_a_file(organizer, meeting):
    closes_at = (meeting.starts_at - timedelta(days=3)).isoformat()
    said = {"quota": "3", "closes_at": closes_at, "category": "guest", "skips_review": "true",
            "language": "en"}  # fmt: skip

    answer = send(organizer, HEADS, ROWS[HEADS], **said)

    assert answer.status_code == 201, answer.content
    kaluga, union = answer.json()
    assert (kaluga["name"], kaluga["region"], kaluga["quota"]) == (
        "Калужская область", "RU-KLU", 12,
    )  # fmt: skip
    assert (union["region"], union["quota"], union["head_email"]) == (None, 3, "li@example.org")
    for one in (kaluga, union):
        assert (one["category"], one["skips_review"], one["language"]) == ("guest", True, "en")
        assert datetime.fromisoformat(one["closes_at"]) == datetime.fromisoformat(closes_at)
        assert "/d/" in one["head_url"]
    assert organizer.send("get", "meetings/parks/delegations/").json()["results"] == [
        kaluga, union,
    ]  # fmt: skip


def test_people_are_invited_from_a_file(organizer, meeting):
    content = text([[cell or "" for cell in row] for row in ROWS[GUESTS]]).encode("cp1251")
    said = {"category": "guest", "language": "en", "allows_substitute": "true"}

    answer = send(organizer, GUESTS, [], content=content, **said)

    assert answer.status_code == 201, answer.content
    anna, oneil = answer.json()
    assert (anna["name"], anna["email"], anna["region"]) == (
        "Петрова Анна Сергеевна", "petrova@example.org", "RU-KLU",
    )  # fmt: skip
    assert (oneil["name"], oneil["region"]) == ("О'Нил Шон", None)
    for one in (anna, oneil):
        assert (one["category"], one["language"], one["reply"]) == ("guest", "en", "unsent")
        assert (one["binds_email"], one["skips_review"], one["allows_substitute"]) == (
            True, False, True,
        )  # fmt: skip


@BOTH
def test_what_is_left_out_is_as_usual(organizer, meeting, url):
    made = send(organizer, url, ROWS[url]).json()

    assert [(one["category"], one["language"]) for one in made] == [("member", "ru")] * 2


@BOTH
def test_one_wrong_row_is_named_and_nothing_saved(organizer, meeting, url):
    refused = send(organizer, url, [*ROWS[url], WRONG[url], ROWS[url][1]])

    body = refused.json()
    assert (refused.status_code, body["code"], body["wrong"]) == (422, "rows_not_accepted", 2)
    assert body["detail"] == "2 rows have errors. Nothing was saved."
    assert [one["row"] for one in body["rows"]] == [3, 4]
    assert body["rows"][1]["detail"] == "The same as row 1."
    assert saved() == 0


def test_what_is_there_already_is_named(organizer, meeting):
    make_delegation(meeting, name="Союз парков", region=None)
    make_invitation(meeting, name="О'Нил Шон", email="oneil@example.org")

    assert send(organizer, HEADS, ROWS[HEADS]).json()["rows"] == [
        {"row": 2, "detail": "There is a delegation “Союз парков” already."}
    ]
    assert send(organizer, GUESTS, ROWS[GUESTS]).json()["rows"] == [
        {"row": 2, "detail": "Has an open invitation already."}
    ]
    assert saved() == 2


@BOTH
def test_a_trial_says_what_would_be_and_saves_nothing(organizer, meeting, url):
    trial = send(organizer, url, [*ROWS[url], WRONG[url]], is_trial="true")

    body = trial.json()
    columns = {HEADS: ["quota", "region", "head_email"], GUESTS: ["email", "name", "region"]}
    assert (trial.status_code, body["columns"]) == (200, columns[url])
    assert (body["total"], body["wrong"], len(body["errors"])) == (3, 1, 1)
    assert body["errors"][0]["row"] == 3
    assert saved() == 0
    fine = send(organizer, url, ROWS[url], is_trial="true").json()
    assert (fine["wrong"], fine["errors"]) == (0, [])
    assert saved() == 0


def test_columns_can_be_said(organizer, meeting):
    rows = [["Минпром", "Союз парков", "Ли Ян", "7"]]

    made = send(organizer, HEADS, rows, columns=",name,head_name,quota").json()
    invited = send(organizer, GUESTS, [["x", "li@example.org"]], columns="organization,email")

    assert (made[0]["name"], made[0]["head_name"], made[0]["quota"]) == (
        "Союз парков", "Ли Ян", 7,
    )  # fmt: skip
    assert invited.json()[0]["organization"] == "x"


@BOTH
@pytest.mark.parametrize("columns", ["region", "region,region,name", "region,shoe,name"])
def test_columns_that_cannot_be_are_refused(organizer, meeting, url, columns):
    answer = send(organizer, url, ROWS[url], columns=columns)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
    assert answer.json()["errors"][0]["pointer"].endswith("columns")


@BOTH
@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"PK\x03\x04 torn", "file_not_read", 422),
        (b"\xd0\xcf\x11\xe0 a password", "file_not_read", 422),
        (b";;\n;;\n", "file_not_read", 422),
        (b"x" * 5_000_001, "file_not_read", 422),
        (b"x" * 26_000_000, "too_large", 413),
        (b"", "validation", 422),
    ],
    ids=["torn", "password", "no rows", "large", "huge", "empty"],
)
def test_what_is_no_table_is_refused_by_name(organizer, meeting, url, content, code, status):
    answer = send(organizer, url, [], content=content)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@BOTH
def test_a_thousand_rows_are_the_most(organizer, meeting, url):
    rows = [[f"p{n}@example.org" for n in range(1001)]]
    content = "\n".join(rows[0]).encode()

    answer = send(organizer, url, [], content=content)

    assert (answer.status_code, answer.json()["code"]) == (422, "file_not_read")
    assert "more than 1000 rows" in answer.json()["detail"]


@BOTH
def test_only_a_file_is_taken_there(organizer, meeting, url):
    answer = organizer.send("post", url, {"rows": []})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    nothing = organizer.post(f"/api/v1/{url}", {"quota": "1"}, format="multipart")
    assert nothing.json()["errors"][0]["pointer"] == "/file"


@BOTH
def test_a_stranger_is_answered_before_the_file_is_read(stranger, anyone, meeting, url):
    huge = b"x" * 30_000_000

    assert send(stranger, url, [], content=huge).status_code == 404
    assert send(anyone, url, [], content=huge).status_code == 401


@BOTH
def test_the_answer_costs_the_same_number_of_queries_for_one_row_and_thirty(
    organizer, meeting, url, django_assert_num_queries
):
    for count in (1, 30):
        rows = [[f"Союз {n}", f"p{n}@example.org"] for n in range(count)]
        if url == GUESTS:
            rows = [[f"p{n}@example.org", "Ли Ян"] for n in range(count)]
        with django_assert_num_queries({HEADS: 18, GUESTS: 14}[url]):
            assert send(organizer, url, rows).status_code == 201
        Delegation.objects.all().delete()
        Invitation.objects.all().delete()


def test_delegations_without_a_head_are_filled_and_their_heads_written_to(organizer, meeting):
    organizer.send("post", "meetings/parks/delegations/for-regions/", {"quota": 3})
    before = {one.region.code: one for one in Delegation.objects.select_related("region")}

    trial = send(organizer, HEADS, ROWS[HEADS], is_trial="true").json()
    answer = send(organizer, HEADS, ROWS[HEADS], asks="true")

    assert trial["rows"] == [
        {"row": 1, "name": "Калужская область", "outcome": "fills"},
        {"row": 2, "name": "Союз парков", "outcome": "opens"},
    ]
    assert answer.status_code == 201, answer.content
    kaluga, union = answer.json()
    assert (kaluga["uid"], kaluga["head_email"], kaluga["quota"], kaluga["version"]) == (
        str(before["RU-KLU"].uid), "kotova@example.org", 12, 2,
    )  # fmt: skip
    assert union["asked_at"] == kaluga["asked_at"] is not None
    assert Delegation.objects.count() == len(before) + 1
    again = send(organizer, HEADS, ROWS[HEADS][:2])
    assert again.json()["rows"] == [
        {"row": 1, "detail": "There is a delegation “Калужская область” already."}
    ]


def test_filling_costs_the_same_number_of_queries_for_one_row_and_three(
    organizer, meeting, django_assert_num_queries
):
    for count in (1, 3):
        Delegation.objects.all().delete()
        organizer.send("post", "meetings/parks/delegations/for-regions/", {})
        names = Delegation.objects.order_by("pk").values_list("name", flat=True)
        rows = [[name, f"p{n}@example.org"] for n, name in enumerate(names[:count])]
        assert len(rows) == count
        with django_assert_num_queries(19):
            assert send(organizer, HEADS, rows).status_code == 201
