"""The access code that a visitor presents on the registration form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from config import visitor
from events.models import Category, Meeting
from registrations import access_codes, places
from registrations.forms import open_categories
from registrations.models import AccessCode


@dataclass(frozen=True)
class Presented:
    """What was typed, and the code that it is, or why it is none."""

    typed: str = ""
    code: AccessCode | None = None
    refusal: str = ""

    def categories(self, meeting: Meeting) -> list[Category]:
        """What there is to choose: with a code nothing, its category it is."""
        return [self.code.category] if self.code else open_categories(meeting)


def present(request: HttpRequest, meeting: Meeting, typed: str, *, at: datetime) -> Presented:
    """
    Look the code up, if anything was typed.

    :raises Throttled: too many wrong ones came from there
    """
    typed = typed.strip()[:40]
    if not typed:
        return Presented()
    try:
        code = access_codes.find(
            meeting=meeting, typed=typed, visitor=visitor.address(request), at=at
        )
    except access_codes.CodeUnknown as refusal:
        return Presented(typed, None, str(refusal))
    return Presented(typed, code)


def look(request: HttpRequest, meeting: Meeting, typed: str, *, at: datetime) -> Presented:
    """
    As above, for the form before anything is filled in: that a code is used up is said at
    once. Whoever sends the form is judged by the counter alone.

    :raises Throttled: too many wrong ones came from there
    """
    presented = present(request, meeting, typed, at=at)
    if presented.code is None or not presented.code.places.is_full:
        return presented
    return Presented(presented.typed, None, str(places.full(presented.code.places)))


def may_register(code: AccessCode | None, *, at: datetime) -> bool:
    """Whether the code opens what is not open to everybody yet."""
    return code is not None and code.lets_in(at)
