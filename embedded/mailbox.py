"""
The mailbox of ./run: takes every mail over SMTP, keeps it as a file, shows it to a developer.

Loopback only, and below a secret path: other users of the machine shall not read it. HTML of
mails is shown in a sandbox that runs nothing and fetches nothing from outside.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import email
import email.policy
import hmac
import html
import itertools
import json
import re
import signal
import sys
import threading
import time
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

SHOWN = 200
STYLE = Path(__file__).with_name("mailbox.css")


@dataclass(frozen=True)
class Folder:
    """The mails on the disk: for each a .eml as it came, and a .json of who sent it to whom."""

    path: Path
    counter: itertools.count[int]

    def put(self, content: bytes, *, sender: str, recipients: list[str]) -> None:
        message = _parsed(content)
        # Sorts by arrival, and is nobody else's name.
        name = f"{time.time_ns():020d}-{next(self.counter):06d}"
        about = {
            "id": name,
            "received_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "from": sender,
            "to": recipients,
            "subject": str(message["subject"] or ""),
            "size": len(content),
        }
        (self.path / f"{name}.eml").write_bytes(content)
        # Last: a mail is there when its description is.
        draft = self.path / f"{name}.new"
        draft.write_text(json.dumps(about, ensure_ascii=False))
        draft.rename(self.path / f"{name}.json")

    def newest_first(self, *, to: str = "") -> list[dict[str, Any]]:
        """At most `SHOWN` mails; with `to`, those whose recipients or subject contain it."""
        found: list[dict[str, Any]] = []
        for path in sorted(self.path.glob("*.json"), reverse=True):
            about = json.loads(path.read_text())
            if to.lower() in " ".join([*about["to"], about["subject"]]).lower():
                found.append(about)
            if len(found) == SHOWN:
                break
        return found

    def raw(self, name: str) -> bytes | None:
        path = self.path / f"{name}.eml"
        # The name comes from an address: only what `put` makes may be looked for.
        if not re.fullmatch(r"\d{20}-\d{6}", name) or not path.exists():
            return None
        return path.read_bytes()


class Receiver:
    """What aiosmtpd calls."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        try:
            self.folder.put(
                envelope.content,
                sender=envelope.mail_from or "",
                recipients=list(envelope.rcpt_tos),
            )
        except OSError as error:
            return f"452 4.3.1 {error.strerror}"
        return "250 2.0.0 kept"


