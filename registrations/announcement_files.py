"""Files that go with an announcement: which are taken, under what name, and into the mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from accounts.refusals import Refused
from notifications.enclosures import Enclosure
from registrations import names
from registrations.models import Announcement, AnnouncementFile
from registrations.models.announcements import MOST_BYTES, MOST_FILES

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
# By the end of the name: what it is called in a mail, and how its content begins. Nothing
# that runs: no macros, no archives, no pages.
KNOWN: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "docx": (f"{_OFFICE}wordprocessingml.document", (_ZIP,)),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", (_ZIP,)),
    "pptx": (f"{_OFFICE}presentationml.presentation", (_ZIP,)),
    "odt": (f"{_OPEN}text", (_ZIP,)),
    "ods": (f"{_OPEN}spreadsheet", (_ZIP,)),
    "odp": (f"{_OPEN}presentation", (_ZIP,)),
    "doc": ("application/msword", (_OLE,)),
    "xls": ("application/vnd.ms-excel", (_OLE,)),
    "ppt": ("application/vnd.ms-powerpoint", (_OLE,)),
}
LONGEST_NAME = 100


class FileNotAccepted(Refused):
    """The file is too large, or not one that goes with a mail."""

    code = "file_not_accepted"


def too_large() -> FileNotAccepted:
    return FileNotAccepted(
        _("The files of a message may have %(n)d MB together.") % {"n": MOST_BYTES // 1_000_000}
    )


def add(announcement: Announcement, *, name: str, content: bytes) -> AnnouncementFile:
    """
    Keep a file with a draft whose row is locked. The same name again replaces it.

    :raises FileNotAccepted: of another sort than its name says or than is taken, or too much
    """
    name = clean_name(name)
    _stem, dot, end = name.rpartition(".")
    content_type, beginnings = KNOWN.get(end, ("", ())) if dot else ("", ())
    if not content_type:
        raise FileNotAccepted(
            _("Only PDF, pictures and office documents can be attached: %(ends)s.")
            % {"ends": ", ".join(KNOWN)}
        )
    if not content.startswith(beginnings):
        raise FileNotAccepted(
            _("“%(name)s” is not what its name says. Save it anew and try again.") % {"name": name}
        )
    others = announcement.files.exclude(name=name)
    sizes = list(others.values_list("size", flat=True))
    if sum(sizes) + len(content) > MOST_BYTES:
        raise too_large()
    if len(sizes) >= MOST_FILES:
        raise FileNotAccepted(_("A message may have %(n)d files at most.") % {"n": MOST_FILES})
    announcement.files.filter(name=name).delete()
    return AnnouncementFile.objects.create(
        announcement=announcement,
        name=name,
        content_type=content_type,
        content=content,
        size=len(content),
    )


def clean_name(typed: str) -> str:
    """A file's name without a path, without what cannot be seen, not too long; small ending."""
    name = names.clean(re.split(r"[/\\]", typed)[-1])
    name = re.sub(r'[<>:"|?*\x00-\x1f]', "_", name).strip(". ")
    stem, dot, end = name.rpartition(".")
    if not dot:
        return name[:LONGEST_NAME]
    return f"{stem.strip()[:LONGEST_NAME] or 'file'}.{end.lower()[:10]}"


def enclosures(announcement: Announcement) -> list[str]:
    """What its letters are enclosed, as the outbox names it."""
    return [f"file:{announcement.uid}/{file.uid}" for file in announcement.files.all()]


def enclosure(_snapshot: Mapping[str, Any], which: str) -> Enclosure:
    """
    One file of an announcement, for its mail.

    :raises KeyError: it is not there any more
    """
    announcement, _slash, file = which.partition("/")
    return _of(announcement)[file]


@lru_cache(maxsize=1)
def _of(announcement: str) -> dict[str, Enclosure]:
    """Kept while letters of the same announcement leave: they are the same for thousands."""
    files = AnnouncementFile.objects.filter(announcement__uid=announcement)
    return {
        str(file.uid): Enclosure(
            filename=file.name, content_type=file.content_type, content=bytes(file.content)
        )
        for file in files
    }
