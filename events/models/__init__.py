"""What there is to attend: meetings, their sessions, categories, hosts, regions and links."""

from events.models.access_links import AccessLink, AccessLinkQuerySet, Purpose
from events.models.categories import Category, Colour
from events.models.languages import in_language, shortened
from events.models.meetings import (
    MOST_OFFER_HOURS,
    Approval,
    Format,
    Host,
    Kind,
    Meeting,
    MeetingOwner,
    MeetingQuerySet,
    MeetingStatus,
    WaitingPolicy,
)
from events.models.organizations import Organization, OrganizationVariant
from events.models.programme import AgendaItem, Session, SessionKind, SessionQuerySet
from events.models.regions import (
    Region,
    RegionGroup,
    RegionKind,
    RegionQuerySet,
    RegionSet,
    RegionSetQuerySet,
    validate_time_zone,
)

__all__ = [
    "MOST_OFFER_HOURS",
    "AccessLink",
    "AccessLinkQuerySet",
    "AgendaItem",
    "Approval",
    "Category",
    "Colour",
    "Format",
    "Host",
    "Kind",
    "Meeting",
    "MeetingOwner",
    "MeetingQuerySet",
    "MeetingStatus",
    "Organization",
    "OrganizationVariant",
    "Purpose",
    "Region",
    "RegionGroup",
    "RegionKind",
    "RegionQuerySet",
    "RegionSet",
    "RegionSetQuerySet",
    "Session",
    "SessionKind",
    "SessionQuerySet",
    "WaitingPolicy",
    "in_language",
    "shortened",
    "validate_time_zone",
]
