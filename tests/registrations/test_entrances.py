"""
A line is a line, whichever door it came through: form, API, pasted list, file, back office.

What holds a line break or a control character is refused or stored without; so no mail is
poisoned, and none has a header that nobody meant.
"""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts import bearer
from notifications import composing
from notifications.models import Message, State
from registrations import form_stamp, tasks
from registrations.delegations import keys
from registrations.models import Announcement, AnnouncementFile, Registration
from tests.factories import category, make_consent, make_delegation, make_meeting, make_user
from tests.registrations.test_injection import ALL_BREAKS, HEADERS, read_headers

pytestmark = pytest.mark.django_db
BREAKS = ALL_BREAKS.split("|")
# Between letters alone: what forbids ":" and "@" in a name shall not answer for the breaks.
EVIL = "Иван" + "Иван".join(BREAKS[:-1]) + "Иван"
HEADER = "Иван\r\nBcc: victim@example.org"
LINES = ("title", "name", "subject", "organization", "position", "phone", "venue", "address",
         "label", "room", "recipient", "email", "sender_name", "reply_to")  # fmt: skip
CONTROL = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u2028", "\u2029"}


def stored():
    """Every text of our tables that is meant as a line."""
    for house in ("events", "registrations", "notifications"):
        for model in apps.get_app_config(house).get_models():
            fields = [
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, models.CharField) and any(word in field.name for word in LINES)
            ]
            for row in model.objects.values("pk", *fields):
                del row["pk"]
                for field, value in row.items():
                    yield f"{model.__name__}.{field}", value or ""


def assert_nothing_came_in():
    broken = {field for field, value in stored() if CONTROL & set(value)}
    assert broken == set()
    for message in Message.objects.exclude(state=State.DROPPED):
        assert set(read_headers(composing.compose(message, timezone.now()))) <= HEADERS


