"""SPF (RFC 7208): who may send in the name of a domain, and whether receivers can work it out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from notifications.checking.asking import Dns
from notifications.checking.findings import Finding, Remark, good, warns, wrong

MOST_LOOKUPS = 10
# Beyond that nobody counts; it also ends two domains that include each other.
_ENOUGH = 20
_TERM = re.compile(r"(?P<sign>[+?~-]?)(?P<name>[a-z0-9]+)(?P<rest>[:/=].*)?", re.IGNORECASE)
_ASKING = {"include", "a", "mx", "ptr", "exists"}
_SILENT = {"all", "ip4", "ip6"}


class _Unusable(Exception):
    """What makes receivers pass over the whole record. Says it as a remark."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(str(remark.words))
        self.remark = remark


@dataclass
class _Walk:
    """What is met on the way through a record and all that it includes."""

    lookups: int = 0
    includes: list[str] = field(default_factory=list)
    everybody: str | None = None  # the sign before "all"; None: it is not there
    has_ptr: bool = False


def look(dns: Dns, domain: str, *, include: str, is_needed: bool) -> Finding:
    """
    The SPF of a domain. `include` is what the sender in use wants to be named there ("": we do
    not know). Where the provider's mails come back to its own domain, it is not needed.

    :raises Unasked: the domain itself could not be asked
    """
    records = _records(dns, domain)
    named = f"include:{include}" if include else "a mx"
    advice = f'{domain}. TXT "v=spf1 {named} -all"'
    remarks: list[Remark] = []
    if not records and is_needed:
        words = _("There is no SPF record: receivers do not know who may send for %(domain)s.")
        remarks = [wrong(words, advice=advice, domain=domain)]
    elif not records:
        words = _(
            "There is no SPF record. The provider's mails come back to its own domain, so it is not"
            " needed; with one, nobody else sends in the name of %(domain)s."
        )
        remarks = [warns(words, advice=advice, domain=domain)]
    elif len(records) > 1:
        words = _("There are %(n)s SPF records, so receivers use none: make one of them.")
        remarks = [wrong(words, n=len(records))]
    else:
        remarks = _judged(dns, domain, include)
    return Finding(topic="SPF", subject=domain, remarks=tuple(remarks), records=tuple(records))


def _judged(dns: Dns, domain: str, include: str) -> list[Remark]:
    walk = _Walk()
    try:
        _follow(dns, domain, walk, top=True)
    except _Unusable as trouble:
        return [trouble.remark]
    remarks = [_about_everybody(walk)]
    if walk.lookups > MOST_LOOKUPS:
        words = _(
            "It takes %(n)s look-ups, and receivers stop at %(most)s: then it counts as broken."
            " Take out what is not used any more."
        )
        remarks.append(wrong(words, n=walk.lookups, most=MOST_LOOKUPS))
    if include and include not in walk.includes:
        # No more than a warning: the sender's addresses may stand there in another way.
        words = _(
            "It does not name your sender as most do: unless the sender’s addresses stand there in"
            " another way, add include:%(name)s before “all”."
        )
        remarks.append(warns(words, advice=f"include:{include}", name=include))
    if walk.has_ptr:
        remarks.append(warns(_("“ptr” is slow and many receivers ignore it: take it out.")))
    return [remark for remark in remarks if remark.verdict] or [
        good(_("It can be worked out in %(n)s look-ups of at most %(most)s."),
             n=walk.lookups, most=MOST_LOOKUPS)
    ]  # fmt: skip


def _about_everybody(walk: _Walk) -> Remark:
    match walk.everybody:
        case "+":
            return wrong(_("“+all” lets everybody in the world send: write “-all” at its end."))
        case "?":
            return warns(_("“?all” says nothing about all others: write “~all” or “-all”."))
        case None:
            return warns(_("It has no “all” at its end: write “~all” or “-all” there."))
        case _:
            return good("")


def _follow(dns: Dns, domain: str, walk: _Walk, *, top: bool) -> None:
    records = _records(dns, domain)
    if len(records) != 1:
        words = _("It includes %(domain)s, which has no single SPF record: all of it is void.")
        raise _Unusable(wrong(words, domain=domain))
    redirect = ""
    everybody: str | None = None
    for term in records[0].split()[1:]:
        found = _TERM.fullmatch(term)
        name = found["name"].lower() if found else ""
        value = (found["rest"] or "")[1:] if found else ""
        if found and (found["rest"] or "").startswith("="):
            redirect = value if name == "redirect" else redirect
            continue
        if found is None or name not in _ASKING | _SILENT:
            raise _Unusable(wrong(_("“%(term)s” is no word of SPF: all of it is void."), term=term))
        walk.has_ptr |= name == "ptr"
        if name == "all":
            everybody = found["sign"] or "+"
        if name in _ASKING:
            walk.lookups += 1
        if name == "include":
            _include(dns, value, walk)
    if redirect and everybody is None:
        walk.lookups += 1
        _include(dns, redirect, walk, top=top)
    elif top:
        walk.everybody = everybody


def _include(dns: Dns, domain: str, walk: _Walk, *, top: bool = False) -> None:
    domain = domain.lower().rstrip(".")
    walk.includes.append(domain)
    # A macro names another domain for each mail: nobody can follow it in advance.
    if "%" not in domain and walk.lookups < _ENOUGH:
        _follow(dns, domain, walk, top=top)


def _records(dns: Dns, domain: str) -> list[str]:
    return [text for text in dns.txt(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
