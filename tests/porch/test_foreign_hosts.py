"""Whatever host a request names: the links in mails lead to the configured address, or nowhere."""

import io
import json
import re
import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import composing
from notifications.models import Message
from registrations import form_stamp
from registrations.invitations import keys
from tests.factories import category, make_invitation, make_meeting, make_user

pytestmark = pytest.mark.django_db
EVIL = "evil.test"
FOREIGN = [
    {"HTTP_HOST": EVIL},
    {"HTTP_HOST": f"{EVIL}:80"},
    {"HTTP_HOST": f"testserver.{EVIL}"},
    {"HTTP_HOST": f"testserver@{EVIL}"},
    {"HTTP_HOST": f"testserver:80@{EVIL}"},
    {"HTTP_HOST": f"testserver:{EVIL}"},
    {"HTTP_HOST": f"testserver:80#{EVIL}"},
    {"HTTP_HOST": f"testserver/{EVIL}"},
    {"HTTP_HOST": f"testserver {EVIL}"},
    {"HTTP_HOST": f"testserver,{EVIL}"},
    {"HTTP_HOST": f"{EVIL}\r\nX: y"},
    {"HTTP_HOST": ""},
    {"SERVER_NAME": EVIL},
    {"HTTP_X_FORWARDED_HOST": EVIL},
    {"HTTP_X_FORWARDED_HOST": f"testserver, {EVIL}"},
    {"HTTP_X_FORWARDED_SERVER": EVIL},
    {"HTTP_X_HOST": EVIL},
    {"HTTP_X_ORIGINAL_HOST": EVIL},
    {"HTTP_FORWARDED": f"host={EVIL};proto=http"},
    {"HTTP_X_FORWARDED_PORT": "666"},
    {"HTTP_X_FORWARDED_PROTO": f"javascript://{EVIL}"},
    {"HTTP_ORIGIN": f"http://{EVIL}", "HTTP_REFERER": f"http://{EVIL}/"},
]
HOSTS = pytest.mark.parametrize("host", FOREIGN, ids=lambda host: ascii(host)[:60])


@pytest.fixture
def meeting(monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    cache.clear()  # the sign-in counts who forgets his password
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(email="olga@example.org"), seat_limit=None,
        starts_at=at + timedelta(days=20), ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


def assert_ours(answer):
    """400, or an answer that leads nowhere else; and so does all that was written."""
    assert answer.status_code < 500
    assert EVIL not in answer.headers.get("Location", "")
    for message in Message.objects.all():
        assert EVIL not in json.dumps(message.snapshot)
        assert EVIL.encode() not in composing.compose(message, timezone.now())
        for link in re.findall(r"https?://[^/\"]+", json.dumps(message.snapshot)):
            assert link in ("http://testserver", "https://map.example.org")
    for sent in mail.outbox:
        assert EVIL not in sent.body + str(sent.message())
        assert set(re.findall(r"https?://[^/\s]+", sent.body)) <= {"http://testserver"}


@HOSTS
def test_the_links_of_all_mails_lead_to_us(meeting, host):
    invited = make_invitation(meeting)
    client = Client()
    person = {
        "who": "self", "key": uuid.uuid4().hex, "family_name": "Котов", "given_name": "Пётр",
        "email": "p@example.org", "organization": "Парк", "position": "Директор",
        "region": "RU-KLU", "category": str(category(meeting).pk),
    }  # fmt: skip
    answers = [
        client.post(reverse("account_reset_password"), {"email": "olga@example.org"}, **host),
        client.post("/m/parks/register/", person, **host),
        client.post("/m/parks/find/", {"email": "p@example.org"}, **host),
        client.post(f"/i/{keys.token(invited)}/link/", **host),
        client.get("/m/parks/", **host),
        client.get("/m/parks.ics", **host),
    ]

    for answer in answers:
        assert_ours(answer)
        assert EVIL not in answer.content.decode().replace("testserver", "")
    refused = {answer.status_code for answer in answers} == {400}
    assert refused or Message.objects.exists()
    assert refused or len(mail.outbox) == 1


@pytest.mark.parametrize("line", [f"http://{EVIL}/m/parks/", f"//{EVIL}/m/parks/", f"/\\{EVIL}/m/"])
def test_an_absolute_address_in_the_request_line_names_no_host(meeting, line):
    begun = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": line, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "testserver", "SERVER_PORT": "80", "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "REMOTE_ADDR": "10.0.0.1",
    }  # fmt: skip

    answer = WSGIHandler()(environ, lambda status, headers: begun.append((status, dict(headers))))
    list(answer)
    answer.close()

    status, headers = begun[0]
    assert int(status.split()[0]) < 500
    location = headers.get("Location", "")
    assert not re.match(rf"(https?:)?[/\\]{{2}}{EVIL}", location)
