"""
One conversation with a provider's interface on the web, and where exactly it broke.

django-anymail knows each provider's form; this module knows when a word was sent. The
connection is watched from inside: the last question is asked when it stands, encrypted, and
before the first byte of the request, so what fails before is harmless and what fails after
is uncertain.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from notifications import api_replies, replies
from notifications.parcels import Packer
from notifications.providers import PROVIDERS
from notifications.replies import Answer, Verdict
from notifications.transport import Broken, Fenced

logger = logging.getLogger(__name__)

# Servers hang up on an idle connection after five seconds or more, perhaps just as we speak.
IDLE_SECONDS = 3.0


def problem() -> str:
    """What is missing before anything can be sent, as one sentence; or ""."""
    try:
        _backend()
    except ImproperlyConfigured as error:
        if missing := re.search(r"ANYMAIL = \{'(\w+)'", str(error)):
            key = missing.group(1)
            title = PROVIDERS[settings.EMAIL_PROVIDER].title
            return f"{title} wants a key: set ANYMAIL_{key}, or “{key}” in ANYMAIL."
        return f"EMAIL_PROVIDER {settings.EMAIL_PROVIDER}: {str(error).splitlines()[0]}"
    return ""


def address() -> str:
    """Where its interface is."""
    return str(_backend().api_url)


class Line:
    """A session with the provider: see `transport.Line`."""

    def __init__(self) -> None:
        self._wire = _Wire()
        self._backend: Any = None
        self._packer: Packer | None = None
        self._used_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the next message begins anew."""
        if self._backend is not None:
            with suppress(OSError):
                self._backend.close()

    def send(
        self, *, sender: str, recipient: str, content: bytes, may_speak: Callable[[], bool]
    ) -> Answer:
        """`may_speak` is asked when the connection stands. The envelope's sender is theirs."""
        try:
            mail = self._open().pack(content)
        except ImproperlyConfigured as error:
            raise Broken(Answer(Verdict.RELAY, replies.REFUSES_US, None, _words(error))) from error
        except Exception as error:  # a letter that cannot be packed must not hold up the next
            logger.exception("A mail cannot be packed for %s", settings.EMAIL_PROVIDER)
            raise Broken(Answer(Verdict.FAILED, "provider_cannot", None, _words(error))) from error
        self._wire.begin(may_speak)
        try:
            self._backend.send_messages([mail])
        except Fenced:
            self.close()
            raise
        except Exception as error:
            answer = self._trouble(error, recipient)
            if answer.code is None or answer.blames_relay:
                self.close()
            raise Broken(answer) from error
        finally:
            self._wire.end()
            self._used_at = time.monotonic()
        return _acceptance(mail, recipient)

    def _open(self) -> Packer:
        if self._backend is None or self._packer is None:
            self._backend = _backend()
            self._packer = Packer(self._backend, PROVIDERS[settings.EMAIL_PROVIDER].headers)
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        if self._backend.open():
            self._wire.lay(self._backend.session)
        return self._packer

    def _trouble(self, error: Exception, recipient: str) -> Answer:
        """What went wrong, by how far we had come."""
        response = getattr(error, "response", None)
        if isinstance(error, AnymailRecipientsRefused):
            return Answer(Verdict.FAILED, "mailbox_unknown", *_said(response))
        if isinstance(error, AnymailRequestsAPIError) and response is not None:
            if response.status_code == 200 and "API endpoint" in str(error):
                return Answer(Verdict.RELAY, replies.REFUSES_US, 200, _words(error))
            status, text = _said(response)
            patience = api_replies.patience(response.headers.get("Retry-After"))
            return api_replies.read(
                status=status, text=text, recipient=recipient, patience=patience
            )
        if self._wire.spoke:
            if not isinstance(error, requests.RequestException):
                logger.exception("The answer of %s cannot be read", settings.EMAIL_PROVIDER)
            return Answer(Verdict.UNCERTAIN, "connection_broke", None, _words(error))
        if isinstance(error, requests.RequestException):
            refused = _is_misconfigured(error)
            reason = replies.REFUSES_US if refused else "relay_down"
            return Answer(Verdict.RELAY, reason, None, _words(error))
        if type(error) is AnymailError:
            # A setting that shows only when it is used.
            return Answer(Verdict.RELAY, replies.REFUSES_US, None, _words(error))
        return Answer(Verdict.FAILED, "provider_cannot", None, _words(error))


