"""
A line is a line, whichever door it came through: form, API, pasted list, file, back office.

What holds a line break or a control character is refused or stored without; so no mail is
poisoned, and none has a header that nobody meant.
"""

import email
import email.policy
import uuid
from datetime import timedelta
from functools import partial
from urllib.parse import quote

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
from registrations.models import (
    AnnouncementFile,
    Delegation,
    Invitation,
    Registration,
)
from tests.factories import (
    category,
    make_consent,
    make_delegation,
    make_meeting,
    make_registration,
    make_user,
)
from tests.registrations.test_injection import ALL_BREAKS, HEADERS, read_headers

pytestmark = pytest.mark.django_db
BREAKS = ALL_BREAKS.split("|")
# Between letters alone: what forbids ":" and "@" in a name shall not answer for the breaks.
EVIL = "Иван" + "Иван".join(BREAKS[:-1]) + "Иван"
BREAKING = EVIL.replace("\x00", "")
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

    def send(method, path, body, content_type="application/json", **headers):
        return getattr(Client(), method)(
            f"/api/v1/{path}", body, content_type=content_type,
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
            | headers,
        )  # fmt: skip

    return send


def multipart(name, *, raw=False):
    """A file under a name that a browser would not send: breaks encoded, or as they are."""
    said = f'filename="{name}"' if raw else f"filename*=UTF-8''{quote(name)}"
    return (
        f'--XX\r\nContent-Disposition: form-data; name="file"; {said}\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF-1.7\n...\r\n--XX--\r\n"
    ).encode()


TYPED = pytest.mark.parametrize("typed", [EVIL, BREAKING, HEADER], ids=["nul", "breaks", "header"])
QUOTED = pytest.mark.parametrize("mark", ['"', ""], ids=["quoted", "bare"])
# What the clients of programs may say at all: PostgreSQL and JSON know no NUL.
SAID = pytest.mark.parametrize("typed", [BREAKING, HEADER], ids=["breaks", "header"])


@TYPED
@pytest.mark.parametrize(
    "field",
    ["", "family_name", "given_name", "patronymic", "email", "phone", "submitted_by_name",
     "submitted_by_email"],
)  # fmt: skip
def test_the_form(client, meeting, typed, field):
    consent = meeting.consent_documents.get().pk
    good = {
        "who": "other", "family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
        "organization": "Парк", "position": "Директор", "region": "RU-KLU", "phone": "",
        "category": str(category(meeting).pk), f"consent_{consent}": "on",
        "submitted_by_name": "Ольга", "submitted_by_email": "s@example.org",
        "key": uuid.uuid4().hex,
    }  # fmt: skip
    lines = {field: typed} if field else {"organization": typed, "position": typed}
    answer = client.post("/m/parks/register/", good | lines)

    is_name = field in ("family_name", "given_name", "patronymic")
    refused = "email" in field or (is_name and typed != BREAKING)
    # Too long; NUL is refused by Django itself, but where we clean first.
    refused |= field == "phone" and typed != HEADER
    assert answer.status_code == (422 if refused else 303)
    if refused:
        assert set(answer.context["form"].errors) == {field}
    else:
        assert Registration.objects.exists()
    assert_nothing_came_in()


@TYPED
@pytest.mark.parametrize(
    "field",
    ["organization", "position", "family_name", "patronymic", "latin_name", "email", "phone"],
)
def test_the_api(client, meeting, typed, field):
    good = {
        "family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
        "organization": "Парк", "position": "Директор", "region": "RU-KLU",
        "category": "member", "consents": ["processing"],
    }  # fmt: skip
    answer = client.post(
        "/api/v1/meetings/parks/registrations/",
        good | {field: typed},
        content_type="application/json",
        headers={"Idempotency-Key": uuid.uuid4().hex},
    )

    is_name = field in ("family_name", "patronymic")
    refused = field == "email" or (is_name and typed == HEADER)
    refused |= field == "phone" and typed != HEADER  # too long
    assert answer.status_code == (422 if refused else 201), answer.json()
    assert Registration.objects.exists() is not refused
    assert_nothing_came_in()


@TYPED
@QUOTED
def test_rows_pasted_by_a_head(client, meeting, typed, mark):
    delegation = make_delegation(meeting, quota=20)
    cell = f"{mark}{typed}{mark}"
    row = f"ФИО\tОрганизация\tДолжность\tE-mail\nКотов Пётр\t{cell}\t{cell}\tp@example.org"
    answer = client.post(
        f"/d/{keys.token(delegation)}/paste/", {"rows": row, "save": "1", "agreed": "1"}
    )

    # A bare break is the end of a row: what follows it is nobody.
    assert answer.status_code == (303 if mark else 200)
    assert Registration.objects.count() == bool(mark)
    if mark:
        assert "Иван" in Registration.objects.get().organization
    assert_nothing_came_in()


