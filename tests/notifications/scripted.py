"""
A mail server of raw sockets that does what the recipient's name says.

aiosmtpd is too polite for the faults that matter: a connection that breaks before or after
the last dot, an answer that never comes, junk at the end.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Scripted:
    """
    Listens on loopback. Local parts of recipients are scripts:

    `rcpt-451`, `rcpt-550`, … answer that at RCPT; `data-…` at DATA; `dot-…` after the dot;
    `drop-rcpt`, `drop-data` (in the words), `drop-dot` (after the dot, accepted or not),
    `hang-dot` (accepted, and no answer), `reset-dot`; anything else is accepted.
    With `-times-N` a script holds for the first N tries of that recipient only.
    """

    greeting: str = "220 scripted"
    mail_answer: str = "250 ok"
    quit_junk: bool = False
    max_per_connection: int = 10_000
    seconds_per_mail: float = 0.0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    senders: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        # Wakes accept(), which close() alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as lines:
                self._talk(client, lines)
        except OSError:
            pass

    def _talk(self, client: socket.socket, lines) -> None:  # noqa: C901 -- one dialogue
        def say(text: str) -> None:
            client.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")

        if self.greeting == "hang":
            self.released.wait(30)
            return
        say(self.greeting)
        recipient, served = "", 0
        for line in lines:
            command = line.strip().decode("latin-1")
            verb = command[:4].upper()
            if verb == "EHLO":
                say("250-scripted\r\n250 8BITMIME")
            elif verb == "MAIL":
                if served >= self.max_per_connection:
                    say("421 4.3.2 enough for one connection")
                    return
                self.senders.append(command.partition("<")[2].partition(">")[0])
                say(self.mail_answer)
            elif verb == "RCPT":
                recipient = command.partition("<")[2].rstrip(">")
                if not self._rcpt(recipient, say):
                    return
            elif verb == "DATA":
                if code := self._script(recipient, r"data-(\d+)"):
                    say(f"{code} scripted")
                    continue
                if not self._data(client, lines, recipient, say):
                    return
                served += 1
            elif verb == "RSET":
                say("250 ok")
            elif verb == "QUIT":
                say("\x00\x01junk" if self.quit_junk else "221 bye")
                return
            else:
                say("502 what?")

    def _rcpt(self, recipient: str, say) -> bool:
        with self._lock:
            self.tries[recipient] = self.tries.get(recipient, 0) + 1
        if self._script(recipient, r"(drop-rcpt)"):
            return False
        code = self._script(recipient, r"rcpt-(\d+)")
        enhanced = {"451": "4.7.1", "452": "4.2.2", "550": "5.1.1", "554": "5.7.1"}.get(code, "")
        say(f"{code} {enhanced} scripted" if code else "250 ok")
        return True

    def _data(self, client: socket.socket, lines, recipient: str, say) -> bool:
        say("354 go on")
        if self._script(recipient, r"(drop-data)"):
            lines.readline()
            return False
        words = b""
        for line in lines:
            if line == b".\r\n":
                break
            words += line[1:] if line.startswith(b".") else line
        else:
            return False
        self.released.wait(self.seconds_per_mail)
        if code := self._script(recipient, r"dot-(\d+)"):
            say(f"{code} scripted")
            return True
        with self._lock:
            self.accepted.append((recipient, words))
        if self._script(recipient, r"(drop-dot)"):
            return False
        if self._script(recipient, r"(reset-dot)"):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if self._script(recipient, r"(hang-dot)"):
            self.released.wait(30)
            return False
        say("250 2.0.0 queued")
        return True

    def _script(self, recipient: str, pattern: str) -> str:
        found = re.match(pattern, recipient)
        limit = re.search(r"-times-(\d+)", recipient)
        if not found or (limit and self.tries[recipient] > int(limit.group(1))):
            return ""
        return found.group(1)


def wait_until(condition, *, seconds: float = 10.0) -> None:
    """Wait for something that another thread or process does."""
    over_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over_at, "it did not happen in time"
        time.sleep(0.02)
