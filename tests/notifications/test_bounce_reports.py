"""Reading what other mail servers write, in the forms of those that most people use."""

import random
import uuid

import pytest

from notifications.bounces import mailbox, reports
from tests.notifications.bounced import SAMPLES, sample

NOBODY = ("bounced", "mailbox_unknown", True)


@pytest.mark.parametrize(
    ("name", "expected", "code"),
    [
        ("exim", NOBODY, 550),
        ("postfix", NOBODY, 550),
        ("exchange", NOBODY, 550),
        ("mailru", NOBODY, 550),
        ("yandex", NOBODY, 550),
        ("qmail", NOBODY, None),
        ("full", ("bounced", "mailbox_full", False), 550),
        ("spam", ("bounced", "refused", False), 550),
        ("delivered", ("delivered", "", False), None),
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_what_other_servers_write_is_understood(name, expected, code, line_end):
    message_id = uuid.uuid4()

    report = reports.read(sample(name, message_id).replace(b"\n", line_end))

    assert report is not None
    assert report.message_id == message_id
    assert (report.fate, report.reason, report.is_hard, report.code) == (*expected, code)


@pytest.mark.parametrize("name", ["delayed", "vacation"])
def test_what_says_nothing_final_is_left_alone(name):
    assert reports.read(sample(name, uuid.uuid4())) is None


def test_a_report_about_somebody_elses_mail_is_none():
    content = (SAMPLES / "postfix.eml").read_bytes().replace(b"{id}", b"20261124.1234")
    assert reports.read(content) is None


def test_junk_raises_nothing():
    chance = random.Random(7)
    for name in ("exim", "postfix", "exchange"):
        whole = sample(name, uuid.uuid4())
        for _ in range(200):
            broken = bytearray(whole[: chance.randrange(len(whole))])
            for _ in range(20):
                if broken:
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
            mailbox._read(bytes(broken))
