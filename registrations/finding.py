"""Find people in a list by what was typed: a name in any script or layout, a number, an e-mail."""

from __future__ import annotations

import re

from django.db.models import Q

from registrations.models import RegistrationQuerySet
from registrations.names import search_terms

NUMBER = re.compile(r"[№#\s]*(\d(?:[\s-]?\d){2,6})\s*")


def find(registrations: RegistrationQuerySet, typed: str) -> RegistrationQuerySet:
    """
    Whoever matches every word that was typed; all of them when nothing was.

    A word matches by name, Latin name or organization: ё/е, accents, apostrophes and the
    wrong keyboard layout do not matter. One word may be a part of the e-mail too. Digits
    alone are the beginning of a registration's number, as it is said: “4821 705”.
    """
    typed = typed.strip()
    if number := NUMBER.fullmatch(typed):
        return registrations.filter(number__startswith=re.sub(r"\D", "", number[1]))
    by_words = Q()
    for alternatives in search_terms(typed):
        word = Q()
        for alternative in alternatives:
            word |= Q(search_key__contains=alternative)
        by_words &= word
    if typed and not re.search(r"\s", typed):
        by_words |= Q(email__icontains=typed)
    return registrations.filter(by_words)
