"""The local mailbox, as the programs of the journeys read it: over HTTP, message by message."""

import json
import time
import urllib.parse
import urllib.request
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import zxingcpp
from PIL import Image


class Mailbox:
    def __init__(self, url: str) -> None:
        self.url = url

    def all(self, to: str) -> list[dict]:
        """Every mail to that address, oldest first."""
        query = urllib.parse.urlencode({"to": to})
        with urllib.request.urlopen(f"{self.url}messages.json?{query}", timeout=10) as answer:
            return list(reversed(json.load(answer)))

    def wait_for(self, to: str, subject: str, *, within: float = 40) -> EmailMessage:
        """The mail to that address whose subject has these words, once it is there."""
        until = time.monotonic() + within
        while True:
            found = [mail for mail in self.all(to) if subject in mail["subject"]]
            if found:
                return self.read(found[-1])
            seen = [mail["subject"] for mail in self.all(to)]
            assert time.monotonic() < until, f"{to}: no “{subject}”, only {seen}"
            time.sleep(0.2)

    def read(self, mail: dict) -> EmailMessage:
        with urllib.request.urlopen(f"{self.url}{mail['id']}.eml", timeout=10) as answer:
            message = BytesParser(policy=default).parsebytes(answer.read())
        assert isinstance(message, EmailMessage)
        return message


def text(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def part(mail: EmailMessage, content_type: str) -> EmailMessage:
    return next(p for p in mail.walk() if p.get_content_type() == content_type)


def ticket(mail: EmailMessage, folder) -> str:
    """The code in the QR picture that the mail carries, read as a phone would."""
    path = folder / "ticket.png"
    path.write_bytes(part(mail, "image/png").get_payload(decode=True))
    [found] = zxingcpp.read_barcodes(Image.open(path).convert("L"))
    return found.text
