"""What to look at before badges are printed: names that do not fit, letters no font has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.db import models
from django.utils.translation import gettext_lazy as _

from badges import rendering, wording
from badges.drawing import MM
from badges.typefaces import for_text
from events.models import Meeting
from registrations import names
from registrations.models import Registration


class Code(models.TextChoices):
    """What was found. The words are what the organizer reads."""

    CUT = "cut", _("The end is missing: too long")
    BROKEN = "broken", _("Broken inside a word: too long")
    SMALL = "small", _("Printed very small")
    LETTERS = "letters", _("Letters that cannot be printed")
    NEEDS_LATIN = "needs_latin", _("No name in Latin letters")
    MIXED_SCRIPT = "mixed_script", _("Latin and Cyrillic letters in one word")
    ALL_CAPS = "all_caps", _("All in capitals")
    NO_CAPS = "no_caps", _("No capital letter")


class Field(models.TextChoices):
    """Where on the badge."""

    FAMILY = "family", _("family name")
    GIVEN = "given", _("given name")
    LATIN = "latin", _("name in Latin letters")
    ORGANIZATION = "organization", _("organization")
    POSITION = "position", _("position")
    REGION = "region", _("region")
    CATEGORY = "category", _("category")
    TITLE = "title", _("title of the meeting")


@dataclass(frozen=True)
class Finding:
    """One thing about one badge; `about` is a field, or the letters themselves."""

    code: str
    about: str = ""

    @property
    def text(self) -> str:
        said = str(Code(self.code).label)
        about = str(Field(self.about).label) if self.about in Field.values else self.about
        return f"{said}: {about}" if about else said


@dataclass(frozen=True)
class Report:
    """A registration whose badge should be looked at."""

    registration: Registration
    badge: wording.Badge
    findings: tuple[Finding, ...]

    @property
    def fix(self) -> str:
        """The name as it probably should be written; "" when that is not known."""
        name = self.registration.full_name
        codes = {finding.code for finding in self.findings}
        if Code.MIXED_SCRIPT in codes:
            fixed = names.unmixed(name)
        elif codes & {Code.ALL_CAPS, Code.NO_CAPS}:
            fixed = " ".join("-".join(map(str.capitalize, w.split("-"))) for w in name.split())
        else:
            return ""
        return fixed if fixed != name else ""


@dataclass(frozen=True)
class Preflight:
    """All that was found, and the badges worth a look: the longest first."""

    count: int
    reports: tuple[Report, ...]
    extremes: tuple[Registration, ...]


MOST_EXTREMES = 5


def check(
    meeting: Meeting, people: Iterable[Registration], options: wording.Options | None = None
) -> Preflight:
    """Look at the badge of everybody in `people` (category and region fetched along)."""
    people = list(people)
    badges = wording.badges(meeting, people, options or wording.Options())
    reports: list[Report] = []
    lengths: list[tuple[float, int]] = []
    for place, (registration, badge) in enumerate(zip(people, badges, strict=True)):
        lengths.append((_length(badge), -place))
        if findings := tuple(_findings(registration, badge)):
            reports.append(Report(registration, badge, findings))
    longest = sorted(lengths, reverse=True)[:MOST_EXTREMES]
    extremes = tuple(people[-place] for _length_, place in longest)
    return Preflight(len(people), tuple(reports), extremes)


def _length(badge: wording.Badge) -> float:
    """How much there is to fit; the family name counts most."""
    family = for_text(badge.family, bold=True).width(badge.family, 2)
    given = for_text(badge.given).width(badge.given, 1)
    return max(family, given) + 0.001 * len(badge.organization + badge.position)


def _findings(registration: Registration, badge: wording.Badge) -> Iterator[Finding]:
    if badge.unprinted:
        yield Finding(Code.LETTERS, " ".join(badge.unprinted))
    if not wording.latin_form(registration):
        yield Finding(Code.NEEDS_LATIN)
    for code in names.warnings(
        registration.family_name, registration.given_name, registration.patronymic
    ):
        if code != Code.NEEDS_LATIN:
            yield Finding(code)
    if not _is_easy(badge):
        drawn = rendering.draw(replace(badge, code=""))
        for code, fields in (
            (Code.CUT, drawn.cut),
            (Code.BROKEN, drawn.broken),
            (Code.SMALL, drawn.small),
        ):
            for field in fields:
                yield Finding(code, field)


def _is_easy(badge: wording.Badge) -> bool:
    """
    Whether it certainly fits, told without laying it out: nearly all badges do.

    Each text stands in one line at its usual size, the organization in two.
    """
    narrow, wide = rendering.NARROW, rendering.COLUMN
    return (
        _fits(badge.family, wide, 14, bold=True)
        and _fits(badge.given, wide, 10)
        and _fits(badge.latin, narrow, 9)
        and _fits(badge.position, narrow, 7.5)
        and _fits(badge.region, narrow, 7.5)
        and _fits(badge.organization, narrow * 1.4, 9.5, bold=True)
        and all(_fits(word, narrow * 0.5, 9.5, bold=True) for word in badge.organization.split())
        and _fits(badge.category.upper(), 28 * MM, 9, bold=True)
        and _fits(badge.title, 40 * MM, 6)
    )


def _fits(text: str, width: float, size: float, *, bold: bool = False) -> bool:
    return for_text(text, bold=bold).width(text, size) <= width
