"""The words of one mail, in each language, as the organizer types them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting
from registrations import own_texts
from registrations.models import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    MailText,
    Registration,
    RegistrationQuerySet,
)
from registrations.rewording import TextNotAccepted, Words

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# What each mail is called, and when it is written.
TITLES: dict[str, tuple[StrPromise, StrPromise]] = {
    "invitation": (
        gettext_lazy("Invitation"),
        gettext_lazy("when you invite somebody by name"),
    ),
    "invitation_reminder": (
        gettext_lazy("Reminder of the invitation"),
        gettext_lazy("when you remind those who have not answered"),
    ),
    "delegation_opened": (
        gettext_lazy("Please name your delegation"),
        gettext_lazy("to the head, when you ask for the list"),
    ),
    "delegation_closing": (
        gettext_lazy("The delegation’s list closes"),
        gettext_lazy("to the head, two days before, when places are free"),
    ),
    "delegation_wishes": (
        gettext_lazy("People who want to come with a delegation"),
        gettext_lazy("to the head, once a day, when heads decide first"),
    ),
    "received": (
        gettext_lazy("Request received"),
        gettext_lazy("when somebody registers and you decide"),
    ),
    "confirmed": (
        gettext_lazy("Registration confirmed"),
        gettext_lazy("when somebody is on the list"),
    ),
    "waitlisted": (
        gettext_lazy("Waiting list"),
        gettext_lazy("when somebody registers and all seats are taken"),
    ),
    "offered": (
        gettext_lazy("A seat is offered"),
        gettext_lazy("when a seat becomes free, with a time to answer"),
    ),
    "offer_over": (
        gettext_lazy("The offer of a seat is over"),
        gettext_lazy("when the time to answer has passed"),
    ),
    "promoted": (
        gettext_lazy("A place has become free"),
        gettext_lazy("when somebody moves up from the waiting list"),
    ),
    "declined": (gettext_lazy("Request declined"), gettext_lazy("when you decline a request")),
    "reminder": (gettext_lazy("Reminder"), gettext_lazy("before the meeting, by your rules")),
    "reminder_waiting": (
        gettext_lazy("Reminder of the waiting list"),
        gettext_lazy("before the meeting, by your rules, to those who wait"),
    ),
    "thanks": (
        gettext_lazy("Thanks for taking part"),
        gettext_lazy("after the meeting, by your rules, to those who came"),
    ),
    "changes_received": (
        gettext_lazy("Changes received"),
        gettext_lazy("when somebody changes what you approved, and you approve it again"),
    ),
    "confirmed_again": (
        gettext_lazy("Confirmed again"),
        gettext_lazy("when you accept such changes"),
    ),
    "details_changed": (
        gettext_lazy("Data changed"),
        gettext_lazy("when you correct somebody’s details"),
    ),
    "meeting_changed": (
        gettext_lazy("Time or place changed"),
        gettext_lazy("when you move the meeting"),
    ),
    "programme_changed": (
        gettext_lazy("Programme changed"),
        gettext_lazy("to those who chose a session that moves or does not take place"),
    ),
    "cancelled": (
        gettext_lazy("Participation cancelled"),
        gettext_lazy("when somebody, or you, cancels it"),
    ),
    "called_off": (
        gettext_lazy("Meeting cancelled"),
        gettext_lazy("when you call off the meeting"),
    ),
    "link": (
        gettext_lazy("Link to the registration"),
        gettext_lazy("when somebody registers a second time"),
    ),
}
LANGUAGES = dict(settings.LANGUAGES)
# Among how many people one is chosen whose mail is looked at.
MOST_PEOPLE = 30


class ShownForm(forms.Form):
    """What is looked at: in which language, as whom, as HTML or plain text."""

    marks: ClassVar[dict[str, str]] = {"shown": "", "part": "", "person": ""}

    shown = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=settings.LANGUAGES, required=False
    )
    part = forms.ChoiceField(
        label=gettext_lazy("Form"),
        choices=[("html", gettext_lazy("as laid out")), ("text", gettext_lazy("as plain text"))],
        required=False,
    )
    person = forms.ChoiceField(label=gettext_lazy("As"), required=False)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = [
            ("", _("somebody invented")),
            *((one.number, one.full_name) for one in self._people()[:MOST_PEOPLE]),
        ]
        self.initial.setdefault("shown", self.meeting.language[:2])

    def _people(self) -> RegistrationQuerySet:
        people = Registration.objects.filter(meeting=self.meeting, erased_at=None)
        return people.live().newest_first()

    @property
    def language(self) -> str:
        """The one that was asked for; else the meeting's."""
        asked = self.cleaned_data.get("shown") if self.is_valid() else ""
        return asked or self.meeting.language[:2]

    @property
    def is_plain(self) -> bool:
        return self.is_valid() and self.cleaned_data.get("part") == "text"

    @property
    def registration(self) -> Registration | None:
        number = self.cleaned_data.get("person") if self.is_valid() else ""
        if not number:
            return None
        people = self._people().select_related("category", "region")
        return people.filter(number=number).first()


