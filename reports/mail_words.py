"""How mails are called in the office, and what of them is asked for."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from events.models import Meeting
from notifications import outbox, searching
from notifications.explanations import EXPLANATIONS
from notifications.models import MessageQuerySet
from registrations.models import Registration

# What a mail is about, until it is rendered and has a subject of its own.
MAILS = {
    "confirmed": _("Registration confirmed"),
    "received": _("Request received"),
    "waitlisted": _("Waiting list"),
    "promoted": _("A place has become free"),
    "offered": _("A seat is offered"),
    "offer_over": _("The offer of a seat is over"),
    "declined": _("Request declined"),
    "cancelled": _("Participation cancelled"),
    "link": _("Link to the registration"),
    "links": _("Links to the registrations"),
    "details_changed": _("Data changed"),
    "meeting_changed": _("Time or place changed"),
    "called_off": _("Meeting cancelled"),
    "programme_changed": _("Chosen session changed"),
    "delegation_opened": _("Please name your delegation"),
    "delegation_closing": _("The delegation’s list closes"),
    "delegation_wishes": _("People want to come with the delegation"),
    "changes_received": _("Changes are being checked"),
    "confirmed_again": _("Confirmed again"),
    "invitation": _("Invitation"),
    "invitation_reminder": _("Reminder of the invitation"),
    "reminder": _("Reminder"),
    "reminder_waiting": _("Reminder of the waiting list"),
    "thanks": _("Thanks for taking part"),
    "webhook_paused": _("Webhook paused"),
    "announcement": _("Message of the organizers"),
    "trial": _("Trial mail"),
}

TONES = {
    "sent": "yes",
    "queued": "wait",
    "leased": "wait",
    "deferred": "wait",
    "failed": "no",
    "ambiguous": "no",
    "expired": "no",
}


def _reasons() -> list[tuple[str, object]]:
    """Each sentence once, though two codes may have it."""
    once: dict[str, tuple[str, object]] = {}
    for code, words in EXPLANATIONS.items():
        once.setdefault(str(words), (code, words))
    return list(once.values())


class MailSearch(forms.Form):
    """What the address of the page asks for. A value that is not known hides nothing."""

    q = forms.CharField(label=_("Person"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("What became of it"), required=False)
    kind = forms.ChoiceField(label=_("Message"), required=False)
    domain = forms.CharField(label=_("Mail provider"), required=False, max_length=253)
    reason = forms.ChoiceField(label=_("Why"), required=False)
    code = forms.IntegerField(
        label=_("Code of the mail server"), required=False, min_value=200, max_value=599
    )

    def __init__(self, data: object, *, meeting: Meeting) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict
        self.meeting = meeting
        for name, choices in (
            ("state", searching.STATES.items()),
            ("kind", sorted(MAILS.items(), key=lambda pair: str(pair[1]))),
            ("reason", _reasons()),
        ):
            self.fields[name].choices = [("", _("any")), *choices]  # type: ignore[attr-defined]  # a choice field
        self.fields["q"].widget.input_type = "search"
        self.fields["q"].widget.attrs["placeholder"] = _("Name, address, number")
        self.fields["domain"].widget.attrs["placeholder"] = "example.org"
        self.full_clean()

    @property
    def active(self) -> bool:
        return any(value not in ("", None) for value in self.cleaned_data.values())

    @property
    def is_narrow(self) -> bool:
        """Whether one of the conditions is set that the page keeps folded."""
        asked = self.cleaned_data
        return any(asked.get(name) not in ("", None) for name in ("domain", "reason", "code"))

    def found(self) -> MessageQuerySet:
        """The meeting's mails that fit, the newest first."""
        asked, mails = self.cleaned_data, searching.under(f"meeting:{self.meeting.pk}")
        text = asked.get("q", "")
        if (digits := text.replace(" ", "")).isdigit() and len(digits) == 7:
            people = Registration.objects.filter(meeting=self.meeting, number=digits)
            pk = people.values_list("pk", flat=True).first() or 0
            mails, text = outbox.about(f"registration:{pk}"), ""
        return searching.Search(
            state=asked.get("state", ""),
            kind=asked.get("kind", ""),
            domain=asked.get("domain", ""),
            reason=asked.get("reason", ""),
            code=asked.get("code"),
            text=text,
        ).narrow(mails)
