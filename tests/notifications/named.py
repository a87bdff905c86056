"""A name server on loopback: answers UDP from a table, and is silent or broken when told to."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Named:
    """
    `zone`: {"example.org TXT": ["v=spf1 -all"], "example.org MX": ["10 mx.example.org."]}.
    What is not in it does not exist. Names in `silent` get no answer, in `broken` SERVFAIL.
    """

    zone: dict[str, list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._line.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._line.close()

    def _serve(self) -> None:
        while True:
            try:
                wire, whom = self._line.recvfrom(4096)
                answer = self._answer(dns.message.from_wire(wire))
                if answer is not None:
                    self._line.sendto(answer.to_wire(max_size=4096), whom)
            except OSError:
                return

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        [question] = query.question
        name = question.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        if name in self.silent:
            return None
        answer = dns.message.make_response(query)
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif rows := self.zone.get(f"{name} {kind}"):
            texts = [_quoted(row) if kind == "TXT" else row for row in rows]
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(key.startswith(f"{name} ") for key in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


def _quoted(text: str) -> str:
    """A text of more than 255 letters goes in pieces, as DKIM keys do."""
    pieces = [text[at : at + 200] for at in range(0, len(text), 200)]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
