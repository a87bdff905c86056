from datetime import UTC, datetime, timedelta

import pytest

from notifications import api_replies
from notifications.replies import Verdict

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "text", "verdict", "reason"),
    [
        (200, "<html>", Verdict.UNCERTAIN, "connection_broke"),
        (302, "", Verdict.RELAY, "relay_refuses_us"),
        (400, "'to' parameter is not a valid address", Verdict.FAILED, "mailbox_unknown"),
        (400, "Invalid address: Anna@Example.org", Verdict.FAILED, "mailbox_unknown"),
        (400, "'from' parameter is not a valid address", Verdict.STUMBLED, "relay_refuses_us"),
        (422, "The 'From' address is not a Sender Signature", Verdict.STUMBLED, "relay_refuses_us"),
        (400, "Sender domain example.org is not verified", Verdict.STUMBLED, "relay_refuses_us"),
        (400, "the attachment is odd", Verdict.FAILED, "refused"),
        (401, "", Verdict.RELAY, "relay_refuses_us"),
        (403, "", Verdict.RELAY, "relay_refuses_us"),
        (404, "Domain not found", Verdict.RELAY, "relay_refuses_us"),
        (408, "", Verdict.UNCERTAIN, "connection_broke"),
        (413, "", Verdict.FAILED, "too_large"),
        (429, "", Verdict.RELAY, "relay_down"),
        (500, "", Verdict.STUMBLED, "relay_down"),
        (502, "", Verdict.STUMBLED, "relay_down"),
        (503, "", Verdict.RELAY, "relay_down"),
        (504, "", Verdict.UNCERTAIN, "connection_broke"),
    ],
)
def test_every_status_has_its_meaning(status, text, verdict, reason):
    answer = api_replies.read(status=status, text=text, recipient="anna@example.org")

    assert (answer.verdict, answer.reason, answer.code) == (verdict, reason, status)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("", None),
        ("soon", None),
        ("30", timedelta(seconds=30)),
        ("-5", timedelta(0)),
        ("999999999999999999999", None),
        ("86400", timedelta(hours=1)),
        ("Tue, 20 Jan 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Tue, 20 Jan 2026 11:00:00 GMT", timedelta(0)),
    ],
)
def test_retry_after_in_both_forms(said, asked):
    assert api_replies.patience(said, now=NOON) == asked
