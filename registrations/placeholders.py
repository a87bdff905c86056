"""
`{name}` in an organizer's words: what may stand there, and what is put in its place, once.

No template language: a text is cut into words, bold words, links and names of values, and a
value is never looked at again. So what a person calls himself stays what he calls himself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

from django.utils.translation import gettext as _

from accounts.refusals import Refused
from registrations import names

# "" plain words, "b" bold ones, "a" an address to go to.
Look = Literal["", "b", "a"]
Run = tuple[str, Look]
# Values that are addresses; any other is words, whatever it looks like.
LINKS = frozenset({"link"})

_PIECE = re.compile(
    r"\{(?P<name>[a-z_]+)\}"
    r"|(?P<link>https?://[^\s{}<>*\"]*[^\s{}<>*\".,;:!?)\]»”’'])"
    r"|(?P<bold>\*\*)"
)
_BRACES = re.compile(r"\{([^{}]*)\}|([{}])")
_NAME = re.compile(r"[a-z_]+")


class TextNotAccepted(Refused):
    """Something stands in braces that nothing is known for; `placeholder` says what."""

    code = "text_not_accepted"


def check(text: str, allowed: Collection[str]) -> None:
    """:raises TextNotAccepted: something in braces that is not allowed, or a brace alone"""
    for found in _BRACES.finditer(text):
        name, brace = found.groups()
        if brace is not None:
            around = text[max(0, found.start() - 10) : found.end() + 10].strip()
            raise TextNotAccepted(
                _("The brace %(brace)s in “%(around)s” has no counterpart. Remove it.")
                % {"brace": brace, "around": around},
                placeholder=brace,
            )
        if not _NAME.fullmatch(name) or name not in allowed:
            raise TextNotAccepted(
                _("%(what)s means nothing here. You can use: %(allowed)s.")
                % {
                    "what": f"{{{name[:40]}}}",
                    "allowed": ", ".join(f"{{{one}}}" for one in allowed),
                },
                placeholder=name[:40],
            )


def one_line(text: str) -> str:
    """A subject as it is stored: what cannot be seen, and every break, taken out."""
    return names.clean(text)


def paragraphs(text: str) -> str:
    """A text as it is stored: clean lines, one empty line between paragraphs."""
    lines = [names.clean(line) for line in re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", text)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """A subject with its values, in one line."""
    filled = re.sub(
        r"\{([a-z_]+)\}", lambda found: values.get(found.group(1), found.group(0)), text
    )
    return " ".join(filled.split())


def fill(text: str, values: Mapping[str, str]) -> list[list[Run]]:
    """A text with its values: paragraphs of runs, which only need to be escaped."""
    return [_runs(one, values) for one in re.split(r"\n{2,}", text.strip("\n")) if one]


def _runs(paragraph: str, values: Mapping[str, str]) -> list[Run]:
    runs: list[Run] = []
    bold = False
    end = 0
    for found in _PIECE.finditer(paragraph):
        _add(runs, paragraph[end : found.start()], bold=bold)
        end = found.end()
        name, link = found["name"], found["link"]
        if name is not None:
            value = values.get(name, found.group(0))
            if name in LINKS and value:
                runs.append((value, "a"))
            else:
                _add(runs, value, bold=bold)
        elif link is not None:
            runs.append((link, "a"))
        elif bold or "**" in paragraph[end:]:
            bold = not bold
        else:
            # Two asterisks that nothing closes are two asterisks.
            _add(runs, "**", bold=False)
    _add(runs, paragraph[end:], bold=bold)
    return runs


def _add(runs: list[Run], words: str, *, bold: bool) -> None:
    look: Look = "b" if bold else ""
    if words and runs and runs[-1][1] == look:
        runs[-1] = (runs[-1][0] + words, look)
    elif words:
        runs.append((words, look))
