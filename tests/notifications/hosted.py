"""
A mail provider on loopback: Postmark, Mailgun or SendGrid by the form of their interface.

It speaks HTTP/1.1 for real, keeps connections, and does what the recipient's name says.
"""

from __future__ import annotations

import email
import json
import re
import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

DELAYED = {"429": {"Retry-After": "600"}}


@dataclass
class Hosted:
    """
    Local parts of recipients are scripts: `500`, `429`, `401`, … answer that; `refused` is
    refused as no such address, `sender` because of its sender; `hang` takes the mail and never
    answers, `drop` takes it and hangs up, `drip` answers byte by byte for ever, `junk` with
    something that is no answer, `unread` hangs up and takes nothing, `elsewhere` redirects to
    itself; anything else is taken. With `-times-N` a script holds for the first N tries only.
    """

    kind: str
    # Answered to everybody, whatever the recipient's name says.
    always: str = ""
    accepted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    authorized: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    connections: int = 0
    tls: Any = None

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                outer.connections += 1
                super().setup()

            def do_POST(self):
                with suppress(OSError):
                    outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        # As in receiver.py: asked to stop, it looks at once.
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def keys(self) -> dict[str, str]:
        """What ANYMAIL says of it."""
        url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        return {
            "postmark": {"POSTMARK_SERVER_TOKEN": "key", "POSTMARK_API_URL": url},
            "mailgun": {
                "MAILGUN_API_KEY": "key", "MAILGUN_API_URL": f"{url}/v3",
                "MAILGUN_WEBHOOK_SIGNING_KEY": "signing",
            },
            "sendgrid": {"SENDGRID_API_KEY": "key", "SENDGRID_API_URL": f"{url}/v3"},
        }[self.kind]  # fmt: skip

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]

    def answer(self, talk: BaseHTTPRequestHandler) -> None:
        content = talk.rfile.read(int(talk.headers["Content-Length"]))
        facts = self._read(talk, content)
        self.authorized.append(
            talk.headers.get("X-Postmark-Server-Token") or talk.headers.get("Authorization", "")
        )
        recipient = facts["recipient"]
        with self._lock:
            self.tries[recipient] = self.tries.get(recipient, 0) + 1
        script = self.always or self._script(recipient)
        if script.isdigit():
            said = {"Message": "scripted", "ErrorCode": 10}
            return self._say(talk, int(script), said, script)
        if refuse := {
            "refused": self._refuse, "sender": self._refuse_sender,
            "unread": self._hang_up, "elsewhere": self._redirect,
        }.get(script):  # fmt: skip
            return refuse(talk, recipient)
        with self._lock:
            self.accepted.append((recipient, facts))
        return self._take(talk, recipient, script)

    def _take(self, talk, recipient, script) -> None:
        if script == "hang":
            self.released.wait(30)
            return self._hang_up(talk)
        if script == "drop":
            return self._hang_up(talk)
        if script == "drip":
            talk.send_response(200)
            talk.send_header("Content-Length", "100000")
            talk.end_headers()
            while not self.released.wait(0.05):
                talk.wfile.write(b" ")
            return None
        if script == "junk":
            return self._say(talk, 200, "<html>welcome</html>")
        return self._accept(talk, recipient)

    def _script(self, recipient: str) -> str:
        name = recipient.partition("@")[0]
        limit = re.search(r"-times-(\d+)", name)
        if limit and self.tries[recipient] > int(limit.group(1)):
            return ""
        return name.partition("-")[0]

    def _accept(self, talk, recipient) -> None:
        receipt = str(uuid.uuid4())
        self.receipts.append(receipt)
        body: Any = {
            "postmark": {
                "To": recipient, "MessageID": receipt, "ErrorCode": 0, "Message": "OK",
                "SubmittedAt": "2026-11-26T08:00:00Z",
            },
            "mailgun": {"id": f"<{receipt}@mg.example.org>", "message": "Queued. Thank you."},
            "sendgrid": "",
        }[self.kind]  # fmt: skip
        self._say(talk, 202 if self.kind == "sendgrid" else 200, body)

    def _refuse(self, talk, recipient) -> None:
        status, body = {
            "postmark": (422, {
                "ErrorCode": 406,
                "Message": "You tried to send to recipient(s) that have been marked as inactive.\n"
                f" Found inactive addresses: {recipient}. Inactive recipients are ones that have"
                " generated a hard bounce, a spam complaint, or a manual suppression.",
            }),
            "mailgun": (400, {"message": "'to' parameter is not a valid address. please check"}),
            "sendgrid": (400, {"errors": [{
                "message": "Does not contain a valid address.",
                "field": "personalizations.0.to.0.email", "help": None,
            }]}),
        }[self.kind]  # fmt: skip
        self._say(talk, status, body)

    def _say(self, talk, status, body, script="") -> None:
        content = body if isinstance(body, str) else json.dumps(body)
        talk.send_response(status)
        talk.send_header("Content-Type", "application/json")
        talk.send_header("Content-Length", str(len(content)))
        for name, value in DELAYED.get(script, {}).items():
            talk.send_header(name, value)
        talk.end_headers()
        talk.wfile.write(content.encode())

    def _refuse_sender(self, talk, _recipient) -> None:
        self._say(talk, 422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'x'."})

    def _redirect(self, talk, _recipient) -> None:
        talk.send_response(307)
        talk.send_header("Location", talk.path)
        talk.send_header("Content-Length", "0")
        talk.end_headers()

    def _hang_up(self, talk, _recipient="") -> None:
        talk.close_connection = True
        talk.connection.shutdown(socket.SHUT_RDWR)

    def _read(self, talk, content: bytes) -> dict[str, Any]:
        """What arrived, in one form for all: recipient, headers, text, html, files, more."""
        if self.kind == "postmark":
            said = json.loads(content)
            return {
                "recipient": _bare(said["To"]), "from": said["From"], "subject": said["Subject"],
                "headers": {h["Name"].lower(): h["Value"] for h in said["Headers"]},
                "text": said["TextBody"], "html": said["HtmlBody"], "said": said,
                "files": [(f["Name"], f["ContentType"], f.get("ContentID", ""))
                          for f in said.get("Attachments", [])],
                "alternatives": [],
            }  # fmt: skip
        if self.kind == "sendgrid":
            said = json.loads(content)
            to = said["personalizations"][0]
            words = {part["type"]: part["value"] for part in said["content"]}
            return {
                "recipient": to["to"][0]["email"], "from": said["from"],
                "subject": said["subject"], "said": said,
                "headers": {name.lower(): value for name, value in said["headers"].items()},
                "text": words.pop("text/plain"), "html": words.pop("text/html"),
                "files": [(f["filename"], f["type"], f.get("content_id", ""))
                          for f in said.get("attachments", [])],
                "alternatives": list(words),
            }  # fmt: skip
        return self._read_form(talk, content)

    def _read_form(self, talk, content: bytes) -> dict[str, Any]:
        kind = talk.headers["Content-Type"]
        files = []
        if kind.startswith("multipart/"):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            form = email.message_from_bytes(head + content, policy=policy.HTTP)
            said = {}
            for part in form.iter_parts():
                name = part.get_param("name", header="content-disposition")
                if part.get_filename():
                    inline = part.get_filename() if name == "inline" else ""
                    files.append((part.get_filename(), str(part["Content-Type"]), inline))
                else:
                    said[name] = part.get_payload(decode=True).decode()
        else:
            said = {name: values[0] for name, values in parse_qs(content.decode()).items()}
        return {
            "recipient": _bare(said["to"]), "from": said["from"], "subject": said["subject"],
            "headers": {k[2:].lower(): v for k, v in said.items() if k.startswith("h:")},
            "text": said["text"], "html": said["html"], "files": files, "said": said,
            "alternatives": [],
        }  # fmt: skip


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip("> ")