@TYPED
def test_whom_a_head_adds(client, meeting, typed):
    delegation = make_delegation(meeting, quota=20)
    answer = client.post(
        f"/d/{keys.token(delegation)}/add/",
        {"family_name": "Котова", "given_name": "Анна", "organization": typed, "position": typed,
         "email": "a@example.org", "agreed": "1"},
    )  # fmt: skip

    assert answer.status_code == 303
    assert_nothing_came_in()


@TYPED
@QUOTED
def test_lists_pasted_by_the_organizer(office, meeting, typed, mark):
    cell = f"{mark}{typed}{mark}"
    answer = office.post(
        "/manage/parks/delegations/paste/",
        {"rows": f"Делегация\tГлава\tE-mail\tКвота\n{cell}\t{cell}\th@example.org\t5",
         "category": "member", "quota": "2", "save": "1"},
    )  # fmt: skip
    invited = office.post(
        "/manage/parks/invitations/paste/",
        {"rows": f"ФИО\tОрганизация\tE-mail\nКотов Пётр\t{cell}\ti@example.org",
         "category": "member", "language": "ru", "binds_email": "on", "send": "1"},
    )  # fmt: skip

    assert (answer.status_code, invited.status_code) == ((303, 303) if mark else (200, 200))
    assert (Delegation.objects.count(), Invitation.objects.count()) == ((1, 1) if mark else (0, 0))
    assert_nothing_came_in()


@TYPED
@QUOTED
def test_a_file_of_people(office, meeting, typed, mark):
    table = f"ФИО;Организация;E-mail\nКотов Пётр;{mark}{typed}{mark};p@example.org\n"
    file = SimpleUploadedFile(f"list{typed}.csv", table.encode())
    terms = {"category": "member", "language": "ru", "skips_review": "on", "is_told": "on"}
    chosen = {f"all-{field}": value for field, value in terms.items()} | {"step": "check"}
    answer = office.post("/manage/parks/participants/import/", terms | {"file": file})

    if "\x00" in typed:
        assert answer.status_code == 422  # that is no table
    else:
        assert answer.status_code == 303
        columns = ["name", "organization", "email"]
        assert office.post(answer.url, chosen | {"column": columns}).status_code == 303
        tasks.bring_tables()
        assert office.post(answer.url, {"step": "import"}).status_code == 303
        tasks.bring_tables()
        # A bare break ends a row: of the rest, there may be people with nothing but a name.
        assert Registration.objects.filter(email="p@example.org").exists() is bool(mark)
        assert Registration.objects.exists()
    assert_nothing_came_in()


@TYPED
@pytest.mark.parametrize("field", ["organization", "position", "family_name", "email"])
def test_whom_the_organizer_adds(office, meeting, typed, field):
    good = {
        "family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
        "organization": "Парк", "position": "Директор", "category": "member",
        "language": "ru", "region": "RU-KLU", "attendance_mode": "in_person",
    }  # fmt: skip
    answer = office.post("/manage/parks/participants/new/", good | {field: typed})

    refused = field == "email" or (field == "family_name" and typed != BREAKING)
    assert answer.status_code == (422 if refused else 303)
    assert Registration.objects.exists() is not refused
    assert_nothing_came_in()


