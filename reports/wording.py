"""
The figure in words, in either language: sentence, basis, method.

Two counts in one sentence need two plural strings; where the verb depends on a number
(Russian: «принял участие 121 человек», «приняли участие 122 человека») it is part of
the plural string. Numbers are computed, never typed.
"""

from __future__ import annotations

from typing import Final

from babel.numbers import format_decimal
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext, pgettext

from events import when
from events.models import Kind, Meeting
from reports.headline import Headline, Lists
from reports.models import Basis, Style

LANGUAGES: Final = ("ru", "en")
# The words beside the switches, and those of a published figure's numbers.
BASES: Final = {
    Basis.CHECKED_IN: gettext_lazy("who came"),
    Basis.CONFIRMED: gettext_lazy("who is confirmed"),
    Basis.REGISTERED: gettext_lazy("who registered"),
}
STYLES: Final = {
    Style.EXACT: gettext_lazy("exactly"),
    Style.ROUNDED: gettext_lazy("“more than”"),
    Style.JOINED: gettext_lazy("“people from regions”"),
}
NUMBERS: Final = {
    "people": gettext_lazy("people"),
    "ministries": gettext_lazy("from ministries"),
    "regions": gettext_lazy("regions"),
    "countries": gettext_lazy("countries"),
    "organizations": gettext_lazy("organizations"),
    "without_region": gettext_lazy("without a region"),
}


def sentences(headline: Headline, *, meeting: Meeting, style: str) -> dict[str, str]:
    """The sentence in each language, the reader's own first."""
    own = when.language_now()
    order = sorted(LANGUAGES, key=lambda language: language != own)
    return {
        language: sentence(headline, kind=meeting.kind, style=style, language=language)
        for language in order
    }


def styles(headline: Headline) -> list[Style]:
    """The ways in which the figure may truthfully be said."""
    offered = [Style.EXACT]
    if headline.people > _rounded(headline.people):
        offered.append(Style.ROUNDED)
    if headline.everybody_has_a_region:
        offered.append(Style.JOINED)
    return offered


def sentence(headline: Headline, *, kind: str, style: str, language: str) -> str:
    """
    What the press officer says: people, ministries, regions, organizations.

    A style that would not be true of these numbers falls back to the exact one.
    """
    if style not in styles(headline):
        style = Style.EXACT
    with translation.override(language):
        if headline.people == 0:
            return _nobody(headline.basis)
        said = _people(headline, kind=kind, style=style)
        represented = _represented(headline, style=style)
        return f"{said} {represented}".strip()


def _people(headline: Headline, *, kind: str, style: str) -> str:
    rounded = style == Style.ROUNDED
    n = _rounded(headline.people) if rounded else headline.people
    words = {
        "people": _figure(n),
        "origin": _origin(headline.regions) if style == Style.JOINED else "",
        "including": _including(headline.ministries),
    }
    event = kind == Kind.EVENT
    said = (_more_than if rounded else _exactly)(headline.basis, n, event=event)
    return said % words


def _exactly(basis: str, n: int, *, event: bool) -> str:
    match basis, event:
        case Basis.CHECKED_IN, False:
            return npgettext(
                "at a meeting",
                "%(people)s person%(origin)s took part%(including)s.",
                "%(people)s people%(origin)s took part%(including)s.",
                n,
            )
        case Basis.CHECKED_IN, True:
            return npgettext(
                "at an event",
                "%(people)s person%(origin)s took part%(including)s.",
                "%(people)s people%(origin)s took part%(including)s.",
                n,
            )
        case Basis.CONFIRMED, False:
            return npgettext(
                "at a meeting",
                "%(people)s person%(origin)s is confirmed%(including)s.",
                "%(people)s people%(origin)s are confirmed%(including)s.",
                n,
            )
        case Basis.CONFIRMED, True:
            return npgettext(
                "at an event",
                "%(people)s person%(origin)s is confirmed%(including)s.",
                "%(people)s people%(origin)s are confirmed%(including)s.",
                n,
            )
        case _, False:
            return npgettext(
                "at a meeting",
                "%(people)s person%(origin)s is registered%(including)s.",
                "%(people)s people%(origin)s are registered%(including)s.",
                n,
            )
        case _:
            return npgettext(
                "at an event",
                "%(people)s person%(origin)s is registered%(including)s.",
                "%(people)s people%(origin)s are registered%(including)s.",
                n,
            )


def _more_than(basis: str, n: int, *, event: bool) -> str:
    # A round number is a plural in every language we speak: no plural string is needed.
    match basis, event:
        case Basis.CHECKED_IN, False:
            return pgettext("at a meeting", "More than %(people)s people took part%(including)s.")
        case Basis.CHECKED_IN, True:
            return pgettext("at an event", "More than %(people)s people took part%(including)s.")
        case Basis.CONFIRMED, False:
            return pgettext(
                "at a meeting", "More than %(people)s people are confirmed%(including)s."
            )
        case Basis.CONFIRMED, True:
            return pgettext(
                "at an event", "More than %(people)s people are confirmed%(including)s."
            )
        case _, False:
            return pgettext(
                "at a meeting", "More than %(people)s people are registered%(including)s."
            )
        case _:
            return pgettext(
                "at an event", "More than %(people)s people are registered%(including)s."
            )


