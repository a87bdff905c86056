"""
Fetching what came back from a mailbox: IMAP, or a Maildir or mbox on this machine.

A report about a mail of ours is believed and deleted. Everything else is marked as seen and
left: somebody may have answered.
"""

from __future__ import annotations

import imaplib
import logging
import mailbox
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from notifications.bounces import fates, reports
from notifications.bounces.reports import Report

logger = logging.getLogger(__name__)

MOST = 200
# A report stands at the beginning; what it returns may be long.
MOST_BYTES = 256 * 1024
SECONDS = 30


class NoMailbox(Exception):
    """BOUNCE_MAILBOX is none that can be read."""


class Box(Protocol):
    """Unread mails, one after the other; each is then deleted or marked."""

    def unread(self) -> Iterator[tuple[str, bytes]]: ...
    def delete(self, key: str) -> None: ...
    def mark(self, key: str) -> None: ...


def read(url: str) -> tuple[int, int]:
    """
    Read what is new; how many reports were about mails of ours, and how many mails were not.

    :raises NoMailbox: the address is none, or the server refuses
    """
    ours = others = 0
    with _opened(url) as box:
        for key, content in box.unread():
            report = _read(content)
            if report is None or not fates.is_ours(report.message_id):
                others += 1
                box.mark(key)
                continue
            # First believed, then deleted: whoever is interrupted believes it once more.
            fates.believe(source="bounce", **asdict(report))
            ours += 1
            box.delete(key)
    return ours, others


def _read(content: bytes) -> Report | None:
    try:
        return reports.read(content)
    except Exception:  # what cannot be read must not hold up the next
        logger.exception("A mail that came back cannot be read")
        return None


@contextmanager
def _opened(url: str) -> Iterator[Box]:
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.scheme in ("imap", "imaps"):
        with _imap(url) as box:
            yield box
    elif parts.scheme == "maildir" and path.is_dir():
        yield _Maildir(path)
    elif parts.scheme == "mbox" and path.is_file():
        with _mbox(path) as box:
            yield box
    elif parts.scheme in ("maildir", "mbox"):
        what = "folder" if parts.scheme == "maildir" else "file"
        raise NoMailbox(f"BOUNCE_MAILBOX: there is no {what} {path}, or it may not be read")
    else:
        raise NoMailbox(
            "BOUNCE_MAILBOX is imaps://user:password@host/INBOX, maildir:///path or mbox:///path"
        )


class _Maildir:
    def __init__(self, path: Path) -> None:
        self._box = mailbox.Maildir(path, factory=None, create=False)

    def unread(self) -> Iterator[tuple[str, bytes]]:
        for key in list(self._box.iterkeys())[: MOST * 10]:
            with suppress(KeyError):  # somebody else was quicker
                if "S" not in self._box.get_message(key).get_flags():
                    with self._box.get_file(key) as file:
                        yield key, file.read(MOST_BYTES)

    def delete(self, key: str) -> None:
        self._box.discard(key)

    def mark(self, key: str) -> None:
        message = self._box.get_message(key)
        message.set_subdir("cur")
        message.add_flag("S")
        self._box[key] = message


@contextmanager
def _mbox(path: Path) -> Iterator[Box]:
    box = mailbox.mbox(path, create=False)
    box.lock()
    try:
        yield _Mbox(box)
    finally:
        box.flush()
        box.unlock()
        box.close()


class _Mbox:
    def __init__(self, box: mailbox.mbox) -> None:
        self._box = box

    def unread(self) -> Iterator[tuple[str, bytes]]:
        for key in list(self._box.iterkeys()):
            if "R" not in self._box.get_message(key).get_flags():
                yield key, self._box.get_bytes(key)[:MOST_BYTES]

    def delete(self, key: str) -> None:
        self._box.discard(key)

    def mark(self, key: str) -> None:
        message = self._box.get_message(key)
        message.add_flag("RO")
        self._box[key] = message


@contextmanager
def _imap(url: str) -> Iterator[Box]:
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    try:
        server: imaplib.IMAP4
        if parts.scheme == "imaps":
            context = ssl.create_default_context()
            server = imaplib.IMAP4_SSL(
                host, parts.port or 993, ssl_context=context, timeout=SECONDS
            )
        else:
            server = imaplib.IMAP4(host, parts.port or 143, timeout=SECONDS)
    except OSError as error:
        raise NoMailbox(f"{host}: {error}") from error
    try:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        answer, said = server.select('"' + folder.replace('"', "") + '"')
        if answer != "OK":
            raise NoMailbox(f"{host}: {said!r}")
        yield _Imap(server)
        server.expunge()
    except (OSError, imaplib.IMAP4.error) as error:
        raise NoMailbox(f"{host}: {error}") from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()


class _Imap:
    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def unread(self) -> Iterator[tuple[str, bytes]]:
        _, [found] = self._server.uid("search", "UNSEEN", "UNDELETED")
        for uid in (found or b"").split()[:MOST]:
            _, parts = self._server.uid("fetch", uid.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
            content = next((part[1] for part in parts if isinstance(part, tuple)), None)
            if content is not None:
                yield uid.decode(), content

    def delete(self, key: str) -> None:
        self._server.uid("store", key, "+FLAGS", r"(\Deleted \Seen)")

    def mark(self, key: str) -> None:
        self._server.uid("store", key, "+FLAGS", r"(\Seen)")