@SAID
def test_the_meeting_itself(program, meeting, typed):
    lines = ("title", "title_alt", "venue", "venue_alt", "address", "contact_name")
    answer = program(
        "patch", "meetings/parks/", dict.fromkeys(lines, typed) | {
            "hosts": [{"name": typed, "name_alt": typed}], "arrival_note": typed,
            "contact_phone": typed[:30], "short_title": typed[:38],
        }, **{"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.json()
    for wrong in ("contact_email", "map_url", "online_url"):
        answer = program("patch", "meetings/parks/", {wrong: typed}, **{"If-Match": "*"})
        assert answer.status_code == 422
    made = program(
        "post", "meetings/",
        {"title": typed, "starts_at": meeting.starts_at.isoformat(), "venue": typed,
         "ends_at": meeting.ends_at.isoformat(), "time_zone": "Europe/Moscow"},
    )  # fmt: skip
    assert made.status_code == 201, made.json()
    assert_nothing_came_in()


@SAID
@pytest.mark.parametrize("path", ["sessions", "delegations", "invitations", "access-codes"])
def test_what_belongs_to_a_meeting(program, meeting, typed, path):
    bodies = {
        "sessions": {
            "title": typed, "room": typed, "speakers": [typed],
            "starts_at": meeting.starts_at.isoformat(),
            "ends_at": (meeting.starts_at + timedelta(hours=1)).isoformat(),
        },
        "delegations": {
            "name": typed, "head_name": typed, "head_email": "h@example.org", "quota": 2,
            "category": "member",
        },
        "invitations": {"invitations": [{
            "name": "Котов Пётр", "email": "i@example.org", "category": "member",
            "organization": typed, "position": typed,
        }]},
        "access-codes": {"label": typed, "code": "PRESS2026", "category": "press"},
    }  # fmt: skip
    answer = program("post", f"meetings/parks/{path}/", bodies[path])
    assert answer.status_code == 201, (path, answer.content.decode())
    assert_nothing_came_in()


@SAID
def test_a_name_on_an_invitation_is_a_name(program, meeting, typed):
    answer = program(
        "post", "meetings/parks/invitations/",
        {"invitations": [{"name": typed, "email": "i@example.org", "category": "member"}]},
    )  # fmt: skip
    assert answer.status_code == (422 if typed == HEADER else 201)
    assert_nothing_came_in()


@TYPED
def test_the_words_that_people_agree_to(office, meeting, typed):
    answer = office.post(
        "/manage/parks/edit/consent/",
        {"title": typed, "text": "Согласен.", "title_alt": typed, "text_alt": "I agree."},
    )

    assert answer.status_code == (422 if typed == EVIL else 303)
    if typed != EVIL:
        assert "Иван" in meeting.consent_documents.current().get().title
    assert_nothing_came_in()


@SAID
def test_the_words_that_people_agree_to_through_the_api(program, meeting, typed):
    answer = program(
        "post", "meetings/parks/consents/",
        {"kind": "processing", "title": typed, "text": f"Согласен. {typed}"},
    )  # fmt: skip
    assert answer.status_code == 201
    assert "Иван" in meeting.consent_documents.current().get().title
    assert_nothing_came_in()


@SAID
def test_the_words_of_mails(office, program, meeting, typed):
    answer = program(
        "put", "meetings/parks/mail-texts/confirmed/ru/", {"subject": typed, "paragraphs": typed},
        **{"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.json()
    added = office.post(
        "/manage/parks/participants/new/",
        {"family_name": "Котов", "given_name": "Пётр", "email": "p@example.org",
         "organization": "Парк", "category": "member", "language": "ru", "region": "RU-KLU",
         "attendance_mode": "in_person"},
    )  # fmt: skip
    assert added.status_code == 303
    # Compared with the headers that a mail has: the subject is the organizer's.
    assert Message.objects.get().kind == "confirmed"
    assert_nothing_came_in()


@TYPED
def test_the_files_and_words_of_a_message_to_many(office, program, meeting, typed):
    no_nul = typed.replace("\x00", "")
    make_registration(meeting=meeting)
    made = program(
        "post", "meetings/parks/announcements/",
        {"words": {"ru": {"subject": no_nul, "paragraphs": no_nul}}},
    )  # fmt: skip
    assert made.status_code == 201, made.json()
    path = f"announcements/{made.json()['uid']}"
    form = "multipart/form-data; boundary=XX"
    doors = (
        partial(office.post, f"/manage/parks/messages/{path}/files/", content_type=form),
        partial(program, "post", f"meetings/parks/{path}/files/", content_type=form),
    )
    # A break ends the header, and with it the name: that is no PDF any more.
    refused = [door(multipart(f"карта{typed}.pdf", raw=True)).status_code for door in doors]
    assert refused == [303, 422]
    assert not AnnouncementFile.objects.exists()
    accepted = [door(multipart(f"{n}{typed}.pdf")).status_code for n, door in enumerate(doors)]
    assert accepted == [303, 201]
    assert AnnouncementFile.objects.count() == 2
    assert_nothing_came_in()
    stored = AnnouncementFile.objects.values_list("name", flat=True)
    assert not any("/" in name or CONTROL & set(name) for name in stored)

    sent = program("post", f"meetings/parks/{path}/send/", {}, **{"If-Match": "*"})
    assert sent.status_code == 202, sent.content
    tasks.write_announcements()
    letter = Message.objects.get(kind="announcement")
    assert_nothing_came_in()
    mail = email.message_from_bytes(
        composing.compose(letter, timezone.now()), policy=email.policy.default
    )
    names = {part.get_filename() for part in mail.walk()} - {None}
    assert len(names) == 2
    assert not any(CONTROL & set(name) for name in names)


def test_what_was_looked_at_is_what_is_there(meeting):
    make_delegation(meeting)
    watched = {field for field, _value in stored()}

    assert {"Meeting.title", "Meeting.contact_name", "Host.name", "Delegation.head_name"} <= watched
