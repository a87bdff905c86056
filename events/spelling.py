"""How a name is found however it is spelled: ё or е, the wrong keyboard, Cyrillic or Latin."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import iuliia

KEY_LIMIT = 1500  # the column search_key
MOST_WORDS = 8

APOSTROPHES = "'’‘ʼʻ`´ʹʾʿ′＇"
HYPHENS = "‐‑‒–—−"
QUOTES = '«»„“”"‹›‚'
# Latin letters that no decomposition reaches.
BARE = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
ENDS = ".,;:()[]!?/\\" + QUOTES

# The keys of one keyboard under its two usual layouts.
LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
CYRILLIC_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбю"
TO_CYRILLIC = str.maketrans(LATIN_KEYS, CYRILLIC_KEYS)
TO_LATIN = str.maketrans(CYRILLIC_KEYS, LATIN_KEYS)

# Spellings of one sound, so that Yuri, Jurij and Iurii meet. Order matters.
SOUNDS = [
    ("shch", "sch"), ("kh", "h"), ("x", "ks"), ("w", "v"), ("y", "i"), ("j", "i"),
    ("ii", "i"), ("ie", "e"), ("tz", "ts"),
    ("ck", "k"), ("kk", "k"), ("ce", "se"), ("ci", "si"),
]  # fmt: skip
# What is left of c after SOUNDS: Коннор is Connor, Качеев stays Kacheev.
HARD_C = re.compile("c(?!h)")


def fold(text: str, *, strips_marks: bool = True) -> str:
    """
    The text without what people disagree about: case, ё, apostrophes, kinds of hyphen.

    Accents go too (Łukasz → lukasz), but Й stays Й: it is a letter of its own.
    """
    text = text.casefold()
    text = text.translate({ord(char): None for char in APOSTROPHES})
    text = text.translate({ord(char): "-" for char in HYPHENS})
    if strips_marks:
        text = "".join(map(_bare, unicodedata.normalize("NFC", text)))
    return unicodedata.normalize("NFC", text).replace("ё", "е")


def search_key(*parts: str) -> str:
    """
    What is searched for a person: every word folded, and as it sounds in Latin.

    Give names, Latin name, e-mail, organization, the most telling first: what does not
    fit into the column is left off from the end.
    """
    words = [word for part in parts for raw in part.split() if (word := fold(raw).strip(ENDS))]
    both = dict.fromkeys([*words, *(_sound(word) for word in words)])
    return " ".join(filter(None, both))[:KEY_LIMIT]


def search_terms(query: str) -> list[list[str]]:
    """
    For each word of the query the ways it may stand in a search key, as typed first.

    Somebody is found when of every list at least one is contained in their key.
    """
    raws = query.casefold().replace("-", " ").split()[:MOST_WORDS]
    return [ways for raw in raws if (ways := _ways(raw))]


def _ways(raw: str) -> list[str]:
    as_typed = fold(raw).strip(ENDS)
    sound = _sound(as_typed)
    # «ыы» sounds as "i", which everybody's name has.
    ways = [as_typed, sound if len(sound) > 1 or len(as_typed) < 2 else ""]
    for switched in (raw.translate(TO_CYRILLIC), raw.translate(TO_LATIN)):
        # A key must stand for a letter: "ivanov@" is nobody's «шмфтщм@».
        if switched != raw and switched[:1].isalpha() and not any(map(str.isdigit, raw)):
            ways.append(fold(switched).strip(ENDS))
    return [way for way in dict.fromkeys(ways) if way]


def _sound(word: str) -> str:
    """A word in plain Latin letters by sound; "" where that means nothing."""
    if "@" in word:
        return ""
    latin = iuliia.ICAO_DOC_9303.translate(word)
    for spelling, sound in SOUNDS:
        latin = latin.replace(spelling, sound)
    latin = HARD_C.sub("k", latin)
    return latin if latin.isascii() else ""


@cache
def _bare(char: str) -> str:
    if char == "й":
        return char
    letters = (BARE.get(part, part) for part in unicodedata.normalize("NFD", char))
    return "".join(part for part in letters if not unicodedata.combining(part))
