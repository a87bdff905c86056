"""What people are called: what is accepted, what is the same, how names sort and read in Latin."""

from __future__ import annotations

import re
import unicodedata

import iuliia
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.spelling import fold, search_key, search_terms

__all__ = [
    "NameNotAccepted",
    "check",
    "check_latin",
    "clean",
    "latin_name",
    "name_key",
    "organization_key",
    "search_key",
    "search_terms",
    "sort_key",
    "unmixed",
    "warnings",
]

LIMIT = 120
KEY_LIMIT = 400  # the columns name_key and sort_key
ORGANIZATION_KEY_LIMIT = 300
LATIN_LIMIT = 250  # the column latin_name
ADDRESS_LIMIT = 254  # the columns with e-mail addresses

SIGNS = frozenset(" -‐‑'’ʼʻ.·,()")
# A joiner is part of the spelling in Arabic and Indic scripts, and noise elsewhere.
JOINERS = "\u200c\u200d"
# Letters and marks by category that print nothing at all.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
}
# Pairs that look alike, Latin first. Used to find out which letter was meant.
LOOK_ALIKE = ("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")


class NameNotAccepted(ValueError):
    """A name that cannot be stored; the message says in words what to change."""


def clean(text: str) -> str:
    """
    The text as it is stored: NFC, no invisible characters, single spaces, no ends.

    Meant for one-line fields (names, organizations, positions). Never fails, and
    changes nothing that can be seen: case, apostrophes and hyphens stay as typed.
    """
    # Nearly always: then nobody looks at each letter.
    if not (text.isprintable() and INVISIBLE.isdisjoint(text)):
        text = "".join(
            " " if char.isspace() else char
            for position, char in enumerate(text)
            if not _is_invisible(text, position)
        )
    return unicodedata.normalize("NFC", " ".join(text.split()))


def check(text: str, *, limit: int = LIMIT) -> str:
    """
    The cleaned name, or an objection in words. Nothing typed gives "" back.

    :raises NameNotAccepted: too long (in characters), a sign that no name has, no letter
    """
    name = clean(text)
    if not name:
        return ""
    strangers = list(dict.fromkeys(char for char in name if not _is_allowed(char)))
    if strangers and all(char.isdigit() for char in strangers):
        raise NameNotAccepted(_("Digits cannot stand here: letters, spaces, - ' . , ( ) only."))
    if strangers:
        raise NameNotAccepted(
            _("“%(signs)s” cannot stand here: letters, spaces, - ' . , ( ) only.")
            % {"signs": " ".join(strangers[:5])}
        )
    if not any(char.isalpha() for char in name):
        raise NameNotAccepted(_("At least one letter is needed here."))
    if len(name) > limit:
        raise NameNotAccepted(
            ngettext(
                "At most %(limit)d character fits here; this has %(length)d.",
                "At most %(limit)d characters fit here; this has %(length)d.",
                limit,
            )
            % {"limit": limit, "length": len(name)}
        )
    return name


def check_latin(text: str) -> str:
    """
    The cleaned name as it is printed in Latin letters, or an objection in words.

    :raises NameNotAccepted: what `check` objects to, a letter of another alphabet
    """
    name = check(text, limit=LATIN_LIMIT)
    strangers = [char for char in name if char.isalpha() and not _is_latin(char)]
    if strangers:
        raise NameNotAccepted(
            _("Only Latin letters can stand here, as in the passport. These are not: %(signs)s.")
            % {"signs": " ".join(list(dict.fromkeys(strangers))[:5])}
        )
    return name


def name_key(family: str, given: str, patronymic: str) -> str:
    """The same for two spellings of one person's name: case, ё, apostrophes, dots aside."""
    name = " ".join(filter(None, map(clean, (family, given, patronymic))))
    return " ".join(fold(name, strips_marks=False).replace(".", " ").split())[:KEY_LIMIT]


def sort_key(family: str, given: str, patronymic: str) -> str:
    """
    What a list of people is ordered by, under the "C" collation of the database.

    Family name first, as typed ("фон Мюллер" under ф); who has one name sorts by it.
    """
    return fold(" ".join(filter(None, map(clean, (family, given, patronymic)))))[:KEY_LIMIT]


def organization_key(text: str) -> str:
    """The same for two spellings of an organization: case, quotes, dashes, ё aside."""
    words = re.sub(r"[^\w&+]+", " ", fold(clean(text), strips_marks=False).replace("_", " "))
    return words.strip()[:ORGANIZATION_KEY_LIMIT]


def latin_name(family: str, given: str) -> str:
    """
    A suggestion for the badge, "Ivan Petrov", spelled as in a passport (ICAO 9303).

    "" when letters are left over that the table does not know: then ask the person.
    """
    name = " ".join(_in_latin(word) for word in clean(f"{given} {family}").split())
    if any(char.isalpha() and not _is_latin(char) for char in name):
        return ""
    # «Щ» is four letters in a passport: a name of 120 letters may not fit its column.
    return name[:LATIN_LIMIT].rstrip()


def warnings(family: str, given: str, patronymic: str) -> list[str]:
    """
    What the organizer should look at before badges are printed. Nothing is changed.

    Of "mixed_script", "all_caps", "no_caps", "needs_latin".
    """
    parts = [part for part in map(clean, (family, given, patronymic)) if part]
    called = [clean(family), clean(given)]  # a patronymic may end in "оглы"
    cased = [part for part in parts if part.upper() != part.lower()]
    long = [part for part in cased if sum(map(str.isalpha, part)) > 1]
    return [
        code
        for code, holds in (
            ("mixed_script", any(unmixed(part) != part or _is_mixed(part) for part in parts)),
            ("all_caps", bool(long) and all(part == part.upper() for part in cased)),
            ("no_caps", any(part == part.lower() for part in cased if part in called)),
            ("needs_latin", not latin_name(family, given)),
        )
        if holds
    ]


def unmixed(text: str) -> str:
    """The fix for mixed letters: look-alikes of the rarer alphabet, word by word, replaced."""
    return re.sub(r"\w+", lambda match: _unmixed_word(match[0]), clean(text))


def _unmixed_word(word: str) -> str:
    latin, cyrillic = (sum(map(test, word)) for test in (_is_latin, _is_cyrillic))
    if not (latin and cyrillic):
        return word
    source, target = LOOK_ALIKE if cyrillic >= latin else LOOK_ALIKE[::-1]
    fixed = word.translate(str.maketrans(source, target))
    return word if _is_mixed(fixed) else fixed


def _is_mixed(text: str) -> bool:
    return any(
        any(map(_is_latin, word)) and any(map(_is_cyrillic, word))
        for word in re.findall(r"\w+", text)
    )


def _in_latin(word: str) -> str:
    spelled: str = iuliia.ICAO_DOC_9303.translate(word)
    shouts = len(word) > 1 and word == word.upper()
    return spelled.upper() if shouts else spelled


def _is_latin(char: str) -> bool:
    return "LATIN" in unicodedata.name(char, "")


def _is_cyrillic(char: str) -> bool:
    return "CYRILLIC" in unicodedata.name(char, "")


def _is_allowed(char: str) -> bool:
    return char in SIGNS or char in JOINERS or unicodedata.category(char)[0] in "LM"


def _is_invisible(text: str, position: int) -> bool:
    char = text[position]
    if char in JOINERS:
        around = text[max(position - 1, 0) : position + 2].replace(char, "")
        return not (len(around) == 2 and all("\u0600" <= other <= "\u0dff" for other in around))
    hidden = unicodedata.category(char) in ("Cf", "Cc", "Cs") and not char.isspace()
    return hidden or char in INVISIBLE
