"""Words of the office: `{{ region|region_of:meeting }}`, `{{ entry.action|said }}`."""

from django import template
from django.utils.translation import gettext_lazy as _

from events.models import Meeting, Region
from reports import roster

register = template.Library()

# What the journal's codes mean. A code that is not here is shown as it is.
ACTIONS = {
    "registration.registered": _("registered"),
    "registration.created": _("registered"),
    "registration.approved": _("approved"),
    "registration.declined": _("declined"),
    "registration.promoted": _("confirmed from the waiting list"),
    "registration.cancelled": _("cancelled"),
    "registration.restored": _("put on the list again"),
    "registration.amended": _("data changed"),
    "registration.address_corrected": _("e-mail corrected"),
    "registration.unsubscribed": _("no more reminders"),
    "registration.erased": _("personal data erased"),
    "registration.walked_in": _("came without registration"),
    "consent.withdrawn": _("consent taken back"),
    "message.resent": _("mail sent again"),
    "message.settled": _("mail marked as delivered"),
    "message.withdrawn": _("mail withdrawn"),
    "meeting.drafted": _("draft made"),
    "meeting.published": _("published"),
    "meeting.changed": _("meeting changed"),
    "meeting.cancelled": _("meeting cancelled"),
}


@register.filter
def said(action: str) -> str:
    """What somebody did, in words."""
    return str(ACTIONS.get(action, action))


@register.filter
def region_of(region: Region, meeting: Meeting) -> str:
    """A region's name without a query for its list, which is the meeting's."""
    return roster.region_name(region, meeting)
