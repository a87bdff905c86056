"""One conversation with the mail server (RFC 5321), and where exactly it broke."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from django.conf import settings

from notifications import replies
from notifications.replies import Answer, Verdict
from notifications.transport import Broken, Fenced


class Line:
    """A connection to the mail server: see `transport.Line`."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._used = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close(politely=kind is None)

    def close(self, *, politely: bool = True) -> None:
        """Say goodbye; whatever comes back no longer matters."""
        smtp, self._smtp, self._used = self._smtp, None, 0
        if smtp is None:
            return
        with suppress(OSError, ValueError):
            if politely and smtp.sock:
                smtp.sock.settimeout(2)
                smtp.quit()
        smtp.close()

    def send(
        self, *, sender: str, recipient: str, content: bytes, may_speak: Callable[[], bool]
    ) -> Answer:
        """`may_speak` is asked after the recipient was accepted and before DATA."""
        was_used = self._used
        try:
            return self._send(sender, recipient, content, may_speak)
        except (Broken, Fenced) as trouble:
            self._recover(trouble)
            # A kept connection may have been closed by the other side while it was idle, or
            # after so many messages: that is nobody's trouble until a new one shows it too.
            if not was_used or _verdict(trouble) is not Verdict.RELAY:
                raise
        try:
            return self._send(sender, recipient, content, may_speak)
        except (Broken, Fenced) as trouble:
            self._recover(trouble)
            raise

    def _recover(self, trouble: Broken | Fenced) -> None:
        """After a refusal of one message the connection is still good; after a break it is not."""
        smtp = self._smtp
        refused = isinstance(trouble, Fenced) or (
            trouble.answer.code is not None
            and trouble.answer.code != 421
            and trouble.answer.verdict in (Verdict.SOON, Verdict.SLOWLY, Verdict.FAILED)
        )
        if refused and smtp is not None:
            with suppress(OSError):
                if smtp.rset()[0] == 250:
                    self._used += 1
                    return
        self.close(politely=False)

    def _send(
        self, sender: str, recipient: str, content: bytes, may_speak: Callable[[], bool]
    ) -> Answer:
        smtp = self._smtp or self._open()
        _expect(smtp, "mail", lambda: smtp.mail(sender))
        fresh = self._used == 0
        _expect(smtp, "rcpt", lambda: smtp.rcpt(recipient), blames_message=fresh)
        if not may_speak():
            raise Fenced
        _expect(smtp, "data", lambda: smtp.docmd("DATA"), wanted=354)
        answer = self._say(smtp, content)
        self._used += 1
        return answer

    def _say(self, smtp: smtplib.SMTP, content: bytes) -> Answer:
        """The words and the last dot; every break in here leaves the result unknown."""
        assert smtp.sock is not None
        try:
            smtp.send(_stuffed(content))
            smtp.sock.settimeout(settings.MAIL_LAST_DOT_SECONDS)
            code, text = smtp.getreply()
            smtp.sock.settimeout(settings.EMAIL_TIMEOUT)
        except OSError as error:
            raise Broken(
                Answer(Verdict.UNCERTAIN, "connection_broke", None, _words(error))
            ) from error
        answer = replies.read("dot", code, text.decode("utf-8", "replace"))
        if answer.verdict is not Verdict.SENT:
            raise Broken(answer)
        return answer

    def _open(self) -> smtplib.SMTP:
        try:
            self._smtp = smtp = _connect()
        except smtplib.SMTPResponseException as error:
            text = _text(error.smtp_error)
            at = "auth" if isinstance(error, smtplib.SMTPAuthenticationError) else "connect"
            raise Broken(replies.read(at, error.smtp_code, text)) from error
        except (OSError, ValueError) as error:
            # Refused, unknown host, hanging greeting, failed TLS: SMTPException is an OSError.
            reason = replies.REFUSES_US if _is_misconfigured(error) else "relay_down"
            raise Broken(Answer(Verdict.RELAY, reason, None, _words(error))) from error
        return smtp


def _is_misconfigured(error: Exception) -> bool:
    """A certificate that cannot be verified; no STARTTLS, or no way to sign in, where we must."""
    if isinstance(error, ssl.SSLCertVerificationError | smtplib.SMTPNotSupportedError):
        return True
    return type(error) is smtplib.SMTPException


def _verdict(trouble: Broken | Fenced) -> Verdict | None:
    return trouble.answer.verdict if isinstance(trouble, Broken) else None


def _connect() -> smtplib.SMTP:
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT or 25
    timeout = settings.MAIL_CONNECT_SECONDS
    name = settings.MAIL_DOMAIN
    # Certificates are verified: a mail server that cannot show one is not ours.
    context = ssl.create_default_context()
    smtp = (
        smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=timeout, context=context)
        if settings.EMAIL_USE_SSL
        else smtplib.SMTP(host, port, local_hostname=name, timeout=timeout)
    )
    try:
        assert smtp.sock is not None
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.sock.settimeout(settings.EMAIL_TIMEOUT)
        smtp.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=context)
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _expect(
    smtp: smtplib.SMTP,
    command: str,
    ask: Callable[[], tuple[int, bytes]],
    *,
    wanted: int = 2,
    blames_message: bool = False,
) -> None:
    """Ask one command; anything but the wanted answer breaks the dialogue."""
    try:
        code, text = ask()
    except OSError as error:
        # Accepted the sender and fell silent at this recipient, on a new connection: were it
        # the server's trouble, one such message would stop the mail of everybody.
        verdict = Verdict.SOON if blames_message else Verdict.RELAY
        reason = "try_later" if blames_message else "relay_down"
        raise Broken(Answer(verdict, reason, None, _words(error))) from error
    if code != wanted and code // 100 != wanted:
        raise Broken(replies.read(command, code, _text(text)))


def _stuffed(content: bytes) -> bytes:
    """The message as it goes over the wire (RFC 5321 4.5.2); its lines end in CRLF already."""
    if content.startswith(b".") or b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return content + b".\r\n" if content.endswith(b"\r\n") else content + b"\r\n.\r\n"


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]
