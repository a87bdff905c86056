"""
From words to the bytes on the wire (RFC 5322, 2045–2047, 2231, 8058).

Made by hand, since every part is base64: Python's generator spends four times as long on
looking for lines to fold. Each header value goes through one of three functions below, and
none of them lets a line break through.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from notifications.enclosures import Enclosure
from notifications.rendering import Rendered

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f-\x9f]+@[^\s<>()\[\],;:\\\"@]+")


class UnusableAddress(ValueError):
    """An address that cannot stand in a header or an SMTP command."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What stands on the outside of a letter."""

    message_id: UUID
    domain: str
    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    reply_to: str
    language: str
    thread: str
    unsubscribe_url: str
    date: datetime


def address(text: str) -> str:
    """
    An address for headers and commands; a domain in other letters becomes Punycode.

    :raises UnusableAddress: it holds what an address cannot, or its local part is not ASCII
    """
    if not _ADDRESS.fullmatch(text):
        raise UnusableAddress("not an address")
    local, _, domain = text.rpartition("@")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise UnusableAddress("not deliverable without SMTPUTF8") from error


def words(text: str) -> str:
    """Unstructured text for a header: as it is, or as encoded words of at most 75 characters."""
    text = _clean(text)
    return "\r\n ".join(_encoded_words(text)) if _needs_encoding(text) else text


def phrase(text: str) -> str:
    """A display name for an address header: plain, quoted or encoded."""
    text = _clean(text)
    if _needs_encoding(text):
        return words(text)
    if _PLAIN_ATOM.fullmatch(text):
        return text
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def mailbox(name: str, at: str) -> str:
    """A name and an address, as From, To and Reply-To want them."""
    return f"{phrase(name)}\r\n <{address(at)}>" if _clean(name) else address(at)


def thread_id(thread: str, domain: str) -> str:
    """The Message-ID of the letter that never was, under which a thread stands together."""
    return f"<{uuid5(NAMESPACE_URL, thread)}.thread@{domain}>"


def build(envelope: Envelope, rendered: Rendered) -> bytes:
    """
    The whole message, CRLF lines, pure ASCII; no line begins with a dot.

    :raises UnusableAddress: an address that cannot be written
    """
    headers = [
        f"From: {mailbox(envelope.sender_name, envelope.sender)}",
        f"To: {mailbox(envelope.recipient_name, envelope.recipient)}",
        f"Subject: {words(rendered.subject)}",
        f"Date: {format_datetime(envelope.date)}",
        f"Message-ID: <{envelope.message_id}@{envelope.domain}>",
        f"Content-Language: {words(envelope.language)}",
        # RFC 3834: nobody's holiday should answer us; Exchange has a word of its own for it.
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
    ]
    if envelope.reply_to:
        headers.append(f"Reply-To: {mailbox('', envelope.reply_to)}")
    if envelope.thread:
        root = thread_id(envelope.thread, envelope.domain)
        headers += [f"In-Reply-To: {root}", f"References: {root}"]
    if envelope.unsubscribe_url:
        url = quote(_clean(envelope.unsubscribe_url), safe=":/?#[]@!$&'()*+,;=%-._~")
        headers += [
            f"List-Unsubscribe: <{url}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    body = _body(rendered, seed=envelope.message_id)
    return ("\r\n".join(headers) + "\r\n" + body).encode("ascii")


def _body(rendered: Rendered, *, seed: UUID) -> str:
    pictures = [e for e in rendered.enclosures if e.inline_id]
    attached = [e for e in rendered.enclosures if not e.inline_id]
    html = _part("text/html; charset=utf-8", rendered.html.encode())
    if pictures:
        html = _multipart(
            "related", [html, *map(_picture, pictures)], seed=seed, more='; type="text/html"'
        )
    alternatives = [_part("text/plain; charset=utf-8", rendered.text.encode()), html]
    alternatives += [_part(_content_type(e), e.content) for e in attached if e.is_calendar]
    body = _multipart("alternative", alternatives, seed=seed)
    if attached:
        body = _multipart("mixed", [body, *map(_attachment, attached)], seed=seed)
    return body


def _part(content_type: str, content: bytes, *headers: str) -> str:
    lines = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *headers]
    encoded = base64.encodebytes(content).decode("ascii").replace("\n", "\r\n")
    return "\r\n".join(lines) + "\r\n\r\n" + encoded


def _multipart(subtype: str, parts: list[str], *, seed: UUID, more: str = "") -> str:
    # Base64 holds no "=_": the boundary cannot occur in a part.
    boundary = f"=_{subtype}_{seed.hex}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{more}\r\n\r\n'
    return head + "".join(f"--{boundary}\r\n{part}" for part in parts) + f"--{boundary}--\r\n"


def _content_type(enclosure: Enclosure) -> str:
    # RFC 6047 2.4: a calendar says its charset, for mail programs that assume ASCII.
    said = {"charset": "UTF-8"} if enclosure.is_calendar else {}
    params = "".join(f"; {_token(k)}={_token(v)}" for k, v in (said | {**enclosure.params}).items())
    return f"{enclosure.content_type}{params}"


def _picture(picture: Enclosure) -> str:
    return _part(
        f'{_content_type(picture)}; name="{_token(picture.filename)}"',
        picture.content,
        f"Content-ID: <{_token(picture.inline_id)}>",
        f'Content-Disposition: inline; filename="{_token(picture.filename)}"',
    )


def _attachment(file: Enclosure) -> str:
    # The alternative is the invitation; under its own type this copy would be a second one.
    kind = "application/ics" if file.is_calendar else _content_type(file)
    name = _clean(file.filename)
    plain = _token(name)
    # RFC 2231, and not both forms: some readers would take the plain one.
    said = f'filename="{plain}"' if plain == name else f"filename*=utf-8''{quote(name, safe='')}"
    return _part(
        f'{kind}; name="{plain}"', file.content, f"Content-Disposition: attachment; {said}"
    )


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _needs_encoding(text: str) -> bool:
    # Long text too: encoded words can be folded anywhere, other text only at its spaces.
    return not text.isascii() or len(text) > 60 or "=?" in text


def _token(text: str) -> str:
    """What needs no quoting: our own file names and parameters, minus any surprise."""
    return re.sub(r"[^A-Za-z0-9._@+-]", "_", text)


def _encoded_words(text: str) -> list[str]:
    """RFC 2047: base64 of whole characters, each word at most 75 characters long."""
    chunks, chunk = [], b""
    for character in text:
        raw = character.encode("utf-8", "replace")
        # 45 bytes become 60 characters; with "=?utf-8?b?" and "?=" that is 72.
        if len(chunk) + len(raw) > 45:
            chunks.append(chunk)
            chunk = b""
        chunk += raw
    chunks.append(chunk)
    return [f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in chunks]
