"""
Reading what other mail servers write when a mail cannot be delivered.

The form is RFC 3464, and the exceptions are many: Exim says 5.0.0 for everything, older servers
write prose only. What counts is our own Message-ID in what they return; nobody else knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Mail
from uuid import UUID

from notifications.models import Fate

_ID = re.compile(
    rb"Message-ID:\s*<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
# What servers say in words that say nothing in numbers.
_NOBODY = re.compile(
    r"user (is )?unknown|unknown user|no such (user|mailbox|recipient|person)|user not found"
    r"|(mailbox|address|recipient|account) (is )?(unavailable|unknown|not found|invalid"
    r"|does(n't| not) exist)|invalid (mailbox|recipient)|does not exist|unrouteable address"
    r"|not our customer",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Report:
    """What became of one of our mails. `is_hard`: there is no such mailbox."""

    message_id: UUID
    fate: str
    reason: str
    is_hard: bool
    code: int | None
    reply: str


def read(content: bytes) -> Report | None:
    """The report in a mail; None where it is something else, or not about a mail of ours."""
    # As deep as a returned mail of ours is; the rest is not looked at.
    mail = message_from_bytes(content)
    known = _ID.search(content, _end_of_headers(content))
    if known is None:
        return None
    message_id = UUID(known.group(1).decode("ascii"))
    for part in mail.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return _formal(message_id, list(_blocks(part)))
    if mail.get("X-Failed-Recipients") or _is_prose(mail):
        return _prose(message_id, mail)
    return None


def _formal(message_id: UUID, blocks: list[Mail]) -> Report | None:
    """What the fields of RFC 3464 say; the first recipient that they are about."""
    for block in blocks:
        action = _plain(block.get("Action", "")).lower()
        if action in ("delivered", "relayed"):
            return Report(message_id, Fate.DELIVERED, "", False, None, "")
        if action == "failed":
            diagnosis = _plain(block.get("Diagnostic-Code", ""))
            return failed(message_id, _plain(block.get("Status", "")), diagnosis)
    return None  # delayed: they go on trying


def _prose(message_id: UUID, mail: Mail) -> Report | None:
    text = ""
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            break
    # What stands before our own mail.
    words = _plain(re.split(r"(?im)^(?:-{3,}.*|return-path:.*|received:.*)$", text, maxsplit=1)[0])
    code = _CODE.search(words)
    start = max(0, code.start() - 20) if code else 0
    return failed(message_id, "", words[start:][:500])


def failed(message_id: UUID, status: str, diagnosis: str) -> Report:
    """What a failure means, by its status (RFC 3463) and the words of the last server."""
    said = _STATUS.search(diagnosis)
    own = _STATUS.fullmatch(status)
    # X.0.0 says nothing: what the last server said is in the diagnosis.
    best = own if own and own.group(2) != "0" else said or own
    number = _CODE.search(diagnosis)
    code = int(number.group(1)) if number else None
    subject, detail = (best.group(2), best.group(3)) if best else ("0", "0")
    vague = subject == "0"
    is_hard = (
        subject == "1"
        or (subject, detail) in {("4", "4"), ("4", "310")}
        or (vague and (bool(_NOBODY.search(diagnosis)) or (said is None and code in (551, 553))))
        # Some say 5.2.1, 5.5.0 or 5.7.1 and mean it all the same.
        or (subject in ("2", "5", "7") and detail != "2" and bool(_NOBODY.search(diagnosis)))
    )
    is_full = (subject, detail) == ("2", "2") or (not is_hard and code in (452, 552))
    reason = "mailbox_unknown" if is_hard else "mailbox_full" if is_full else "refused"
    reply = diagnosis or status
    return Report(message_id, Fate.BOUNCED, reason, is_hard, code, reply[:2000])


def _blocks(part: Mail) -> Iterator[Mail]:
    """The groups of fields of a delivery status: the first is about the mail, then one a person."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Mail))


def _is_prose(mail: Mail) -> bool:
    """A bounce without form: from nobody, and by its sender's name or subject."""
    sender = _plain(mail.get("From", "")).lower()
    nobody = _plain(mail.get("Return-Path", "<>")) == "<>"
    subject = _plain(mail.get("Subject", "")).lower()
    return (
        nobody
        and bool(re.search(r"mailer-daemon|postmaster|mail delivery", sender))
        and bool(re.search(r"fail|undeliver|return|не доставлен|недоставлен", subject))
    )


def _plain(text: object) -> str:
    """A header or prose in one line, encoded words read."""
    try:
        read = str(make_header(decode_header(str(text))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        read = str(text)
    return " ".join(read.split())


def _end_of_headers(content: bytes) -> int:
    """Our Message-ID counts in what is returned, not as that of the report."""
    found = re.search(rb"\r?\n\r?\n", content)
    return found.end() if found else len(content)
