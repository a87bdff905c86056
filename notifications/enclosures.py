"""What a letter may carry beside its words, as the houses above hand it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """
    A file that travels with a letter.

    `content_type` is "text/calendar" or "image/png"; `params` are its parameters
    ({"method": "REQUEST", "charset": "UTF-8"}). A calendar also goes as an alternative of
    the words, where mail programs look for invitations. `inline_id` makes the file a
    picture in the HTML, which names it as `cid:<inline_id>`; such a file is no attachment.
    """

    filename: str
    content_type: str
    content: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    inline_id: str = ""

    @property
    def is_calendar(self) -> bool:
        return self.content_type == "text/calendar"


class Maker(Protocol):
    """
    Makes an enclosure from the snapshot of a message; reads no clock, and no row but one that
    never changes, which a second argument names (“file:17”).
    """

    def __call__(self, snapshot: Mapping[str, Any], which: str = ..., /) -> Enclosure: ...


def make(name: str, snapshot: Mapping[str, Any]) -> Enclosure:
    """
    The enclosure that settings.MAIL_ENCLOSURES knows by that name.

    :raises KeyError: no house has promised such an enclosure
    """
    name, _colon, which = name.partition(":")
    maker: Maker = import_string(settings.MAIL_ENCLOSURES[name])
    return maker(snapshot, which) if which else maker(snapshot)
