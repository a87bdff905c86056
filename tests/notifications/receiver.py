"""Somebody else's server: a real one on loopback that does what its path says."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from notifications.webhooks import signing


@dataclass
class Receiver:
    """
    Listens on loopback. Paths are scripts: `/500`, `/410`, … answer that; `/elsewhere`
    redirects to `location`; `/slow` never answers; `/drip` answers byte by byte for ever;
    `/huge` has no end; `/junk` is no HTTP; anything else is a 200 that says "thank you".
    """

    location: str = "http://169.254.169.254/latest/meta-data/"
    host: str = "127.0.0.1"
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    sent: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self):
                outer.connections += 1
                super().setup()

            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((self.path, dict(self.headers), content))
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((self.host, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        # Asked to stop, it looks whether it was: twice a second, if it is not told otherwise.
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, talk: BaseHTTPRequestHandler) -> None:
        script = talk.path.strip("/").partition("?")[0]
        with suppress(OSError):  # they hung up
            getattr(self, f"_{script}", self._plain)(talk)

    def _plain(self, talk):
        script = talk.path.strip("/")
        status = int(script) if script.isdigit() else self.status
        talk.send_response(status)
        talk.send_header("Content-Length", "9")
        talk.end_headers()
        talk.wfile.write(b"thank you")

    def _elsewhere(self, talk):
        talk.send_response(307)
        talk.send_header("Location", self.location)
        talk.send_header("Content-Length", "0")
        talk.end_headers()

    def _slow(self, talk):
        self.released.wait(30)

    def _drip(self, talk):
        talk.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.released.wait(0.05):
            talk.wfile.write(b"a")

    def _huge(self, talk):
        talk.send_response(200)
        talk.end_headers()
        while not self.released.is_set():
            self.sent += talk.wfile.write(b"x" * 65536)

    def _junk(self, talk):
        talk.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    def bodies(self) -> list[dict]:
        return [json.loads(content) for _, _, content in self.posts]


def verify(secret: str, headers: dict[str, str], content: bytes) -> bool:
    """The signature, checked as a receiver does that has read docs/webhooks.md."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    given = headers["webhook-signature"].split()
    return fresh and any(hmac.compare_digest(expected, one) for one in given)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def secret_before(hook) -> str:
    return signing.secret(hook, hook.generation - 1)
