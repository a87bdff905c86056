"""The words on a badge: whose they are, how an organization is shortened for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils import translation

from badges.typefaces import missing
from events import when
from events.models import Meeting, OrganizationVariant, in_language
from registrations import names
from registrations.models import Registration

# What stands in front of or behind a name and tells a reader of badges nothing. Longest
# first; words of any language may be added.
LEGAL_FORMS = (
    "общество с ограниченной ответственностью",
    "публичное акционерное общество",
    "непубличное акционерное общество",
    "закрытое акционерное общество",
    "открытое акционерное общество",
    "акционерное общество",
    "автономная некоммерческая организация",
    "федеральное государственное бюджетное учреждение",
    "федеральное государственное унитарное предприятие",
    "государственное бюджетное учреждение",
    "государственное автономное учреждение",
    "муниципальное бюджетное учреждение",
    "некоммерческое партнерство",
    "некоммерческое партнёрство",
    "индивидуальный предприниматель",
    "фгбоу", "фгбу", "фгаоу", "фгау", "фгуп", "огбу", "гбоу", "гбу", "гау", "гкук", "гку", "гуп",
    "мбу", "мау", "мку", "муп", "ооо", "оао", "зао", "пао", "нао", "тоо", "ано", "ао", "ип", "нп",
    "limited liability company", "joint-stock company", "joint stock company", "incorporated",
    "limited", "gmbh", "s.a.", "llc", "llp", "pjsc", "ojsc", "jsc", "ltd", "inc", "plc", "ag",
)  # fmt: skip
QUOTES = '«»„“”"‟'
_FORM = "|".join(re.escape(form) for form in LEGAL_FORMS)
_BEFORE = re.compile(rf"^(?:{_FORM})(?=[\s{QUOTES}])[\s,.]*", re.IGNORECASE)
_AFTER = re.compile(rf"[\s,]+(?:{_FORM})\.?$", re.IGNORECASE)


@dataclass(frozen=True)
class Options:
    """What the organizer chooses for all badges of a batch."""

    latin: bool = True
    patronymic: bool = True
    region: bool = True
    position: bool = True

    @classmethod
    def chosen(cls, options: Mapping[str, object]) -> Options:
        """From what a batch keeps; what it does not say is printed."""
        names_ = ("latin", "patronymic", "region", "position")
        return cls(**{name: bool(options.get(name, True)) for name in names_})


@dataclass(frozen=True)
class Badge:
    """One badge in words, all of letters that can be printed."""

    number: str
    code: str
    family: str
    given: str
    latin: str
    organization: str
    position: str
    region: str
    category: str
    colour: str
    title: str
    day: str
    # What was left out or replaced because no font has the letters.
    unprinted: tuple[str, ...] = ()


def short_organization(text: str) -> str:
    """
    A typed name without its legal form and without quotes around the whole of it.

    «Акционерное общество „Северный берег“» becomes «Северный берег».
    """
    short, before = text.strip(), ""
    while short != before:
        before = short
        short = _AFTER.sub("", _BEFORE.sub("", short)).strip(" ,")
        if short[:1] in '«„“"' and not _is_one_quotation(short):
            short = _without_outer(short)
    if short and short[0] in '„“"':
        short = f"«{short[1:-1]}»" if _is_one_quotation(short) else short
    return short or text.strip()


def _is_one_quotation(text: str) -> bool:
    """Whether nothing but quotes at both ends, and none inside."""
    return (
        len(text) > 2
        and text[0] in QUOTES
        and text[-1] in QUOTES
        and not any(c in QUOTES for c in text[1:-1])
    )


def _without_outer(text: str) -> str:
    """Quotes around a whole that holds further quotes; typed ones are often unbalanced."""
    inner = text[1:-1] if text[-1] in QUOTES else text
    if text[-1] not in QUOTES or not any(c in QUOTES for c in inner):
        return text
    if inner[-1] in QUOTES:
        return inner
    opened = sum(c in "«„" for c in inner)
    closed = sum(c in "»“”" for c in inner)
    return inner + text[-1] if opened > closed else text


def quoted(text: str) -> str:
    """What stands in the innermost quotes, for a name that is too long in full. "" if none."""
    found = re.findall(rf"[«„“\"]([^{QUOTES}]+)[»“”\"]", text)
    return f"«{found[-1].strip()}»" if found else ""


def title_and_day(meeting: Meeting) -> tuple[str, str]:
    """What every sheet says of the meeting, in its main language."""
    day = when.day(meeting.starts_at, meeting.zone, language=meeting.language, year=True)
    return meeting.short_title, day


def badges(
    meeting: Meeting, registrations: Iterable[Registration], options: Options
) -> Iterator[Badge]:
    """
    The badges of these registrations, in their order, in the meeting's main language.

    Wants category and region (with its set) fetched along.
    """
    # What the organizer wrote for badges stands as it is.
    short_names = {
        key: short or short_organization(name)
        for key, short, name in OrganizationVariant.objects.filter(meeting=meeting).values_list(
            "key", "organization__short_name", "organization__name"
        )
    }
    title, day = title_and_day(meeting)
    for registration in registrations:
        organization = short_names.get(registration.organization_key, "")
        organization = organization or short_organization(registration.organization)
        yield _badge(registration, organization, title, day, options, meeting)


def _badge(
    registration: Registration,
    organization: str,
    title: str,
    day: str,
    options: Options,
    meeting: Meeting,
) -> Badge:
    unprinted: list[str] = []
    family, given = registration.family_name, registration.given_name
    if options.patronymic:
        given = f"{given} {registration.patronymic}".strip()
    latin = latin_form(registration)
    if lost := missing(family + given):
        unprinted += lost
        family, given, latin = latin or f"№ {registration.spoken_number}", "", ""
    if not family:
        family, given = given, ""
    if not options.latin or names.name_key(latin, "", "") == names.name_key(given, family, ""):
        latin = ""

    def printable(text: str) -> str:
        lost = missing(text)
        unprinted.extend(lost)
        return " ".join("".join(c for c in text if c not in lost).split()) if lost else text

    region = ""
    if options.region and (place := registration.region):
        with translation.override(meeting.language):
            region = in_language(
                place.name, place.name_alt, main_language=place.region_set.language
            )
    return Badge(
        number=registration.spoken_number,
        code=registration.ticket_code or "",
        family=family,
        given=given,
        latin=printable(latin),
        organization=printable(organization),
        position=printable(registration.position) if options.position else "",
        region=printable(region),
        category=printable(registration.category.name),
        colour=registration.category.colour,
        title=printable(title),
        day=day,
        unprinted=tuple(dict.fromkeys(unprinted)),
    )


def latin_form(registration: Registration) -> str:
    """What the person wrote, else what a passport would say; "" when neither is known."""
    if registration.latin_name:
        return registration.latin_name
    family, given = registration.family_name, registration.given_name
    plain = f"{given} {family}".strip()
    if all(_is_latin(char) for char in plain if char.isalpha()):
        return plain
    return names.latin_name(family, given)


def _is_latin(char: str) -> bool:
    """Letters of the Latin alphabet, and the apostrophes that count as letters: ʻOkina."""
    return unicodedata.category(char) == "Lm" or "LATIN" in unicodedata.name(char, "")
