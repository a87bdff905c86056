"""
Translations without gettext tools: extract, merge, check and compile with Babel.

Every house keeps its own catalogue, `<house>/locale/<language>/LC_MESSAGES/django.po`,
beside the code that speaks. English is what the code says itself and needs none.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
HOUSES = (
    "config", "accounts", "events", "notifications", "registrations", "attendance", "badges",
    "reports",
)  # fmt: skip
LANGUAGES = ("ru",)
TEMPLATES = ("*.html", "*.txt", "*.xml", "*.ics", "*.svg")
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Neither words nor sentences: the same in every language.
SAME_EVERYWHERE = frozenset({"API", "CSV", "XLSX", "PDF", "QR", "Yavka", "Telegram"})
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[sd]|\{(\w*)[^{}]*\}")
TAG = re.compile(r"</?[a-z][a-z0-9]*")
# No dates: they would make every merge a conflict and tell nothing that git does not.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals};\\n"

"""


def path(house: str, language: str) -> Path:
    return ROOT / house / "locale" / language / "LC_MESSAGES" / "django.po"


def merge(house: str, language: str) -> bool:
    """Bring a catalogue up to what the house says now. Return whether the file changed."""
    catalogue = _merged(house, language)
    file = path(house, language)
    text = io.BytesIO()
    write_po(
        text, catalogue, no_location=True, sort_output=True, omit_header=True, width=90,
        ignore_obsolete=True,
    )  # fmt: skip
    header = HEADER.format(language=language, plurals=catalogue.plural_forms.rstrip(";"))
    new = header.encode() + text.getvalue()
    if not len(catalogue) or (file.exists() and file.read_bytes() == new):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(new)
    return True


def faults(language: str) -> list[str]:
    """What is wrong with the catalogues of a language, one line per fault; [] is good."""
    found: list[str] = []
    said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for house in HOUSES:
        catalogue = _merged(house, language)
        found += [f"{house}: obsolete: {key!r}" for key in catalogue.obsolete]
        for message in catalogue:
            if not message.id:
                continue
            found += [f"{house}: {fault}: {message.id!r}" for fault in _faults_of(message)]
            said[sources(message)[0], message.context or ""][targets(message)[0]] = house
    for (source, _context), ways in said.items():
        if len(ways) > 1:
            # One of them would win for both houses, by the order of INSTALLED_APPS.
            found.append(f"{', '.join(ways.values())}: differ: {source!r}")
    return found


def compile_stale() -> list[Path]:
    """Write the .mo file of each catalogue that is newer than it. Return what was written."""
    written = []
    for file in sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po")):
        target = file.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= file.stat().st_mtime:
            continue
        with file.open("rb") as source:
            catalogue = read_po(source, locale=file.parent.parent.name)
        binary = io.BytesIO()
        write_mo(binary, catalogue)
        # In one step: another process may be reading, or doing the same.
        part = target.with_name(f".{target.name}.{id(binary)}")
        part.write_bytes(binary.getvalue())
        part.replace(target)
        written.append(target)
    return written


def said_by(house: str) -> Iterator[tuple[str, Any, list[str], str | None]]:
    """Each message of a house's code and templates: where, what, translators' notes, context."""
    home = ROOT / house
    for file in sorted(home.rglob("*.py")):
        yield from _extracted(file, file.read_bytes())
    for pattern in TEMPLATES:
        for file in sorted((home / "templates").rglob(pattern)):
            code = templatize(file.read_text(encoding="utf-8"), origin=str(file))
            # What is no message is blanked out; left are lines with calls, no indentation.
            lines = "\n".join(line.strip() for line in code.splitlines())
            yield from _extracted(file, lines.encode())


def _extracted(file: Path, code: bytes) -> Iterator[tuple[str, Any, list[str], str | None]]:
    found: Iterable[Any] = extract(
        "python", io.BytesIO(code), KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
    )  # fmt: skip
    for line, message, comments, context in found:
        yield f"{file.relative_to(ROOT)}:{line}", message, comments, context


def _merged(house: str, language: str) -> Catalog:
    file = path(house, language)
    if file.exists():
        with file.open("rb") as source:
            catalogue = read_po(source, locale=language, abort_invalid=True)
    else:
        catalogue = Catalog(locale=language)
    template = Catalog()
    for _where, message, comments, context in said_by(house):
        template.add(message, auto_comments=comments, context=context)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def sources(message: Message) -> list[str]:
    """The English: one text, or singular and plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def targets(message: Message) -> list[str]:
    """The translation: one text, or one per plural form."""
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or [""])


def _faults_of(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    english, translated = sources(message), targets(message)
    if not all(translated) or (len(english) > 1 and len(translated) < 2):
        yield "empty"
        return
    said = english[0]
    if translated[0] == said and said not in SAME_EVERYWHERE and _has_words(said):
        yield "untranslated"
    if any(_placeholders(text) != _placeholders(english[-1]) for text in translated):
        yield "placeholders differ"
    if any(_tags(text) != _tags(english[-1]) for text in translated):
        yield "tags differ"
    if any(text.endswith("\n") != said.endswith("\n") for text in translated):
        yield "line ends differ"


def _placeholders(text: str) -> list[str]:
    return sorted({match[0] for match in PLACEHOLDER.finditer(text.replace("%%", ""))})


def _tags(text: str) -> list[str]:
    return sorted(TAG.findall(text))


def _has_words(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", TAG.sub("", PLACEHOLDER.sub("", text))))