class _Wire:
    """Watches the connections of one session: when they stand, when the first word goes."""

    def __init__(self) -> None:
        self.spoke = False
        self._may_speak: Callable[[], bool] = lambda: False
        self._guillotine: threading.Timer | None = None

    def begin(self, may_speak: Callable[[], bool]) -> None:
        self.spoke, self._may_speak = False, may_speak

    def speak(self, line: socket.socket) -> None:
        """
        Just before bytes of the request. The first time, ask whether the message is still ours.

        :raises Fenced: it is not
        """
        if self.spoke:
            return
        if not self._may_speak():
            raise Fenced
        self.spoke = True
        # Per read, patience could be had byte by byte for ever: the whole is cut off instead.
        self._guillotine = threading.Timer(settings.MAIL_LAST_DOT_SECONDS, _cut, [line])
        self._guillotine.daemon = True
        self._guillotine.start()

    def end(self) -> None:
        if self._guillotine is not None:
            self._guillotine.cancel()
            self._guillotine = None

    def lay(self, session: requests.Session) -> None:
        """Have the session use connections that are watched, and follow no redirect."""
        adapter = _Adapter(self)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # Followed, a request would go out twice, and perhaps to somebody else.
        session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]


class _Adapter(HTTPAdapter):
    """Makes watched connections; repeats nothing."""

    def __init__(self, wire: _Wire) -> None:
        self._pools = _pools(wire)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(wire: _Wire) -> dict[str, type[HTTPConnectionPool]]:
    class Watched(HTTPConnection):
        _connects = False

        def connect(self) -> None:
            # A proxy is spoken to while connecting: that is no word of the message yet.
            self._connects = True
            try:
                super().connect()
            finally:
                self._connects = False

        def send(self, data: Any) -> None:
            if not self._connects:
                if self.sock is None:
                    self.connect()
                wire.speak(self.sock)
            super().send(data)

    class WatchedTLS(Watched, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Watched

    class PoolTLS(HTTPSConnectionPool):
        ConnectionCls = WatchedTLS

    return {"http": Pool, "https": PoolTLS}


def _backend() -> Any:
    """
    anymail's backend, with short patience and no opinion of its own.

    :raises ImproperlyConfigured: a key is missing
    """
    made = import_string(f"anymail.backends.{settings.EMAIL_PROVIDER}.EmailBackend")
    return made(
        timeout=(settings.MAIL_CONNECT_SECONDS, settings.MAIL_LAST_DOT_SECONDS),
        ignore_unsupported_features=False,
        ignore_recipient_status=False,
    )


def _acceptance(mail: EmailMultiAlternatives, recipient: str) -> Answer:
    """
    What the provider says of its only recipient.

    :raises Broken: it took the request and not the mail
    """
    status: Any = mail.anymail_status  # type: ignore[attr-defined]  # anymail's
    said = {one.status for one in status.recipients.values()}
    code, text = _said(status.esp_response)
    if said and not said & {"sent", "queued", "unknown"}:
        raise Broken(Answer(Verdict.FAILED, "refused", code, text))
    receipt = "" if status.message_id is None else str(status.message_id)
    words = f"{' '.join(sorted(filter(None, said)))} {receipt}".strip()
    return Answer(Verdict.SENT, "", code, words, receipt=receipt)


def _said(response: Any) -> tuple[int, str]:
    return response.status_code, response.text[:2000].strip()


def _is_misconfigured(error: BaseException | None) -> bool:
    """A certificate that cannot be verified, or an address that is none."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | requests.exceptions.InvalidURL):
            return True
        if isinstance(error, requests.exceptions.MissingSchema | requests.exceptions.InvalidSchema):
            return True
        inner = [arg for arg in error.args if isinstance(arg, BaseException)]
        reason = getattr(error, "reason", None)
        inner += [reason] if isinstance(reason, BaseException) else []
        error = error.__cause__ or error.__context__ or next(iter(inner), None)
    return False


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        # Not the method of an encrypted one, which another thread is reading from.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _words(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"[:500]
