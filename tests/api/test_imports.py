"""Tables of people through the API: accepted, followed, started, taken as a file."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registrations import tasks
from registrations.models import ImportRun, Registration
from tests.api.conftest import coming
from tests.registrations.test_import_files import workbook
from tests.registrations.test_import_runs import letters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, seat_limit=None)


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/imports/"


def send(client, url, rows, **fields):
    file = SimpleUploadedFile("list.xlsx", workbook(rows))
    return client.post(
        f"/api/v1/{url}", {"file": file} | fields, format="multipart",
        headers={"Accept-Language": "en"},
    )  # fmt: skip


ROWS = [["Ли Ян", "li@example.org"], ["Ким Ен", "kim"]]


def test_a_file_is_followed_from_202_to_its_result(organizer, url):
    accepted = send(organizer, url, [["ФИО", "E-mail"], *ROWS])

    body = accepted.json()
    assert (accepted.status_code, body["state"], body["total"]) == (202, "checking", 2)
    assert (body["columns"], body["result_url"]) == (["name", "email"], "")
    one = f"{url}{body['id']}/"
    tasks.bring_tables()
    checked = organizer.send("get", one).json()
    assert (checked["state"], checked["ready"], checked["wrong"]) == ("checked", 1, 1)
    assert [error["row"] for error in checked["errors"]] == [2]
    assert "mistyped" in checked["errors"][0]["detail"]
    assert organizer.send("post", f"{one}start/").status_code == 202
    assert organizer.send("post", f"{one}start/").status_code == 202
    tasks.bring_tables()
    done = organizer.send("get", one).json()
    assert (done["state"], done["added"], done["percent"]) == ("done", 1, 100)
    assert Registration.objects.get().email == "li@example.org"
    result = organizer.post(done["result_url"])
    book = openpyxl.load_workbook(io.BytesIO(b"".join(result.streaming_content)))
    assert book.active["D2"].value == Registration.objects.get().number
    refused = organizer.send("post", f"{one}cancel/")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_moved_on")


def test_columns_and_terms_can_be_said(organizer, url, meeting):
    said = {"columns": "email,,name", "category": "guest", "language": "en", "is_told": "false"}
    rows = [["li@example.org", "x", "Ли Ян"]]

    assert send(organizer, url, rows, **said).status_code == 202

    run = ImportRun.objects.get()
    assert run.mapping == ["email", "", "name"]
    assert run.terms == {
        "category": "guest", "language": "en", "skips_review": True, "is_told": False,
    }  # fmt: skip


@pytest.mark.parametrize("columns", ["email", "email,email,name", "email,shoe,name"])
def test_columns_that_cannot_be_are_refused(organizer, url, columns):
    answer = send(organizer, url, [["li@example.org", "x", "Ли Ян"]], columns=columns)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
    assert answer.json()["errors"][0]["pointer"].endswith("columns")


def test_what_is_no_table_is_refused_by_name(organizer, url):
    file = SimpleUploadedFile("x.xlsx", b"PK\x03\x04 torn")

    answer = organizer.post(f"/api/v1/{url}", {"file": file}, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (422, "file_not_read")
    large = SimpleUploadedFile("x.csv", b"x" * 5_000_001)
    answer = organizer.post(f"/api/v1/{url}", {"file": large}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (422, "file_not_read")
    huge = SimpleUploadedFile("x.csv", b"x" * 26_000_000)
    answer = organizer.post(f"/api/v1/{url}", {"file": huge}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_more_than_two_hundred_people_are_accepted_as_a_table(organizer, url, meeting):
    people = [
        {"family_name": f"Иванов{letters(n)}", "given_name": "Пётр", "region": "RU-KLU",
         "category": "guest"}
        for n in range(201)
    ]  # fmt: skip

    accepted = organizer.send("post", url, {"people": people})

    assert accepted.status_code == 202
    tasks.bring_tables()
    organizer.send("post", f"{url}{accepted.json()['id']}/start/")
    tasks.bring_tables()
    found = Registration.objects.values_list("region__code", "category__code", "source")
    assert list(found) == [("RU-KLU", "guest", "import")] * 201
    people[0]["attendance_mode"] = "online"
    refused = organizer.send("post", url, {"people": people})
    assert refused.status_code == 422
    assert "attendance_mode" in refused.json()["errors"][0]["detail"]


def test_a_stranger_finds_no_import(organizer, stranger, anyone, url):
    one = f"{url}{send(organizer, url, ROWS).json()['id']}/"
    tasks.bring_tables()
    result = f"/api/v1/{one}result.xlsx"

    for who, status in ((stranger, 404), (anyone, 401)):
        assert who.send("get", one).status_code == status
        assert who.send("get", url).status_code == status
        assert who.send("post", f"{one}start/").status_code == status
        assert who.send("post", f"{one}cancel/").status_code == status
        assert who.post(result).status_code == status
        assert send(who, url, ROWS).status_code == status
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_however_long(
    organizer, url, count, django_assert_num_queries
):
    for n in range(count):
        send(organizer, url, [[f"Ким{letters(n)} Ен", "kim@example.org"]])

    with django_assert_num_queries(3):
        listed = organizer.send("get", url)

    assert [one["errors"] for one in listed.json()["results"]] == [[]] * count
