"""Who has a seat and who waits: registrations, seats, consents, invitations, lists, guards."""

from registrations.models.access_codes import AccessCode, AccessCodeQuerySet
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
from registrations.models.guards import IdempotencyKey, Throttle
from registrations.models.invitations import Invitation, InvitationQuerySet
from registrations.models.pass_lists import PassList, PassListLine
from registrations.models.registration import (
    LIVE,
    AttendanceMode,
    Registration,
    RegistrationQuerySet,
    Seat,
    Source,
    Stage,
    Status,
)
from registrations.models.reminders import Audience, ReminderRule, RuleKind
from registrations.models.seats import (
    MOST_SEATS,
    PLACES,
    TARGETS,
    Scope,
    SeatHold,
    SeatLimit,
    SeatLimitQuerySet,
)

__all__ = [
    "LIVE",
    "MOST_SEATS",
    "PLACES",
    "TARGETS",
    "AccessCode",
    "AccessCodeQuerySet",
    "AttendanceMode",
    "Audience",
    "Consent",
    "ConsentDocument",
    "ConsentDocumentQuerySet",
    "ConsentKind",
    "Delegation",
    "DelegationQuerySet",
    "DelegationRole",
    "GivenBy",
    "IdempotencyKey",
    "Invitation",
    "InvitationQuerySet",
    "PassList",
    "PassListLine",
    "Registration",
    "RegistrationQuerySet",
    "ReminderRule",
    "RuleKind",
    "Scope",
    "Seat",
    "SeatHold",
    "SeatLimit",
    "SeatLimitQuerySet",
    "Source",
    "Stage",
    "Status",
    "Throttle",
    "lists_close",
]
