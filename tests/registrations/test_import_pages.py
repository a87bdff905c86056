"""A list of people from a file, as its organizer sees it: step by step, in both languages."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import JournalEntry
from registrations import tasks
from registrations.models import ImportRun, Registration
from registrations.pasting import files
from tests.factories import make_meeting, make_user
from tests.registrations.test_import_files import workbook
from tests.registrations.test_import_runs import letters

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/manage/parks/participants/import/"
TERMS = {"category": "member", "language": "ru", "skips_review": "on", "is_told": "on"}
CHOSEN = {f"all-{field}": value for field, value in TERMS.items()} | {"step": "check"}
TABLE = [
    ["ФИО", "Организация", "E-mail"],
    ["Ёлкин Пётр", "Парк", "e@example.org"],
    ["Ли Ян", "=1+1", "li"],
]


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def office(meeting):
    return signed_in(meeting.owners.get())


def signed_in(user, language="en", **options):
    client = Client(headers={"accept-language": language}, **options)
    client.force_login(user)
    return client


def sheet(rows=TABLE, name="list.csv"):
    if name.endswith("xlsx"):
        return SimpleUploadedFile(name, workbook(rows))
    return SimpleUploadedFile(name, "".join(";".join(row) + "\n" for row in rows).encode())


def sent(office, rows=TABLE, name="list.csv"):
    answer = office.post(PAGE, TERMS | {"file": sheet(rows, name)})
    assert answer.status_code == 303, answer.content.decode()
    return answer.url


def words(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("name", ["Список.csv", "Список.xlsx"])
def test_a_file_is_sent_its_columns_chosen_checked_and_imported(office, meeting, name):
    place = sent(office, name=name)

    looked = words(office.get(place))
    assert f"{name} · 2 rows" in looked
    assert "Which column is what?" in looked
    assert "Ёлкин Пётр" in looked
    office.post(place, CHOSEN | {"column": ["name", "organization", "email"]})
    assert "Waiting for a worker" in words(office.get(f"{place}progress/"))
    tasks.bring_tables()
    found = words(office.get(f"{place}progress/"))
    assert "<b>1</b><span>person will be added</span>" in found
    assert "1 row with an error" in found
    assert "This address is mistyped" in found
    assert not Registration.objects.exists()
    office.post(place, {"step": "import"})
    office.post(place, {"step": "import"})
    tasks.bring_tables()
    done = words(office.get(place))

    assert "<b>1</b><span>person was added</span>" in done
    assert "data-waiting" not in done
    assert Registration.objects.get().family_name == "Ёлкин"
    assert name in words(office.get(PAGE))


def test_the_pages_speak_russian(meeting):
    office = signed_in(meeting.owners.get(), "ru")
    place = sent(office)

    assert "Что в каком столбце?" in words(office.get(place))
    office.post(place, CHOSEN | {"column": ["name", "organization", "email"]})
    tasks.bring_tables()
    found = words(office.get(place))
    assert "1 строка с ошибкой" in found
    assert "Адрес написан с ошибкой" in found
    refused = office.post(PAGE, TERMS | {"file": SimpleUploadedFile("x.pdf", b"%PDF\x00\x01")})
    assert refused.status_code == 422
    assert "не читается как таблица" in words(refused)


def test_more_than_two_hundred_pasted_rows_go_the_same_way(office):
    rows = "\n".join(f"Иванов{letters(n)} Пётр\tПарк" for n in range(201))

    answer = office.post(PAGE, TERMS | {"rows": rows})

    assert "Pasted rows · 201 rows" in words(office.get(answer.url))


def test_columns_can_be_changed_and_the_table_given_up(office):
    place = sent(office)
    office.post(place, CHOSEN | {"column": ["", "name", "email"]})
    tasks.bring_tables()
    office.post(place, {"step": "columns"})
    run = ImportRun.objects.get()
    assert (run.state, run.mapping, run.total) == ("mapping", ["", "name", "email"], 2)

    office.post(place, {"step": "cancel"})

    assert "This import was cancelled" in words(office.get(place))
    late = words(office.post(place, CHOSEN | {"column": ["name", "", ""]}, follow=True))
    assert "the table is “cancelled”" in late
    assert office.post(place, {"step": "nonsense"}).status_code == 404


def test_the_same_table_once_more_is_warned_of(office):
    for step in range(2):
        place = sent(office)
        assert ("The very same table was imported" in words(office.get(place))) == bool(step)
        office.post(place, CHOSEN | {"column": ["name", "organization", "email"]})
        tasks.bring_tables()
        office.post(place, {"step": "import"})
        tasks.bring_tables()

    assert Registration.objects.count() == 1


def test_the_result_has_the_rows_with_what_became_of_each_and_runs_nothing(office):
    place = sent(office)
    office.post(place, CHOSEN | {"column": ["name", "organization", "email"]})
    assert office.post(f"{place}result.csv").status_code == 409
    tasks.bring_tables()
    office.post(place, {"step": "import"})
    tasks.bring_tables()

    as_csv = office.post(f"{place}result.csv")
    as_xlsx = office.post(f"{place}result.xlsx")

    text = b"".join(as_csv.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    number = Registration.objects.get().number
    assert rows[0] == [*TABLE[0], "Result", "Registration number"]
    assert rows[1] == [*TABLE[1], "added: confirmed", number]
    assert rows[2][:3] == ["Ли Ян", "'=1+1", "li"]
    assert rows[2][3].startswith("has an error: E-mail: This address is mistyped.")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(as_xlsx.streaming_content)))
    assert (book.active["B3"].value, book.active["B3"].data_type) == ("=1+1", "s")
    assert JournalEntry.objects.filter(action="import.exported").count() == 2
    assert office.get(f"{place}result.csv").status_code == 302
    assert office.post(f"{place}result.doc").status_code == 404


def test_a_stranger_finds_nothing_and_sends_nothing(office, meeting):
    place = sent(office)
    stranger = signed_in(make_user())

    for address in (place, f"{place}progress/"):
        assert stranger.get(address).status_code == 404
    for address in (place, f"{place}result.csv", PAGE):
        assert (
            stranger.post(address, TERMS | {"step": "import", "file": sheet()}).status_code == 404
        )
    other = make_meeting(slug="other", owner=meeting.owners.get())
    assert office.get(place.replace("parks", other.slug)).status_code == 404
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize(("rows", "queries"), [(1, 6), (3, 6)])
def test_the_list_of_tables_takes_as_many_queries_however_many_there_are(
    office, meeting, rows, queries, django_assert_num_queries
):
    for n in range(rows):
        sent(office, [TABLE[0], [f"Ким{letters(n)} Ен", "Парк", "k@example.org"]])

    with django_assert_num_queries(queries):
        office.get(PAGE)


# --- files at the door -----------------------------------------------------------


def test_a_file_without_the_mark_of_the_form_is_refused(meeting):
    careful = signed_in(meeting.owners.get(), enforce_csrf_checks=True)

    assert careful.post(PAGE, TERMS | {"file": sheet()}).status_code == 403
    assert not ImportRun.objects.exists()
    page = careful.get(PAGE)
    mark = page.context["csrf_token"]
    answer = careful.post(PAGE, TERMS | {"file": sheet(), "csrfmiddlewaretoken": str(mark)})
    assert answer.status_code == 303


def test_a_file_too_large_is_said_to_be_so_and_never_stored(office, monkeypatch):
    monkeypatch.setattr(
        uploadedfile.TemporaryUploadedFile, "__init__", lambda *args: pytest.fail("stored")
    )
    large = SimpleUploadedFile("list.csv", b"x" * (files.MOST_BYTES + 1))
    answer = office.post(PAGE, TERMS | {"file": large})
    assert answer.status_code == 422
    assert "larger than 5 MB" in words(answer)

    huge = SimpleUploadedFile("list.csv", b"x" * (files.MOST_BYTES * 5 + 1))
    assert office.post(PAGE, TERMS | {"file": huge}).status_code == 413


def test_a_visitor_and_a_stranger_are_answered_before_the_file_is_read(meeting):
    huge = {"file": SimpleUploadedFile("list.csv", b"x" * 30_000_000)}

    assert signed_in(make_user()).post(PAGE, huge).status_code == 404
    assert Client().post(PAGE, huge).status_code == 302


def test_other_fields_of_that_page_take_no_file(office):
    answer = office.post(PAGE, TERMS | {"photo": sheet(), "rows": ""})

    assert answer.status_code == 200
    assert answer.wsgi_request.FILES == {}