def _nobody(basis: str) -> str:
    if basis == Basis.CHECKED_IN:
        return _("Nobody has checked in yet.")
    if basis == Basis.CONFIRMED:
        return _("Nobody is confirmed yet.")
    return _("Nobody is registered yet.")


def _including(ministries: int) -> str:
    if ministries == 0:
        return ""
    return ngettext(
        ", including %(n)s representative of ministries",
        ", including %(n)s representatives of ministries",
        ministries,
    ) % {"n": _figure(ministries)}


def _origin(regions: int) -> str:
    return ngettext(" from %(n)s region", " from %(n)s regions", regions) % {"n": _figure(regions)}


def _represented(headline: Headline, *, style: str) -> str:
    counts = {
        "regions": 0 if style == Style.JOINED else headline.regions,
        "countries": headline.countries,
        "organizations": headline.organizations,
    }
    present = [(what, n) for what, n in counts.items() if n]
    if not present:
        return ""
    over = headline.basis == Basis.CHECKED_IN
    if len(present) == 1:
        what, n = present[0]
        return _alone(what, n, over=over) % {"n": _figure(n)}
    *first, last = [_noun(what, n) % {"n": _figure(n)} for what, n in present]
    listed = _("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last}
    return _together(*present[0], over=over) % {"list": listed}


def _noun(what: str, n: int) -> str:
    if what == "regions":
        return ngettext("%(n)s region", "%(n)s regions", n)
    if what == "countries":
        return ngettext("%(n)s country", "%(n)s countries", n)
    return ngettext("%(n)s organization", "%(n)s organizations", n)


def _together(what: str, n: int, *, over: bool) -> str:
    """Several counts: the Russian verb is singular where the first of them is one."""
    match what if n == 1 else "", over:
        case "regions", True:
            return pgettext("begins with one region", "%(list)s were represented.")
        case "regions", False:
            return pgettext("begins with one region", "%(list)s are represented.")
        case "countries", True:
            return pgettext("begins with one country", "%(list)s were represented.")
        case "countries", False:
            return pgettext("begins with one country", "%(list)s are represented.")
        case _, True:
            return _("%(list)s were represented.")
        case _:
            return _("%(list)s are represented.")


def _alone(what: str, n: int, *, over: bool) -> str:
    """One count alone: the Russian verb agrees with it in number and gender."""
    match what, over:
        case "regions", True:
            return ngettext("%(n)s region was represented.", "%(n)s regions were represented.", n)
        case "regions", False:
            return ngettext("%(n)s region is represented.", "%(n)s regions are represented.", n)
        case "countries", True:
            return ngettext(
                "%(n)s country was represented.", "%(n)s countries were represented.", n
            )
        case "countries", False:
            return ngettext("%(n)s country is represented.", "%(n)s countries are represented.", n)
        case _, True:
            return ngettext(
                "%(n)s organization was represented.", "%(n)s organizations were represented.", n
            )
        case _:
            return ngettext(
                "%(n)s organization is represented.", "%(n)s organizations are represented.", n
            )


def _rounded(people: int) -> int:
    """The round number that is still exceeded: 123 → 120, 120 → 110, 4 → 4."""
    if people <= 10:
        return people
    step = 10 if people <= 1000 else 100 if people <= 10_000 else 1000
    return (people - 1) // step * step


def _figure(n: int) -> str:
    return str(format_decimal(n, locale=when.language_now()))


def method(headline: Headline, *, lists: Lists) -> list[str]:
    """How the number was counted, in the reader's language: a few plain sentences."""
    said = [
        {
            Basis.CHECKED_IN: _("Participants who were checked in at the door."),
            Basis.CONFIRMED: _("Participants whose registration is confirmed."),
            Basis.REGISTERED: _(
                "All live registrations: confirmed, on the waiting list, awaiting decision."
            ),
        }[headline.basis]
    ]
    language = lists.meeting.language
    left_out = [c.text(main_language=language) for c in lists.categories if c not in lists.counted]
    if left_out:
        said.append(_("Not counted: %(categories)s.") % {"categories": ", ".join(left_out)})
    said.append(
        _(
            "Regions are counted over those who represent one (list: %(list)s); countries are "
            "counted apart. Different spellings of one organization, merged by the organizer, "
            "count once."
        )
        % {"list": lists.meeting.region_set.text}
    )
    return said


def dated(headline: Headline, *, meeting: Meeting) -> str:
    """“As of 24 January 2020, 12:40 Moscow time”, in the reader's language."""
    at = when.moment(headline.as_of, meeting.zone, year=True)
    return _("As of %(moment)s") % {"moment": at}