class Pages(BaseHTTPRequestHandler):
    """`/SECRET/` list, `messages.json`, `ID` one mail, `ID.html`, `ID.eml`, `ID.json`."""

    folder: Folder
    secret: str
    server_version = "mailbox"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        _, secret, *rest = [unquote(part) for part in url.path.split("/")] + [""]
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        # A page of another site must not reach us under a name of its own.
        if host not in ("127.0.0.1", "localhost") or not hmac.compare_digest(
            secret.encode(), self.secret.encode()
        ):
            return self._answer(404, "text/plain", "Not here.\n")
        to = parse_qs(url.query).get("to", [""])[0]
        name = rest[0] if rest else ""
        if name == "":
            return self._answer(200, "text/html", self._list(to))
        if name == "style.css":
            return self._answer(200, "text/css", STYLE.read_text())
        if name == "messages.json":
            found = self.folder.newest_first(to=to)
            return self._answer(200, "application/json", json.dumps(found, ensure_ascii=False))
        return self._one(*name.partition(".")[::2])

    def _one(self, name: str, form: str) -> None:
        raw = self.folder.raw(name)
        if raw is None:
            return self._answer(404, "text/plain", "No such mail.\n")
        if form == "eml":
            return self._answer(200, "message/rfc822", raw, f'attachment; filename="{name}.eml"')
        message = _parsed(raw)
        if form == "json":
            return self._answer(
                200, "application/json", json.dumps(_described(message), ensure_ascii=False)
            )
        if form == "html":
            return self._answer(200, "text/html", _with_pictures(message), sandboxed=True)
        return self._answer(200, "text/html", _page(name, message))

    def _list(self, to: str) -> str:
        rows = "".join(
            f'<tr><td class="when">{about["received_at"][11:19]}<br>'
            f'<span class="quiet">{about["received_at"][:10]}</span></td>'
            f"<td>{html.escape(', '.join(about['to']))}</td>"
            f'<td class="subject"><a href="{about["id"]}">'
            f"{html.escape(about['subject']) or '(no subject)'}</a></td></tr>"
            for about in self.folder.newest_first(to=to)
        )
        return _frame(
            "Mailbox",
            f'<form><label>To or subject <input type="search" name="to" value="{html.escape(to)}">'
            "</label> <button>Find</button></form>"
            "<table><thead><tr><th>Received, UTC<th>To<th>Subject</thead>"
            f"<tbody>{rows or '<tr><td colspan=3>No mail yet.'}</tbody></table>"
            f'<p class="quiet">The newest {SHOWN}. For programs: '
            '<a href="messages.json">messages.json</a></p>',
        )

    def _answer(
        self,
        status: int,
        kind: str,
        body: str | bytes,
        disposition: str = "",
        *,
        sandboxed: bool = False,
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        charset = "; charset=utf-8" if isinstance(body, str) else ""
        self.send_header("Content-Type", kind + charset)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.send_header(
            "Content-Security-Policy",
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
            "style-src 'unsafe-inline'; img-src data: http://127.0.0.1:* http://localhost:*"
            if sandboxed
            else "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'",
        )
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the path holds the secret."""


def _parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _text(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _base64(part: Message) -> str:
    content = part.get_payload(decode=True)
    return base64.b64encode(content if isinstance(content, bytes) else b"").decode()


def _headers(message: EmailMessage) -> list[list[str]]:
    """
    Name and value as people read them. The parser of Python 3.11 leaves a space where a long
    name was folded, which RFC 2047 (6.2) takes out; the older decoder does not.
    """
    return [
        [name, _unfolded(str(raw)) if "=?" in str(raw) else str(value)]
        for (name, value), (_name, raw) in zip(message.items(), message.raw_items(), strict=True)
    ]


def _unfolded(value: str) -> str:
    return " ".join(str(make_header(decode_header(value))).split())


def _described(message: EmailMessage) -> dict[str, Any]:
    return {
        "headers": _headers(message),
        "text": _text(message, "plain"),
        "html": _text(message, "html"),
        "parts": [
            {
                "type": part.get_content_type(),
                "name": part.get_filename() or "",
                "content_id": str(part["content-id"] or ""),
                "content": _base64(part),
            }
            for part in message.walk()
            if not part.is_multipart()
        ],
    }


def _with_pictures(message: EmailMessage) -> str:
    """The HTML part, with the pictures it encloses in place, its links opening a new tab."""
    body = _text(message, "html")
    for part in message.walk():
        if name := str(part["content-id"] or "").strip("<>"):
            data = _base64(part)
            body = body.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return '<base target="_blank">' + body


def _page(name: str, message: EmailMessage) -> str:
    said = {word.title(): value for word, value in _headers(message)}
    headers = "".join(
        f"<dt>{word}<dd>{html.escape(said[word])}"
        for word in ("Date", "From", "To", "Reply-To", "Subject", "List-Unsubscribe")
        if said.get(word)
    )
    parts = "".join(
        f"<li>{html.escape(part.get_content_type())} {html.escape(part.get_filename() or '')}"
        for part in message.walk()
        if not part.is_multipart()
    )
    shown = f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="{name}.html">'
    return _frame(
        str(message["subject"] or "(no subject)"),
        f'<p><a href="./">All mails</a> · <a href="{name}.eml">.eml</a> · '
        f'<a href="{name}.json">.json</a></p><dl>{headers}</dl>'
        + (f"<h2>HTML</h2>{shown}</iframe>" if _text(message, "html") else "")
        + f"<h2>Text</h2><pre>{html.escape(_text(message, 'plain'))}</pre>"
        f"<h2>Parts</h2><ul>{parts}</ul>",
    )


def _frame(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title>"
        f'<link rel="stylesheet" href="style.css"><h1>{html.escape(title)}</h1>{content}</html>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The secret is read from standard input.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    Pages.secret = quote(sys.stdin.read().strip(), safe="")
    Pages.folder = Folder(arguments.folder, itertools.count())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    pages = ThreadingHTTPServer(("127.0.0.1", arguments.http_port), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    asyncio.run(_receive(Receiver(Pages.folder), arguments.smtp_port))


async def _receive(receiver: Receiver, port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(receiver, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        port,
    )
    await server.serve_forever()


if __name__ == "__main__":
    main()
