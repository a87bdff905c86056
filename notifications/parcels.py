"""
The very mail that would go by SMTP, in the form that a provider's interface takes.

It is unpacked from the finished bytes, so there is one place where mails are made, and no
second one that could differ from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mime
from email.mime.base import MIMEBase
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailUnsupportedFeature
from django.core.mail import EmailMultiAlternatives

# What has a place of its own in every interface, or is the provider's to write.
_NO_EXTRA = {
    *("from", "to", "subject", "reply-to", "date"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}
_CALENDAR = "text/calendar; method=REQUEST"


class Packer:
    """Packs mails for one provider, which is asked once what it can carry."""

    def __init__(self, backend: Any, headers: Mapping[str, str]) -> None:
        self._backend = backend
        self._headers = headers
        # Nothing watches the reader, and links stay as they are.
        quiet: dict[str, Any] = {"track_opens": False, "track_clicks": False}
        self._wishes = {name: value for name, value in quiet.items() if self._can(**{name: value})}
        self._has_metadata = self._can(metadata={"message": "id"})
        self._has_alternatives = self._can(alternatives=[("BEGIN:VCALENDAR", _CALENDAR)])
        self._has_pictures = self._can(attachments=[_picture()])

    def pack(self, content: bytes) -> EmailMultiAlternatives:
        """The mail, with all its headers. Its Message-ID travels a second time as metadata."""
        # The older parser: the newer one takes twenty times as long, nearly all over headers.
        mime = message_from_bytes(content)
        parts = [part for part in mime.walk() if not part.is_multipart()]
        bodies: dict[str, Mime] = {}
        for part in parts:
            if not part.get_content_disposition():
                bodies.setdefault(part.get_content_type(), part)
        mail = EmailMultiAlternatives(
            subject=_words(mime["Subject"]),
            body=_text(bodies["text/plain"]),
            from_email=_mailbox(mime["From"]),
            to=[_mailbox(mime["To"])],
            reply_to=[_mailbox(mime["Reply-To"])] if mime["Reply-To"] else None,
            headers={k: _words(v) for k, v in mime.items() if k.lower() not in _NO_EXTRA}
            | dict(self._headers),
        )
        mail.attach_alternative(_text(bodies["text/html"]), "text/html")
        files = [part for part in parts if part.get_content_disposition()]
        if calendar := bodies.get("text/calendar"):
            files = self._add_calendar(mail, calendar, files)
        for part in files:
            mail.attach(self._attachment(part))
        for name, value in self._wishes.items():
            setattr(mail, name, value)
        if self._has_metadata:
            mail.metadata = {"message": mime["Message-ID"].strip("<>")}  # type: ignore[attr-defined]  # anymail's
        return mail

    def _add_calendar(
        self, mail: EmailMultiAlternatives, calendar: Mime, files: list[Mime]
    ) -> list[Mime]:
        """
        As an alternative beside the words where that can be; else the file itself becomes the
        invitation, and mail programs find it by its type.
        """
        method = calendar.get_param("method") or "REQUEST"
        if self._has_alternatives:
            kind = f"text/calendar; method={method}; charset=UTF-8"
            mail.attach_alternative(_text(calendar), kind)
            return files
        copies = [part for part in files if part.get_content_type() == "application/ics"]
        name = copies[0].get_filename() if copies else "meeting.ics"
        invitation = MIMEBase("text", "calendar")
        # In small letters: that is how anymail looks whether there is a charset.
        kind = f'text/calendar; charset="utf-8"; method="{method}"; name="{name}"'
        invitation.replace_header("Content-Type", kind)
        invitation.add_header("Content-Disposition", "attachment", filename=name)
        invitation.add_header("Content-Transfer-Encoding", "base64")
        invitation.set_payload(calendar.get_payload())
        return [part for part in files if part not in copies] + [invitation]

    def _attachment(self, part: Mime) -> MIMEBase:
        """As anymail and Django want it: a part of the older classes."""
        if isinstance(part, MIMEBase):
            return part
        made = MIMEBase(part.get_content_maintype(), part.get_content_subtype())
        for name in list(made.keys()):
            del made[name]
        for name, value in part.items():
            made[name] = value
        made.set_payload(part.get_payload())
        if part.get_content_disposition() == "inline" and not self._has_pictures:
            del made["Content-Disposition"], made["Content-ID"]
            name = part.get_filename() or "picture"
            made.add_header("Content-Disposition", "attachment", filename=name)
        return made

    def _can(self, **feature: Any) -> bool:
        """Whether a mail with just that can be put into the provider's form."""
        mail = EmailMultiAlternatives(
            subject="x", body="x", from_email="a@example.org", to=["b@example.org"]
        )
        mail.attach_alternative("x", "text/html")
        for name, value in feature.items():
            known = getattr(mail, name, None)
            setattr(mail, name, [*known, *value] if isinstance(known, list) else value)
        try:
            self._backend.build_message_payload(mail, {})
        except AnymailUnsupportedFeature:
            return False
        return True


def _picture() -> MIMEBase:
    part = MIMEBase("image", "png")
    part.add_header("Content-Disposition", "inline", filename="x.png")
    part.add_header("Content-ID", "<x@example.org>")
    part.set_payload("x")
    return part


def _words(value: str) -> str:
    """A header as text: lines joined, encoded words read."""
    return str(make_header(decode_header("".join(value.splitlines()))))


def _mailbox(value: str) -> str:
    """A name and an address, with the name as it is read, in quotes whatever stands in it."""
    name, address = parseaddr("".join(value.splitlines()))
    if not name:
        return address
    quoted = _words(name).replace("\\", r"\\").replace('"', r"\"")
    return f'"{quoted}" <{address}>'


def _text(part: Mime) -> str:
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes), "a part without parts"
    return raw.decode(part.get_content_charset("utf-8"))
