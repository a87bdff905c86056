"""Rows of a table as delegations: region or name, head, e-mail, quota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from events import regions
from events.models import Meeting
from events.spelling import fold
from registrations import names
from registrations.delegations.opening import Wish, called_after
from registrations.models import MOST_SEATS


@dataclass
class Draft:
    """One row: the delegation that it would open, or why it cannot."""

    row: int
    cells: list[str]
    wish: Wish | None = None
    errors: list[str] = field(default_factory=list)


def check(rows: Sequence[Sequence[str]], *, meeting: Meeting, like: Wish) -> list[Draft]:
    """
    Check all rows: the first cell is whose delegation it is, the one with an “@” the head's
    e-mail, a number the quota, what is left the head's name. The rest is as in `like`.
    """
    body = list(rows)
    if body and _is_heading(body[0]):
        body = body[1:]
    taken = {fold(name) for name in meeting.delegations.values_list("name", flat=True)}
    drafts = []
    for number, row in enumerate(body, start=1):
        draft = _draft(number, list(row), meeting, like)
        name = fold(draft.wish.name) if draft.wish else ""
        if name and name in taken:
            draft.errors.append(
                _("There is a delegation “%(name)s” already.") % {"name": draft.cells[0]}
            )
            draft.wish = None
        taken.add(name)
        drafts.append(draft)
    return drafts


def _draft(number: int, row: list[str], meeting: Meeting, like: Wish) -> Draft:
    draft = Draft(number, row)
    whose, rest = row[0], [cell for cell in row[1:] if cell]
    if not whose:
        draft.errors.append(_("Write the region or the name in the first column."))
        return draft
    region = regions.find(meeting.region_set, whose)
    name = called_after(region, meeting) if region else whose
    email = next((cell for cell in rest if "@" in cell), "")
    quota = next((cell for cell in rest if cell.isdecimal()), "")
    others = [cell for cell in rest if cell not in (email, quota)]
    try:
        if email:
            validate_email(email)
    except ValidationError:
        draft.errors.append(_("“%(email)s” is no e-mail address.") % {"email": email})
    if len(email) > names.ADDRESS_LIMIT or len(name) > 300:
        draft.errors.append(_("This is too long."))
    if quota and (len(quota) > 7 or int(quota) > MOST_SEATS):
        draft.errors.append(_("“%(quota)s” is no number of people.") % {"quota": quota[:20]})
    if not draft.errors:
        draft.wish = replace(
            like,
            name=name,
            region=region,
            head_email=email,
            head_name=(others[0] if others else "")[:250],
            quota=int(quota) if quota else like.quota,
        )
    return draft


def _is_heading(row: Sequence[str]) -> bool:
    words = ("регион", "субъект", "делегац", "region", "delegation", "руковод", "head", "почта")
    return (
        not any("@" in cell for cell in row)
        and any(fold(cell).startswith(words) for cell in row)
        and len(row) > 1
    )