@pytest.fixture
def meeting(monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    at = timezone.now()
    made = make_meeting(
        slug="parks", owner=make_user(), seat_limit=None, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip
    make_consent(made)
    return made


@pytest.fixture
def office(meeting):
    client = Client()
    client.force_login(meeting.owners.get())
    return client


@pytest.fixture
def program(meeting):
    """A program of the organizer's: `program(method, path, body)`."""
    _token, key = bearer.issue(user=meeting.owners.get(), label="tests", at=timezone.now())

    def send(method, path, body, **headers):
        return getattr(Client(), method)(
            f"/api/v1/{path}", body, content_type="application/json",
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
            | headers,
        )  # fmt: skip

    return send


TYPED = pytest.mark.parametrize("typed", [EVIL, HEADER], ids=["breaks", "header"])


@TYPED
def test_the_form(client, meeting, typed):
    consent = meeting.consent_documents.get().pk
    good = {
        "who": "other", "family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
        "organization": typed, "position": typed, "region": "RU-KLU", "phone": "",
        "category": str(category(meeting).pk), f"consent_{consent}": "on",
        "submitted_by_name": typed, "submitted_by_email": "s@example.org",
    }  # fmt: skip
    for field in (None, "family_name", "given_name", "patronymic", "email", "submitted_by_email"):
        answer = client.post(
            "/m/parks/register/",
            good | {"key": uuid.uuid4().hex} | ({field: typed} if field else {}),
        )
        assert answer.status_code in (303, 409, 422)
        assert answer.status_code != 303 or "email" not in (field or "")

    assert Registration.objects.exists()
    assert_nothing_came_in()


@TYPED
def test_the_api(client, meeting, typed):
    good = {
        "family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
        "organization": typed.replace("\x00", ""), "position": "Директор", "region": "RU-KLU",
        "category": "member", "consents": ["processing"],
    }  # fmt: skip
    for field in (None, "family_name", "patronymic", "latin_name", "email", "phone", "position"):
        answer = client.post(
            "/api/v1/meetings/parks/registrations/",
            good | ({field: typed} if field else {}),
            content_type="application/json",
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        assert answer.status_code in (201, 409, 422), answer.json()

    assert Registration.objects.exists()
    assert_nothing_came_in()


@TYPED
def test_lists_pasted_by_a_head_and_by_the_organizer(client, office, meeting, typed):
    head = keys.token(make_delegation(meeting, quota=20))
    row = f"Котов Пётр\t{typed}\tДиректор\tp@example.org"
    for step in ("check", "add"):
        client.post(f"/d/{head}/paste/", {"rows": row, "step": step, "agreed": "1"})
        office.post("/manage/parks/delegations/paste/", {"rows": f"{typed}\t5\th@example.org"})
        office.post("/manage/parks/invitations/paste/", {"rows": f"{typed}\ti@example.org"})
    client.post(
        f"/d/{head}/add/",
        {"name": "Котова Анна", "organization": typed, "position": typed,
         "email": "a@example.org", "agreed": "1"},
    )  # fmt: skip

    assert Registration.objects.exists()
    assert_nothing_came_in()


@TYPED
@pytest.mark.parametrize("quote", ['"', ""])
def test_a_file_of_people(office, meeting, typed, quote):
    table = f"ФИО;Организация;E-mail\nКотов Пётр;{quote}{typed}{quote};p@example.org\n"
    file = SimpleUploadedFile(f"list{typed}.csv".replace("\x00", ""), table.encode())
    terms = {"category": "member", "language": "ru", "skips_review": "on", "is_told": "on"}
    chosen = {f"all-{field}": value for field, value in terms.items()} | {"step": "check"}
    answer = office.post("/manage/parks/participants/import/", terms | {"file": file})
    if answer.status_code == 303:
        office.post(answer.url, chosen | {"column": ["name", "organization", "email"]})
        tasks.bring_tables()
        office.post(answer.url, {"step": "import"})
        tasks.bring_tables()

    assert_nothing_came_in()


@TYPED
def test_the_back_office(office, program, meeting, typed):
    office.post(
        "/manage/parks/participants/new/",
        {"family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
         "organization": typed, "position": typed, "category": str(category(meeting).pk),
         "language": "ru", "region": "RU-KLU"},
    )  # fmt: skip
    no_nul = typed.replace("\x00", "")
    lines = ("title", "title_alt", "venue", "venue_alt", "address", "contact_name")
    answer = program(
        "patch", "meetings/parks/", dict.fromkeys(lines, no_nul) | {
            "hosts": [{"name": no_nul, "name_alt": no_nul}], "arrival_note": no_nul,
            "contact_phone": no_nul[:30], "short_title": no_nul[:38],
        }, **{"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.json()
    for wrong in ("contact_email", "map_url", "online_url"):
        answer = program("patch", "meetings/parks/", {wrong: no_nul}, **{"If-Match": "*"})
        assert answer.status_code == 422
    made = program(
        "post", "meetings/",
        {"title": no_nul, "starts_at": meeting.starts_at.isoformat(), "venue": no_nul,
         "ends_at": meeting.ends_at.isoformat(), "time_zone": "Europe/Moscow"},
    )  # fmt: skip
    assert made.status_code == 201, made.json()
    starts = meeting.starts_at.isoformat(), (meeting.starts_at + timedelta(hours=1)).isoformat()
    for path, body in [
        ("sessions/", {"title": no_nul, "room": no_nul, "speakers": [no_nul],
                       "starts_at": starts[0], "ends_at": starts[1]}),
        ("delegations/", {"name": no_nul, "head_name": no_nul, "head_email": "h@example.org",
                          "quota": 2, "category": "member"}),
        ("invitations/", {"name": no_nul, "email": "i@example.org", "category": "member",
                          "organization": no_nul, "position": no_nul}),
        ("access-codes/", {"label": no_nul, "code": "PRESS2026", "category": "press"}),
    ]:  # fmt: skip
        answer = program("post", f"meetings/parks/{path}", body)
        assert answer.status_code in (201, 422), (path, answer.content)

    assert_nothing_came_in()


@TYPED
def test_the_words_of_mails_and_the_files_of_messages(office, program, meeting, typed):
    no_nul = typed.replace("\x00", "")
    answer = program(
        "put", "meetings/parks/mail-texts/confirmed/ru/", {"subject": no_nul, "paragraphs": no_nul},
        **{"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.json()
    made = program(
        "post", "meetings/parks/announcements/",
        {"words": {"ru": {"subject": no_nul, "paragraphs": no_nul}}},
    )  # fmt: skip
    assert made.status_code in (201, 422)
    office.post(
        "/manage/parks/participants/new/",
        {"family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
         "organization": "Парк", "category": str(category(meeting).pk), "language": "ru",
         "region": "RU-KLU"},
    )  # fmt: skip

    assert {len(said["subject"].splitlines()) for one in Announcement.objects.all()
            for said in one.words.values()} <= {1}  # fmt: skip
    assert not AnnouncementFile.objects.exists()
    assert_nothing_came_in()


def test_what_was_looked_at_is_what_is_there(meeting):
    make_delegation(meeting)
    watched = {field for field, _value in stored()}

    assert {"Meeting.title", "Meeting.contact_name", "Host.name", "Delegation.head_name"} <= watched
