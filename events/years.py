"""
Which years may be named: whatever lies beyond is a typing mistake.

Near the ends of what a date can be, clocks of other zones and sums with days fail, and
with them every list that one such meeting stands in.
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FIRST, LAST = 2000, 2200


def check(day: date) -> None:
    """
    Look at a date, or at a moment.

    :raises ValidationError: it lies before the first or after the last year
    """
    if not FIRST <= day.year <= LAST:
        raise ValidationError(
            _("Check the year: it has to be between %(first)d and %(last)d.")
            % {"first": FIRST, "last": LAST}
        )
