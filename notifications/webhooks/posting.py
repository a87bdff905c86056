"""
One POST to somebody else's server: short, to the very address that was judged, once.

The standard library is used bare, because what matters here is what HTTP libraries take out
of one's hands: which address is connected to, that no redirect is followed, no proxy of the
environment asked, no cookie kept, and that the whole of it ends in time.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from notifications.webhooks import reach
from notifications.webhooks.reach import Address, AddressRefused, Place

logger = logging.getLogger(__name__)

SECONDS = 5.0
# Of an answer nothing is needed but its beginning.
MOST_BYTES = 500
AGENT = "Yavka-Webhooks/1"
# What is decided before anything is sent, however long it takes.
BEFORE = ("address_forbidden", "name_unknown")
# The socket's own patience may end a moment before ours.
EARLY = 0.05


@dataclass(frozen=True)
class Reply:
    """What came back. `trouble` is a key of TROUBLES; "" for an answer of 200 to 299."""

    code: int | None
    trouble: str
    text: str
    milliseconds: int


def post(url: str, content: bytes, headers: dict[str, str], *, seconds: float = SECONDS) -> Reply:
    """Post once. Whatever happens is an answer: nothing is raised."""
    began = time.monotonic()
    code: int | None = None
    text = trouble = ""
    try:
        code, text = _post(reach.place_of(url), content, headers, seconds=seconds)
        trouble = _trouble(code)
    except (reach.Forbidden, AddressRefused):
        trouble = "address_forbidden"
    except reach.Unknown:
        trouble = "name_unknown"
    except ssl.SSLError as error:
        trouble, text = "tls", str(error.reason or "")
    except http.client.HTTPException:
        trouble = "no_http"
    except OSError:
        trouble = "no_connection"
    except Exception:  # one address must not hold up the next
        logger.exception("Cannot post to a webhook")
        trouble = "no_connection"
    if code is None and trouble not in BEFORE and _is_over(began, seconds):
        trouble, text = "too_slow", ""
    took = round((time.monotonic() - began) * 1000)
    return Reply(code, trouble, _printable(text), took)


def _trouble(code: int) -> str:
    if 200 <= code < 300:
        return ""
    return "redirected" if 300 <= code < 400 else "refused"


def _is_over(began: float, seconds: float) -> bool:
    return time.monotonic() - began > seconds - EARLY


def _post(
    place: Place, content: bytes, headers: dict[str, str], *, seconds: float
) -> tuple[int, str]:
    over_at = time.monotonic() + seconds
    line = _connect(reach.resolve(place), place.port, over_at)
    if place.scheme == "https":
        line = _wrapped(line, place)
    # Per read, patience could be had byte by byte for ever: the whole is cut off instead.
    guillotine = threading.Timer(max(0.01, over_at - time.monotonic()), _cut, [line])
    guillotine.daemon = True
    guillotine.start()
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        talk = http.client.HTTPConnection(place.host, place.port)
        talk.sock = line
        talk.request(
            "POST",
            place.path,
            body=content,
            headers={
                "Host": _host(place),
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": AGENT,
                "Accept-Encoding": "identity",
                "Connection": "close",
                **headers,
            },
        )
        answer = talk.getresponse()
        if time.monotonic() > over_at - EARLY:
            raise TimeoutError  # cut off among the headers, which may look like their end
        text = ""
        with suppress(OSError, http.client.HTTPException):
            text = answer.read(MOST_BYTES).decode("utf-8", "replace")
        return answer.status, text
    finally:
        guillotine.cancel()
        _cut(line)
        line.close()


def _connect(addresses: list[Address], port: int, over_at: float) -> socket.socket:
    """To the first address that answers; each was judged, and none is looked up again."""
    last: OSError = TimeoutError()
    for position, address in enumerate(addresses):
        left = over_at - time.monotonic()
        if left <= 0:
            break
        # Two minutes for a dead first address would leave nothing for the second.
        share = left / min(2, len(addresses) - position)
        # By hand, since `create_connection` would ask for the address once more.
        line = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
        try:
            line.settimeout(share)
            line.connect((str(address), port))
        except OSError as error:
            line.close()
            last = error
            continue
        line.settimeout(max(0.01, over_at - time.monotonic()))
        return line
    raise last


def _wrapped(line: socket.socket, place: Place) -> ssl.SSLSocket:
    """Encrypted from the first word on, and only with whoever can prove the name."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        return context.wrap_socket(line, server_hostname=place.host, do_handshake_on_connect=False)
    except (OSError, ValueError):
        line.close()
        raise


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        # Not the method of an encrypted one, which another thread is reading from.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _host(place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    usual = {"https": 443, "http": 80}[place.scheme]
    return host if place.port == usual else f"{host}:{place.port}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:MOST_BYTES]
