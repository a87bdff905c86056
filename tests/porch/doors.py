"""
Every address there is, and to whom it opens. An address that is not on this plan fails
tests/porch/test_doors.py, which is the moment to ask whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver, reverse

from tests.porch.estates import Estate

# Open to everybody: there is nothing of anybody's behind it, or what everybody may read.
OPEN = """
    alive ready api api-schema api-docs problem home
    meeting meeting-calendar register find consent .well-known/change-password
    mail-events
""".split()  # noqa: SIM905 -- a list to read, not code
# The sign-in's own: they know nothing but the account of whoever asks (allauth).
SIGN_IN = "account_"
# Behind the sign-in, about oneself.
SIGNED_IN = "manage manage-new manage-account manage-token-issue".split()  # noqa: SIM905
OWN_TOKEN = ["manage-token-revoke"]
# The organizer's office: one's own meeting, by its slug, and what belongs to that meeting.
OFFICE = """
    manage-edit manage-edit-section manage-owner-remove manage-publish manage-cancel
    manage-organizations manage-organization-separate
    manage-delegations manage-delegations-ask manage-delegations-regions
    manage-delegations-paste manage-delegation manage-delegation-step
    manage-invitations manage-invitations-paste manage-invitations-write
    manage-invitation manage-invitation-step
    manage-access-codes manage-access-code manage-access-code-remove
    manage-session manage-session-remove manage-participant-sessions
    manage-webhook manage-webhook-again manage-webhook-remove manage-webhook-step
    manage-import-run manage-import-progress manage-import-result manage-address-allow
    manage-decide manage-import manage-participant-add manage-participant-edit
    manage-participant-merge manage-participant-substitute manage-participant-step
    manage-participant-address manage-participant-resend manage-participant-erase
    manage-badges manage-badge-files manage-badge-file manage-badge-preview manage-badge
    manage-overview manage-participants manage-export manage-participant
    manage-lists manage-lists-close manage-lists-reopen manage-lists-take
    manage-list manage-list-file manage-list-print manage-list-changes manage-list-changes-file
    manage-mail-texts manage-mail-text manage-mail-preview manage-mail-trial manage-mail-standard
    manage-announcements manage-announcement-new manage-announcement manage-announcement-send
    manage-announcement-take-back manage-announcement-discard manage-announcement-preview
    manage-announcement-trial manage-announcement-attach manage-announcement-detach
    manage-messages manage-messages-many manage-message manage-message-step
    manage-door manage-link-change
    manage-figures manage-figures-table
""".split()  # noqa: SIM905
# Behind a link, by what the link is for.
MINE = """
    mine mine-calendar mine-qr mine-change mine-cancel mine-restore mine-address mine-another
    mine-data mine-withdraw mine-erase mine-unsubscribe mine-subscribe mine-sessions
    mine-offer mine-offer-decline mine-offer-ask-again
    mine-google mine-feed mine-feed-renew mine-feed-close
""".split()  # noqa: SIM905
FEED = ["calendar-feed"]
HEAD = """
    delegation delegation-add delegation-paste delegation-list delegation-refuse
    delegation-substitute delegation-remove delegation-mark delegation-address
    delegation-answer
""".split()  # noqa: SIM905
INVITED = """
    invitation invitation-accept invitation-decline invitation-colleague invitation-link
""".split()  # noqa: SIM905
DESK = ["desk"]
PRESS = ["press", "press-table"]
# Behind the cookie of a browser that started as a desk.
AT_DESK = """
    scan scan-code scan-walk-in scan-instead scan-admit scan-undo scan-end
