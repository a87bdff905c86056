"""A message to many, as the organizer types it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting
from registrations import own_texts
from registrations.announcement_letters import words_of
from registrations.announcing import Wish
from registrations.mail_text_forms import LANGUAGES
from registrations.models import LONGEST_SUBJECT, LONGEST_TEXT, Announcement
from registrations.own_texts import Words
from registrations.placeholders import TextNotAccepted
from reports import recipients
from reports.recipients import CRITERIA, FilterUnknown


class AnnouncementForm(forms.Form):
    """Subject and text in one or two languages, and whom they are for."""

    is_advertising = forms.BooleanField(
        label=gettext_lazy("This is about something else than the meeting"),
        help_text=gettext_lazy("It then goes only to those who have agreed to such mail."),
        required=False,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, meeting: Meeting, draft: Announcement | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        main = meeting.language[:2]
        self.languages = sorted(LANGUAGES, key=lambda language: language != main)
        said = words_of(draft) if draft else {}
        if draft:
            self.initial.update(is_advertising=draft.is_advertising, version=draft.version)
        for language in self.languages:
            words = said.get(language, Words())
            self.fields[f"subject_{language}"] = forms.CharField(
                label=_("Subject"), max_length=LONGEST_SUBJECT, required=False,
                initial=words.subject, widget=forms.TextInput({"lang": language, "dir": "auto"}),
            )  # fmt: skip
            self.fields[f"paragraphs_{language}"] = forms.CharField(
                label=_("Text"), max_length=LONGEST_TEXT, required=False,
                initial=words.paragraphs,
                widget=forms.Textarea({"rows": 7, "lang": language, "dir": "auto"}),
            )  # fmt: skip
        # Which of them may stay empty depends on the others.
        self.marks = dict.fromkeys(self.fields, "")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for language in self.languages:
            both = {name: data.get(f"{name}_{language}", "") for name in ("subject", "paragraphs")}
            for name, typed in both.items():
                try:
                    Words(**{name: typed}).checked(own_texts.ANNOUNCEMENT)
                except TextNotAccepted as refusal:
                    self.add_error(f"{name}_{language}", str(refusal))
                if any(both.values()) and not typed:
                    self.add_error(f"{name}_{language}", _("Write this, too."))
        if not any(data.get(f"paragraphs_{language}") for language in self.languages):
            self.add_error(
                f"paragraphs_{self.languages[0]}", _("Write a text, in one language at least.")
            )
        try:
            recipients.asked(self.meeting, self.criteria)
        except FilterUnknown as refusal:
            self.add_error(None, str(refusal))
        return data

    @property
    def criteria(self) -> dict[str, str]:
        return {name: value for name in CRITERIA if (value := str(self.data.get(name, "")).strip())}

    @property
    def wish(self) -> Wish:
        """What the use cases want, right or wrong."""
        return Wish(
            words={
                language: Words(
                    subject=str(self.data.get(f"subject_{language}", "")),
                    paragraphs=str(self.data.get(f"paragraphs_{language}", "")),
                )
                for language in self.languages
            },
            criteria=self.criteria,
            is_advertising=bool(self.data.get("is_advertising")),
        )

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Each language's fields, for the page."""
        return [
            (
                str(_(LANGUAGES[language])),
                [self[f"subject_{language}"], self[f"paragraphs_{language}"]],
            )
            for language in self.languages
        ]
