"""What a mail provider reports: proven or refused, once, in any order, in its own form."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import outbox
from notifications.models import Message, State, Suppression

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "signing-key"
URL = "/hooks/mail/mailgun/"


@pytest.fixture(autouse=True)
def mailgun(settings):
    settings.EMAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "yavka:secret", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    settings.MAIL_DOMAIN = "example.org"


@pytest.fixture
def message():
    with transaction.atomic():
        outbox.enqueue(
            key="one", kind="trial", to="anna@example.net", language="en",
            template="notifications/trial", snapshot={"site": "x"},
            subjects=["meeting:1", "registration:1"],
        )  # fmt: skip
    Message.objects.update(state=State.SENT, sent_at=timezone.now())
    return Message.objects.get()


def report(message, event, *, key=KEY, at=None, message_id=None, **data):
    stamp, token = str(int(at or time.time())), "t" * 50
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    facts = {
        "event": event, "timestamp": float(stamp), "id": "x", "recipient": "anna@example.net",
        "message": {"headers": {"message-id": f"{message_id or message.message_id}@example.org"}},
    }  # fmt: skip
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": facts | data,
    }


FAILED = {
    "severity": "permanent", "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 The email account does not exist."},
}  # fmt: skip


def post(client, body, *, auth="yavka:secret", url=URL):
    headers = {"Authorization": "Basic " + b64encode(auth.encode()).decode()} if auth else {}
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(url, content, content_type="application/json", headers=headers).status_code


def seen(message):
    message.refresh_from_db()
    return (message.state, message.reason, message.fate)


def test_a_bounce_is_believed_and_the_address_suppressed(client, message):
    assert post(client, report(message, "failed", **FAILED)) == 200

    assert seen(message) == ("failed", "mailbox_unknown", "bounced")
    assert Suppression.objects.get().reply == "5.1.1 The email account does not exist."


def test_the_same_a_hundred_times_has_one_effect_and_is_quick(client, message):
    body = report(message, "failed", **FAILED)
    post(client, body)
    began = time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        assert {post(client, body) for _ in range(99)} == {200}
    each = (time.monotonic() - began) / 99

    assert (message.tries.count(), Suppression.objects.count()) == (1, 1)
    assert len(queries) / 99 <= 4
    assert each < 0.05


@pytest.mark.parametrize("order", list(permutations(["delivered", "failed", "complained"])))
def test_in_any_order_the_gravest_stays(client, message, order):
    for event in order:
        assert post(client, report(message, event, **(FAILED if event == "failed" else {}))) == 200

    assert seen(message)[2] == "complained"
    assert Suppression.objects.count() == 1


def test_what_is_old_or_temporary_or_not_ours_changes_nothing(client, message):
    known = message.message_id
    assert post(client, report(message, "failed", severity="temporary")) == 200
    assert post(client, report(message, "opened")) == 200
    unknown = "00000000-0000-4000-8000-000000000000"
    assert post(client, report(message, "failed", message_id=unknown, **FAILED)) == 200

    assert (seen(message), message.message_id) == (("sent", "", ""), known)
    # An old one is as good as a new one: it says what happened, and says it once.
    assert post(client, report(message, "failed", at=1_500_000_000, **FAILED)) == 200
    assert seen(message)[0] == "failed"


@pytest.mark.parametrize(
    ("key", "auth"),
    [("wrong", "yavka:secret"), (KEY, "yavka:wrong"), (KEY, ""), ("wrong", "")],
)
def test_what_is_forged_is_refused_and_harmless(client, message, key, auth, caplog):
    assert post(client, report(message, "failed", key=key, **FAILED), auth=auth) == 401

    assert seen(message) == ("sent", "", "")
    assert "was not believed" in caplog.text


@pytest.mark.parametrize("junk", ["", "{", "[]", "null", '{"signature": 1}', b"\xff\xfe"])
def test_junk_is_refused(client, message, junk):
    assert post(client, junk) == 401
    assert seen(message) == ("sent", "", "")


def test_what_is_proven_and_makes_no_sense_is_said_so(client, message):
    body = report(message, "failed")
    del body["event-data"]
    assert post(client, body) == 400


def test_five_megabytes_are_refused_unread(client, message):
    began = time.monotonic()
    assert post(client, b"x" * 5_000_000) == 413
    assert time.monotonic() - began < 1


def test_another_provider_or_none_or_no_secret_is_not_there(client, message, settings):
    body = report(message, "failed", **FAILED)
    assert post(client, body, url="/hooks/mail/postmark/") == 404
    assert post(client, body, url="/hooks/mail/amazon_ses/") == 404
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    assert post(client, body) == 404
    settings.EMAIL_PROVIDER = ""
    assert post(client, body) == 404


def test_providers_look_first(client):
    assert client.get(URL).status_code == 200
    assert client.head(URL).status_code == 200


def test_the_form_of_unisender_go_is_understood(client, message, settings):
    settings.EMAIL_PROVIDER = "unisender_go"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "yavka:secret", "UNISENDER_GO_API_KEY": "api"}
    events = [
        {
            "event_name": "transactional_email_status",
            "event_data": {
                "job_id": "1tExAM-0001Ab-2C", "status": "hard_bounced", "email": "anna@example.net",
                "event_time": "2026-11-24 07:00:02",
                "metadata": {"message": f"{message.message_id}@example.org"},
                "delivery_info": {
                    "delivery_status": "err_user_unknown",
                    "destination_response": "550 5.1.1 user unknown",
                },
            },
        }
    ]  # fmt: skip
    body = {"auth": "AUTH", "events_by_user": [{"user_id": 1, "events": events}]}
    signed = json.dumps(body).replace("AUTH", "api")
    content = json.dumps(body).replace("AUTH", hashlib.md5(signed.encode()).hexdigest())

    assert post(client, content, url="/hooks/mail/unisender_go/") == 200
    assert seen(message) == ("failed", "mailbox_unknown", "bounced")