""".split()  # noqa: SIM905
# The same for programs.
API_SIGNED_IN = ["api-region-set-list"]
API_OWN_LIST = ["api-region-set-detail"]
API_OFFICE = """
    api-meeting-detail api-meeting-cancel api-meeting-publish
    api-access-code-list api-access-code-detail
    api-access-link-list api-access-link-renew api-access-link-revoke
    api-delegation-list api-delegation-ask api-delegation-for-regions api-delegation-detail
    api-delegation-renew-link api-delegation-from-file api-delegation-missing-regions
    api-invitation-list api-invitation-remind api-invitation-send api-invitation-detail
    api-invitation-renew-link api-invitation-withdraw api-invitation-from-file
    api-message-list api-message-bulk api-message-coming api-message-delay api-message-detail
    api-message-resend api-message-settle api-message-withdraw api-message-suppress
    api-announcement-list api-announcement-detail api-announcement-reach api-announcement-send
    api-announcement-take-back api-announcement-recipients api-announcement-files
    api-announcement-remove-file api-announcement-trial
    api-mail-texts api-mail-text api-mail-preview api-mail-trial
    api-pass-list-list api-pass-list-close api-pass-list-reopen api-pass-list-detail
    api-pass-list-difference api-pass-list-csv api-pass-list-xlsx
    api-difference-csv api-difference-xlsx
    api-registration-list api-registration-detail api-registration-substitute
    api-registration-transitions api-registration-decide-many api-registration-merge
    api-registrations-csv api-registrations-xlsx
    api-hosts api-agenda api-categories api-regions api-consents api-reminders
    api-reminders-forecast
    api-import-list api-import-detail api-import-start api-import-cancel
    api-import-result-csv api-import-result-xlsx
    api-suppression-list api-suppression-detail
    api-webhook-list api-webhook-detail api-webhook-test api-webhook-pause api-webhook-resume
    api-webhook-rotate api-webhook-deliveries api-webhook-again
    api-seat-limits api-seat-limit api-waiting-list
    api-organizations api-organization api-organization-separate
    api-scans api-figures
    api-session-list api-session-detail api-participant-sessions api-participant-session
    api-badge-batches api-badge-batch api-badge-batch-file api-preflight api-badge
""".split()  # noqa: SIM905
API_MEETINGS = ["api-meeting-list"]
API_MINE = """
    api-mine api-mine-cancel api-mine-restore api-mine-address api-mine-erase api-mine-calendar
    api-my-sessions api-my-session
    api-mine-offer-accept api-mine-offer-decline api-mine-offer-ask-again
    api-mine-feed api-mine-feed-renew
""".split()  # noqa: SIM905
API_HEAD = """
    api-my-delegation api-my-people api-my-member api-my-member-address api-my-substitute
    api-my-refusal api-my-wish
""".split()  # noqa: SIM905
API_INVITED = """
    api-my-invitation api-my-accept api-my-decline api-my-colleague
""".split()  # noqa: SIM905
API_PAIR = ["api-checkin-pair"]
API_DESK = """
    api-checkin-scans api-checkin-void api-checkin-walk-ins api-checkin-admissions
    api-checkin-substitutions api-checkin-search api-checkin-stats