class MailTextForm(forms.Form):
    """Subject and text of one mail in each language; empty is standard."""

    # Empty is a choice here, so no field is called optional.
    marks: dict[str, str]

    def __init__(self, *args: Any, meeting: Meeting, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting, self.kind = meeting, kind
        main = meeting.language[:2]
        self.languages = sorted(LANGUAGES, key=lambda language: language != main)
        rows = {row.language: row for row in meeting.mail_texts.filter(kind=kind)}
        for language in self.languages:
            self._add(language, rows.get(language))
        self.marks = dict.fromkeys(self.fields, "")

    def _add(self, language: str, row: MailText | None) -> None:
        self.fields[f"subject_{language}"] = forms.CharField(
            label=_("Subject"),
            max_length=LONGEST_SUBJECT,
            required=False,
            initial=row.subject if row else "",
            widget=forms.TextInput({"lang": language, "dir": "auto"}),
        )
        self.fields[f"paragraphs_{language}"] = forms.CharField(
            label=_("Text"),
            max_length=LONGEST_TEXT,
            required=False,
            initial=row.paragraphs if row else "",
            widget=forms.Textarea({"rows": 7, "lang": language, "dir": "auto"}),
        )
        self.fields[f"version_{language}"] = forms.IntegerField(
            required=False, widget=forms.HiddenInput, initial=row.version if row else 0
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for language in self.languages:
            for field in ("subject", "paragraphs"):
                try:
                    Words(**{field: data.get(f"{field}_{language}", "")}).checked(self.placeholders)
                except TextNotAccepted as refusal:
                    self.add_error(f"{field}_{language}", str(refusal))
        return data

    def typed(self, language: str) -> Words:
        """What stands in the fields now, right or wrong."""
        return Words(
            subject=str(self.data.get(f"subject_{language}", "")),
            paragraphs=str(self.data.get(f"paragraphs_{language}", "")),
        )

    @property
    def words(self) -> dict[str, Words]:
        return {
            language: Words(
                subject=self.cleaned_data[f"subject_{language}"],
                paragraphs=self.cleaned_data[f"paragraphs_{language}"],
            )
            for language in self.languages
        }

    @property
    def versions(self) -> dict[str, int]:
        return {
            language: self.cleaned_data[f"version_{language}"] or 0 for language in self.languages
        }

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Each language's fields, for the page."""
        return [
            (
                str(_(LANGUAGES[language])),
                [self[f"{field}_{language}"] for field in ("subject", "paragraphs", "version")],
            )
            for language in self.languages
        ]

    @property
    def placeholders(self) -> tuple[str, ...]:
        return own_texts.placeholders_of(self.kind)


# What is put in place of each placeholder, for whoever writes.
MEANINGS: dict[str, StrPromise] = {
    "name": gettext_lazy("the person’s full name"),
    "title": gettext_lazy("title of the meeting"),
    "short_title": gettext_lazy("its short title"),
    "when": gettext_lazy("day and time"),
    "venue": gettext_lazy("venue"),
    "host": gettext_lazy("first organization"),
    "contact": gettext_lazy("whom to ask"),
    "number": gettext_lazy("registration number"),
    "link": gettext_lazy("link to the person’s own page"),
    "position": gettext_lazy("place in line"),
    "deadline": gettext_lazy("until when to answer"),
    "delegation": gettext_lazy("name of the delegation"),
    "category": gettext_lazy("category of participation"),
    "session": gettext_lazy("title of the session"),
    "was": gettext_lazy("what it was"),
    "now": gettext_lazy("what it is now"),
    "reason": gettext_lazy("your reason"),
}
