"""Who has a seat, waits or is offered one: registrations, seats, consents, lists, guards."""

from registrations.models.access_codes import AccessCode, AccessCodeQuerySet
from registrations.models.announcements import (
    Announcement,
    AnnouncementFile,
    AnnouncementQuerySet,
    AnnouncementRecipient,
    AnnouncementState,
    Fate,
)
from registrations.models.clocks import ZoneClock
from registrations.models.consents import (
    Consent,
    ConsentDocument,
    ConsentDocumentQuerySet,
    ConsentKind,
    GivenBy,
)
from registrations.models.delegations import (
    Delegation,
    DelegationQuerySet,
    DelegationRole,
    lists_close,
)
from registrations.models.feeds import CalendarFeed
from registrations.models.guards import IdempotencyKey, Throttle
from registrations.models.imports import (
    UNSETTLED,
    ImportRun,
    ImportRunQuerySet,
    ImportState,
    ImportTrouble,
    Outcome,
)
from registrations.models.invitations import Invitation, InvitationQuerySet
from registrations.models.mail_texts import LONGEST_SUBJECT, LONGEST_TEXT, MailText
from registrations.models.offers import Offer, OfferQuerySet
from registrations.models.pass_lists import PassList, PassListLine
from registrations.models.registration import (
    LIVE,
    MOST_MISSED,
    AttendanceMode,
    Registration,
    RegistrationQuerySet,
    Seat,
    Source,
    Stage,
    Status,
)
from registrations.models.reminders import (
    Audience,
    Presence,
    ReminderRule,
    RuleKind,
    RuleStatus,
)
from registrations.models.seats import (
    APART,
    MOST_SEATS,
    PLACES,
    TARGETS,
    Scope,
    SeatHold,
    SeatLimit,
    SeatLimitQuerySet,
)
from registrations.models.sessions import SessionSeat, SessionSeatQuerySet

__all__ = [
    "APART",
    "LIVE",
    "LONGEST_SUBJECT",
    "LONGEST_TEXT",
    "MOST_MISSED",
    "MOST_SEATS",
    "PLACES",
    "TARGETS",
    "UNSETTLED",
    "AccessCode",
    "AccessCodeQuerySet",
    "Announcement",
    "AnnouncementFile",
    "AnnouncementQuerySet",
    "AnnouncementRecipient",
    "AnnouncementState",
    "AttendanceMode",
    "Audience",
    "CalendarFeed",
    "Consent",
    "ConsentDocument",
    "ConsentDocumentQuerySet",
    "ConsentKind",
    "Delegation",
    "DelegationQuerySet",
    "DelegationRole",
    "Fate",
    "GivenBy",
    "IdempotencyKey",
    "ImportRun",
    "ImportRunQuerySet",
    "ImportState",
    "ImportTrouble",
    "Invitation",
    "InvitationQuerySet",
    "MailText",
    "Offer",
    "OfferQuerySet",
    "Outcome",
    "PassList",
    "PassListLine",
    "Presence",
    "Registration",
    "RegistrationQuerySet",
    "ReminderRule",
    "RuleKind",
    "RuleStatus",
    "Scope",
    "Seat",
    "SeatHold",
    "SeatLimit",
    "SeatLimitQuerySet",
    "SessionSeat",
    "SessionSeatQuerySet",
    "Source",
    "Stage",
    "Status",
    "Throttle",
    "ZoneClock",
    "lists_close",
]
