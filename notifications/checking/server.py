"""Whether what carries our mail answers: connect, encrypt, sign in, and hang up without a mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from importlib import import_module
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from notifications import relay, transport
from notifications.checking.findings import Finding, Remark, good, warns, wrong
from notifications.providers import PROVIDERS

# For each step; a mail server that is slower than this is waited for when mail is sent.
SECONDS = 3.0


def look() -> Finding:
    """The mail server, or the provider's interface, whichever is in use."""
    if problem := transport.problem():
        words = _("Mail cannot leave: %(problem)s")
        return _finding(_("Mail server"), relay.name(), [wrong(words, problem=problem)])
    return _interface() if settings.EMAIL_TRANSPORT == "api" else _mail_server()


def _mail_server() -> Finding:
    topic, name = _("Mail server"), relay.name()
    try:
        smtp, said = _connect()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        words = _("It does not answer at that address (EMAIL_URL): %(error)s")
        return _finding(topic, name, [wrong(words, error=_words(error))])
    try:
        return _finding(topic, name, _talk(smtp), said)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _connect() -> tuple[smtplib.SMTP, str]:
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT or 25
    facts = {"local_hostname": settings.MAIL_DOMAIN, "timeout": SECONDS}
    if settings.EMAIL_USE_SSL:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(context=context, **facts)
    else:
        smtp = smtplib.SMTP(**facts)
    # Where the name for TLS is looked for.
    smtp._host = host  # type: ignore[attr-defined]  # smtplib sets it only when it connects itself
    try:
        code, greeting = smtp.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, greeting)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp, greeting.decode("utf-8", "replace")[:200]


def _talk(smtp: smtplib.SMTP) -> list[Remark]:
    remarks = [good(_("It answers."))]
    encrypted = settings.EMAIL_USE_SSL
    try:
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
            encrypted = True
    except ssl.SSLCertVerificationError as error:
        words = _("Its certificate cannot be verified, so nothing is sent: %(error)s")
        return [*remarks, wrong(words, error=error.verify_message)]
    except (OSError, smtplib.SMTPException) as error:
        words = _("It does not encrypt (STARTTLS), though EMAIL_URL asks for it: %(error)s")
        return [*remarks, wrong(words, error=_words(error))]
    if encrypted:
        remarks.append(good(_("The connection is encrypted, and the certificate is right.")))
    elif not _is_here():
        words = _("Mail and password travel in the clear: write smtp+tls:// in EMAIL_URL.")
        remarks.append(warns(words))
    if settings.EMAIL_HOST_USER:
        remarks.append(_sign_in(smtp))
    return remarks


def _sign_in(smtp: smtplib.SMTP) -> Remark:
    try:
        smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except (OSError, smtplib.SMTPException) as error:
        words = _("It does not let us in: user or password in EMAIL_URL are wrong. %(error)s")
        return wrong(words, error=_words(error))
    return good(_("It lets us in."))


def _interface() -> Finding:
    """The provider's: that it is there and encrypted. Whether the key is right, a mail shows."""
    title = PROVIDERS[settings.EMAIL_PROVIDER].title
    url = str(import_module("notifications.provider").address())
    parts = urlsplit(url)
    host = parts.hostname or ""
    topic = _("Provider")
    try:
        with socket.create_connection(
            (host, parts.port or (443 if parts.scheme == "https" else 80)), SECONDS
        ) as line:
            if parts.scheme == "https":
                context = ssl.create_default_context()
                with context.wrap_socket(line, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        words = _("Its certificate cannot be verified, so nothing is sent: %(error)s")
        return _finding(topic, title, [wrong(words, error=error.verify_message)], url)
    except (OSError, ValueError) as error:
        words = _("Its interface does not answer: %(error)s")
        return _finding(topic, title, [wrong(words, error=_words(error))], url)
    words = _("Its interface answers. Whether it takes your key, a test mail shows.")
    return _finding(topic, title, [good(words)], url)


def _is_here() -> bool:
    if settings.EMAIL_HOST == "localhost":
        return True
    with suppress(ValueError):
        address = ip_address(settings.EMAIL_HOST)
        return address.is_loopback or address.is_private
    # A service beside us, as compose names them.
    return "." not in settings.EMAIL_HOST


def _finding(topic: object, name: str, remarks: list[Remark], said: str = "") -> Finding:
    records = (said,) if said else ()
    return Finding(topic=topic, subject=name, remarks=tuple(remarks), records=records)


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return f"{error.smtp_code} {said}"[:300]
    return f"{type(error).__name__}: {error}"[:300]
