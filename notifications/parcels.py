"""
The very mail that would go by SMTP, in the form that a provider's interface takes.

It is unpacked from the finished bytes, so there is one place where mails are made, and no
second one that could differ from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage as Mime
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
        mime = message_from_bytes(content, policy=policy.SMTP)
        assert isinstance(mime, Mime), "made by policy.SMTP"
        plain, html = mime.get_body(("plain",)), mime.get_body(("html",))
        mail = EmailMultiAlternatives(
            subject=str(mime["Subject"]),
            body=plain.get_content() if plain else "",
            from_email=str(mime["From"]),
            to=[str(mime["To"])],
            reply_to=[str(mime["Reply-To"])] if mime["Reply-To"] else None,
            headers={k: str(v) for k, v in mime.items() if k.lower() not in _NO_EXTRA}
            | dict(self._headers),
        )
        if html:
            mail.attach_alternative(html.get_content(), "text/html")
        parts = [part for part in mime.walk() if not part.is_multipart()]
        calendar = next((p for p in parts if p.get_content_type() == "text/calendar"), None)
        files = [part for part in parts if part.get_content_disposition()]
        if calendar is not None:
            files = self._add_calendar(mail, calendar, files)
        # By hand, since Django takes the older class only.
        mail.attachments.extend(self._prepared(part) for part in files)
        for name, value in self._wishes.items():
            setattr(mail, name, value)
        if self._has_metadata:
            mail.metadata = {"message": str(mime["Message-ID"]).strip("<>")}  # type: ignore[attr-defined]  # anymail's
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
            mail.attach_alternative(calendar.get_content(), kind)
            return files
        copies = [part for part in files if part.get_content_type() == "application/ics"]
        name = copies[0].get_filename() if copies else "meeting.ics"
        invitation = Mime(policy=policy.SMTP)
        invitation.set_content(calendar.get_content(), subtype="calendar")
        # In small letters: that is how anymail looks whether there is a charset.
        kind = f'text/calendar; charset="utf-8"; method={method}; name="{name}"'
        invitation.replace_header("Content-Type", kind)
        invitation.add_header("Content-Disposition", "attachment", filename=name)
        return [part for part in files if part not in copies] + [invitation]

    def _prepared(self, part: Mime) -> Mime:
        if part.get_content_disposition() == "inline" and not self._has_pictures:
            name = part.get_filename() or "picture"
            del part["Content-Disposition"], part["Content-ID"]
            part.add_header("Content-Disposition", "attachment", filename=name)
        return part

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


def _picture() -> Mime:
    part = Mime(policy=policy.SMTP)
    part.set_content(
        b"x", "image", "png", disposition="inline", filename="x.png", cid="<x@example.org>"
    )
    return part
