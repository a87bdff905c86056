"""A name in one cell, as lists have it: which part is which."""

from __future__ import annotations

from registrations import names

# Written small before a family name: they belong to it ("фон Мюллер", "de la Cruz").
PARTICLES = frozenset((
    "фон", "фан", "ван", "де", "ди", "да", "ла", "ле", "дю", "дер", "ден", "тен", "аль", "эль",
    "бен", "ибн", "von", "van", "der", "den", "de", "di", "da", "del", "della", "la", "le", "du",
    "dos", "al", "el", "ben", "ibn", "bin", "ter", "ten",
))  # fmt: skip


def split(full: str) -> tuple[str, str, str]:
    """
    Family name, given name, patronymic of “Иванов Пётр Ильич” or “Ivanov, Peter”.

    The family name comes first, as in lists; behind a comma everything is the given name.
    One word is a given name: people with one name are called by it. Initials stay initials.
    """
    name = names.clean(full)
    if "," in name:
        before, _comma, behind = name.partition(",")
        return before.strip(), *_given(behind.split())
    words = _apart(name)
    if len(words) < 2:
        return "", name, ""
    last = next((at for at, word in enumerate(words) if word not in PARTICLES), 0)
    if last + 1 == len(words):
        return "", name, ""
    return " ".join(words[: last + 1]), *_given(words[last + 1 :])


def join(family: str, given: str, patronymic: str) -> str:
    """The parts as one cell, so that `split` finds them again."""
    plain = " ".join(filter(None, [family, given, patronymic]))
    if not family or split(plain) == (family, given, patronymic):
        return plain
    return f"{family}, {' '.join(filter(None, [given, patronymic]))}".rstrip(", ")


def _given(words: list[str]) -> tuple[str, str]:
    return (words[0], " ".join(words[1:])) if words else ("", "")


def _apart(name: str) -> list[str]:
    """The words; “П.И.” is two, as whoever wrote it meant."""
    words = []
    for word in name.split():
        initials = word.rstrip(".").split(".")
        if "." in word and all(len(letter) == 1 for letter in initials):
            words += [f"{letter}." for letter in initials]
        else:
            words.append(word)
    return words
