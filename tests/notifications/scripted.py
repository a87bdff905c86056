"""
A mail server of raw sockets that does what the recipient's name says.

aiosmtpd is too polite for the faults that matter: a connection that breaks before or after
the last dot, an answer that never comes, junk at the end.
"""

from __future__ import annotations

import json
import random
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Scripted:
    """
    Listens on loopback. Local parts of recipients are scripts:

    `rcpt-451`, `rcpt-550-5.7.1`, … answer that at RCPT; `data-…` at DATA; `dot-…` after the
    dot; `drop-rcpt`, `drop-data` (in the words), `drop-dot` (after the dot, accepted or not),
    `hang-rcpt`, `hang-data` (in the words), `hang-dot` (accepted, and no answer), `reset-dot`;
    anything else is accepted.
    With `-times-N` a script holds for the first N tries of that recipient only.

    `mix` is the share of other recipients, chosen by `seed`, who get one of `faults` at a try.
    `history`: a file that gets a line of JSON for each decision.
    """

    greeting: str = "220 scripted"
    ehlo_answer: str = "250-scripted\r\n250 8BITMIME"
    auth_answer: str = "235 2.7.0 welcome"
    rcpt_answer: str = ""
    dot_answer: str = ""
    tls: ssl.SSLContext | None = None
    mail_answer: str = "250 ok"
    mix: float = 0.0
    seed: int = 0
    faults: tuple[str, ...] = ()
    history: Path | None = None
    quit_junk: bool = False
    max_per_connection: int = 10_000
    seconds_per_mail: float = 0.0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    senders: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._chance = random.Random(self.seed)
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
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
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
        recipient, script, served = "", "", 0
        for line in lines:
            command = line.strip().decode("latin-1")
            verb = command[:4].upper()
            if verb in ("EHLO", "HELO"):
                say(self.ehlo_answer)
            elif verb == "STAR":
                # Ready, it says, and never begins.
                say("220 go ahead")
                self.released.wait(30)
                return
            elif verb == "AUTH":
                say(self.auth_answer)
            elif verb == "MAIL":
                if served >= self.max_per_connection:
                    say("421 4.3.2 enough for one connection")
                    return
                self.senders.append(command.partition("<")[2].partition(">")[0])
                say(self.mail_answer)
            elif verb == "RCPT":
                recipient = command.partition("<")[2].rstrip(">")
                script = self._begin(recipient)
                if not self._rcpt(script, say):
                    return
            elif verb == "DATA":
                if code := _part(script, r"data-(\d+)"):
                    say(f"{code} scripted")
                    continue
                if not self._data(client, lines, recipient, script, say):
                    return
                served += 1
            elif verb == "RSET":
                say("250 ok")
            elif verb == "QUIT":
                say("\x00\x01junk" if self.quit_junk else "221 bye")
                return
            else:
                say("502 what?")

    def _begin(self, recipient: str) -> str:
        """What this try of that recipient meets."""
        with self._lock:
            self.tries[recipient] = self.tries.get(recipient, 0) + 1
            struck = self._chance.random() < self.mix
            fault = self._chance.choice(self.faults) if struck else ""
        script = fault or self._script(recipient)
        self._note("began", recipient, script=script)
        return script

    def _rcpt(self, script: str, say) -> bool:
        if _part(script, r"(drop-rcpt)"):
            return False
        if _part(script, r"(hang-rcpt)"):
            self.released.wait(30)
            return False
        code, status = _part(script, r"rcpt-(\d+)"), _part(script, r"rcpt-\d+-(\d\.\d\.\d)")
        usual = {"451": "4.7.1", "452": "4.2.2", "550": "5.1.1", "554": "5.7.1"}.get(code, "")
        say(f"{code} {status or usual} scripted" if code else self.rcpt_answer or "250 ok")
        return True

    def _data(self, client, lines, recipient: str, script: str, say) -> bool:  # noqa: C901 -- ditto
        say("354 go on")
        if _part(script, r"(drop-data)"):
            lines.readline()
            return False
        if _part(script, r"(hang-data)"):
            self.released.wait(30)
            return False
        words = b""
        for line in lines:
            if line == b".\r\n":
                break
            words += line[1:] if line.startswith(b".") else line
        else:
            return False
        self.released.wait(self.seconds_per_mail)
        if answer := self.dot_answer or _part(script, r"dot-(\d+)"):
            say(answer if " " in answer else f"{answer} scripted")
            if not answer.startswith("2"):
                self._note("refused", recipient, words=words)
                return True
        with self._lock:
            self.accepted.append((recipient, words))
        self._note("accepted", recipient, words=words)
        if _part(script, r"(drop-dot)"):
            return False
        if _part(script, r"(reset-dot)"):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if _part(script, r"(hang-dot)"):
            self.released.wait(30)
            return False
        if not (self.dot_answer or _part(script, r"(dot-2)")):
            say("250 2.0.0 queued")
        return True

    def _script(self, recipient: str) -> str:
        limit = re.search(r"-times-(\d+)", recipient)
        return "" if limit and self.tries[recipient] > int(limit.group(1)) else recipient

    def _note(self, event: str, recipient: str, *, script: str = "", words: bytes = b"") -> None:
        if self.history is None:
            return
        found = re.search(rb"Message-ID: <([0-9a-f-]{36})@", words)
        line = {
            "at": time.time(),
            "event": event,
            "recipient": recipient,
            "script": script if script != recipient else "",
            "message_id": found.group(1).decode() if found else "",
        }
        with self._lock, self.history.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")


def _part(script: str, pattern: str) -> str:
    found = re.match(pattern, script)
    return found.group(1) if found else ""


def wait_until(condition, *, seconds: float = 10.0, pause: float = 0.02) -> None:
    """Wait for something that another thread or process does."""
    over_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over_at, "it did not happen in time"
        time.sleep(pause)
