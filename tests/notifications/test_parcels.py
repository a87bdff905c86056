"""The mail of SMTP and the mail of a provider are one: the same words, files and headers."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from notifications import mime, transport
from notifications.bounces import hearing
from notifications.enclosures import Enclosure
from notifications.rendering import Rendered
from tests.notifications.hosted import Hosted
from tests.notifications.posting import look, post
from tests.notifications.test_provider import KINDS, choose

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Совещание\r\nEND:VCALENDAR\r\n"
ENVELOPE = {
    "message_id": UUID("7f1c5b52-7a4b-4b0e-9a3e-2f8f4a7e6c11"),
    "domain": "example.org", "sender": "meetings@example.org",
    "sender_name": "Союз парков, Казань", "recipient": "anna@example.org",
    "recipient_name": "Анна О’Нил", "reply_to": "office@example.org", "language": "ru",
    "thread": "registration:17", "unsubscribe_url": "https://example.org/u/1/",
    "date": datetime(2026, 1, 20, 9, tzinfo=UTC),
}  # fmt: skip


def content(**enclosed):
    rendered = Rendered(
        subject="Вы зарегистрированы: 24 января, 10:00 мск — «Совещание руководителей парков»",
        text="Здравствуйте!\n.точка в начале\n", html="<html><p>Здравствуйте!</p></html>",
        enclosures=list(enclosed.values()),
    )  # fmt: skip
    return mime.build(mime.Envelope(**ENVELOPE), rendered)


@pytest.fixture(params=KINDS)
def provider(request, settings):
    server = Hosted(request.param)
    choose(settings, server)
    yield server
    server.close()


def handed_over(provider, whole):
    with transport.line() as line:
        line.send(
            sender="meetings@example.org", recipient="anna@example.org", content=whole,
            may_speak=lambda: True,
        )  # fmt: skip
    [(_, facts)] = provider.accepted
    return facts


def test_the_invitation_the_picture_and_the_words_arrive(provider):
    whole = content(
        calendar=Enclosure(
            filename="meeting.ics", content_type="text/calendar", content=CALENDAR.encode(),
            params={"method": "REQUEST"},
        ),
        ticket=Enclosure(
            filename="ticket.png", content_type="image/png", content=b"\x89PNG",
            inline_id="ticket@yavka",
        ),
    )  # fmt: skip

    facts = handed_over(provider, whole)

    assert facts["subject"].startswith("Вы зарегистрированы: 24 января, 10:00 мск — «Совещание")
    assert facts["text"] == "Здравствуйте!\n.точка в начале\n"
    assert facts["html"] == "<html><p>Здравствуйте!</p></html>"
    pictures = [file for file in facts["files"] if "image/png" in file[1]]
    assert [p[2].removeprefix("cid:") for p in pictures] == ["ticket@yavka"]
    [calendar] = [file for file in facts["files"] if "image/png" not in file[1]]
    assert calendar[0] == "meeting.ics"
    if provider.kind == "sendgrid":
        # It takes any alternative, as a mail server does; the copy is a mere file.
        assert calendar[1].startswith("application/ics")
        assert facts["alternatives"] == ["text/calendar; method=REQUEST; charset=UTF-8"]
    else:
        assert calendar[1].startswith('text/calendar; charset="utf-8"; method="REQUEST"')


def test_the_headers_are_those_of_smtp(provider):
    headers = handed_over(provider, content())["headers"]

    assert headers["message-id"] == "<7f1c5b52-7a4b-4b0e-9a3e-2f8f4a7e6c11@example.org>"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["x-auto-response-suppress"] == "All"
    assert headers["list-unsubscribe"] == "<https://example.org/u/1/>"
    assert headers["references"] == mime.thread_id("registration:17", "example.org")


def test_names_survive(provider):
    facts = handed_over(provider, content())
    said = str(facts["said"])

    sender = facts["from"]
    if isinstance(sender, dict):
        assert sender == {"name": "Союз парков, Казань", "email": "meetings@example.org"}
    else:
        assert mime_words(sender) == "Союз парков, Казань"
    assert "office@example.org" in said


def mime_words(text):
    """A display name that a provider's form carries as it is, or as encoded words."""
    from email import message_from_string, policy  # noqa: PLC0415

    parsed = message_from_string(f"From: {text}\n\n", policy=policy.default)
    return parsed["From"].addresses[0].display_name


@pytest.mark.django_db(transaction=True)
def test_a_report_that_knows_only_the_receipt_is_believed(provider):
    message = post("anna", subjects=["meeting:1"])
    look()
    message.refresh_from_db()

    event = hearing.AnymailTrackingEvent(
        event_type=hearing.EventType.BOUNCED, message_id=message.receipt, esp_event={},
        mta_response="550 5.1.1 no such user", reject_reason=hearing.RejectReason.BOUNCED,
    )  # fmt: skip

    assert hearing._believe(event, source=provider.kind) is True
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "mailbox_unknown")


@pytest.mark.django_db(transaction=True)
def test_a_receipt_of_nobody_is_not_believed(provider):
    post("anna")
    for message_id in ("", None, "somebody else's"):
        event = hearing.AnymailTrackingEvent(
            event_type=hearing.EventType.DELIVERED, message_id=message_id, esp_event={}
        )
        assert hearing._believe(event, source=provider.kind) is False