""".split()  # noqa: SIM905
# What everybody may do at an address that is otherwise the organizer's.
PUBLIC_METHODS = {
    "api-meeting-list": {"get"},
    "api-meeting-detail": {"get"},
    "api-registration-list": {"post"},
    "api-session-list": {"get"},
    "api-session-detail": {"get"},
}

# Without this a program is told that its body is wrong, whatever row it means.
NEEDED = {"api-checkin-void": {"id": "7f1c5b52-7a4b-4b0e-9a3e-2f8f4a7e6c11"}}

PLAN = [
    OPEN, SIGNED_IN, OWN_TOKEN, OFFICE, MINE, FEED, HEAD, INVITED, DESK, PRESS, AT_DESK,
    API_SIGNED_IN, API_OWN_LIST, API_OFFICE, API_MEETINGS, API_MINE, API_HEAD, API_INVITED,
    API_PAIR, API_DESK,
]  # fmt: skip
# What a variable is called that means different things at different addresses.
CALLED = {
    ("uid", "delegation"): "delegation",
    ("uid", "invitation"): "invitation",
    ("uid", "access-code"): "access_code",
    ("uid", "session"): "session",
    ("id", "organization"): "organization",
    ("uid", "import"): "import_run",
    ("uid", "webhook"): "webhook",
    ("number", "webhook"): "delivery",
    ("pk", "suppression"): "address",
    ("uid", "announcement"): "announcement",
    ("file", "announcement"): "announcement_file",
    ("pk", "access-link"): "link",
    ("pk", "message"): "message",
    ("pk", "region-set"): "region_set",
    ("pk", "badge-batch"): "batch",
    ("number", "manage-badge-file"): "batch",
    ("number", "list"): "pass_list",
    ("number", "difference"): "pass_list",
    ("number", "my-wish"): "wish",
    ("number", "my-"): "member",
    ("number", "delegation-answer"): "wish",
    ("number", "delegation-"): "member",
}
# Variables that choose a view, not a row.
CHOICES = {
    "section": "limits", "form": "xlsx", "scope": "category", "code": "member",
    "provider": "postmark", "kind": "confirmed", "language": "ru",
}  # fmt: skip
# The purpose of the link whose token an address carries.
PURPOSE = {name: "mine" for name in MINE} | {name: "head" for name in HEAD}
PURPOSE |= {name: "invited" for name in INVITED} | {name: "desk" for name in DESK}
PURPOSE |= {name: "press" for name in PRESS} | {name: "feed" for name in FEED}


@dataclass(frozen=True)
class Door:
    """One address: its name, what varies in it, and which methods it answers."""

    name: str
    variables: tuple[str, ...]
    methods: tuple[str, ...]

    @property
    def guarded(self) -> list[str]:
        """The methods that are not everybody's."""
        return [m for m in self.methods if m not in PUBLIC_METHODS.get(self.name, ())]

    @property
    def rows(self) -> list[str]:
        """The variables that name a row beside the meeting or the link's holder."""
        besides = {"slug", "meeting", *CHOICES}
        if self.name in PURPOSE:
            besides.add("token")
        return [variable for variable in self.variables if variable not in besides]

    def url(self, of: Estate, *, rows: Estate | None = None, token: str = "") -> str:
        """Its address in a meeting; with the rows of another one, or another link's token."""
        values = {}
        for variable in self.variables:
            if variable in ("slug", "meeting"):
                values[variable] = of.slug
            elif variable in CHOICES:
                values[variable] = CHOICES[variable]
            elif variable == "token" and self.name in PURPOSE:
                values[variable] = token or of.keys[PURPOSE[self.name]]
            else:
                values[variable] = (rows or of).known[self.called(variable)]
        return reverse(self.name, kwargs=values)

    def called(self, variable: str) -> str:
        """What that variable of the address names, as an estate's `known` has it."""
        for (word, part), called in CALLED.items():
            if word == variable and part in self.name:
                return called
        return variable


def every() -> Iterator[Door]:
    """All addresses with a name, except the admin's, which have a guard of their own."""
    yield from _walk(get_resolver().url_patterns, ())


def _walk(patterns: list, variables: tuple[str, ...]) -> Iterator[Door]:
    for pattern in patterns:
        if getattr(pattern, "app_name", "") == "admin":
            continue
        known = (*variables, *getattr(pattern.pattern, "converters", {}))
        if isinstance(pattern, URLPattern):
            name = pattern.name or str(pattern.pattern)
            if not name.startswith(SIGN_IN):
                yield Door(name, known, _methods(pattern))
        else:
            yield from _walk(pattern.url_patterns, known)


def _methods(pattern: URLPattern) -> tuple[str, ...]:
    actions = getattr(pattern.callback, "actions", None)
    if actions:
        return tuple(m for m in actions if m != "head")
    view = getattr(pattern.callback, "cls", None)
    if view is None:
        return ("get", "post")
    return tuple(m for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m))
