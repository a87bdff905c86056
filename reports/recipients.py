"""Whom a message is meant for: the filter of the list of participants, taken at its word."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from events.models import Meeting
from registrations.models import RegistrationQuerySet
from reports.roster import LIVE, RosterFilter

# What of the list of participants says who is meant: all but the order. One left out here
# would be dropped on the way from the list, and the message would go to more people.
CRITERIA = tuple(RosterFilter.base_filters)


class FilterUnknown(Refused):
    """
    A condition that means nothing at this meeting. On the list it hides nobody; here that
    would write to everybody.
    """

    code = "filter_unknown"


def asked(meeting: Meeting, criteria: Mapping[str, str]) -> RosterFilter:
    """
    The filter; without a status it means all who are on the list.

    :raises FilterUnknown: a condition that the meeting does not know (any more)
    """
    data = QueryDict(mutable=True)
    data.update({name: value for name, value in criteria.items() if value})
    data.setdefault("status", LIVE)
    found = RosterFilter(data, meeting=meeting)
    unknown = sorted(set(data) - set(found.form.fields))
    if unknown or not found.form.is_valid():
        wrong = unknown or sorted(found.form.errors)
        raise FilterUnknown(
            _("This condition is not known at the meeting: %(which)s.")
            % {"which": ", ".join(f"{name} = {data[name]}" for name in wrong)[:200]},
            criteria=wrong,
        )
    return found


def people(meeting: Meeting, criteria: Mapping[str, str]) -> RegistrationQuerySet:
    """
    Who is meant, as it stands now.

    :raises FilterUnknown: as above
    """
    found: RegistrationQuerySet = asked(meeting, criteria).qs
    return found


def loosely(meeting: Meeting, criteria: Mapping[str, str]) -> RosterFilter:
    """The filter as a form to be filled in, whatever the address says."""
    data = QueryDict(mutable=True)
    data.update({name: value for name, value in criteria.items() if name in CRITERIA and value})
    data.setdefault("status", LIVE)
    return RosterFilter(data, meeting=meeting)
