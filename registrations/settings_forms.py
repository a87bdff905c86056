"""Forms of a meeting's further settings: regions, categories, consent, reminders, agenda, team."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from events import agenda
from events.models import Category, Meeting, RegionSet


class RegionListForm(forms.Form):
    """Choose a list of regions, or paste one's own."""

    region_set = forms.ModelChoiceField(
        label=gettext_lazy("List of regions"), queryset=RegionSet.objects.none(), required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, user: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"region_set": meeting.region_set, "version": meeting.version})
        super().__init__(*args, **kwargs)
        field = self.fields["region_set"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = RegionSet.objects.offered_to(user).order_by("name", "pk")
        field.empty_label = None
        field.label_from_instance = lambda obj: str(obj.text)  # type: ignore[method-assign]  # Django's own seam


class PastedRegionsForm(forms.Form):
    """One's own list: names, one a line."""

    name = forms.CharField(label=gettext_lazy("Name of the list"), max_length=200)
    names = forms.CharField(
        label=gettext_lazy("Regions, one a line"),
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("The name in the second language may stand behind a bar or a tab."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """One line of the table of categories. The share is asked where the waiting list uses it."""

    share = forms.IntegerField(
        label=gettext_lazy("Share of the seats"), min_value=0, max_value=1000, required=False
    )

    class Meta:
        model = Category
        fields = [
            "name",
            "name_alt",
            "colour",
            "counts_as_participant",
            "is_ministry",
            "self_selectable",
            "share",
        ]
        labels = {
            "colour": gettext_lazy("Colour of the band"),
            "counts_as_participant": gettext_lazy("Counts as participant"),
            "is_ministry": gettext_lazy("Ministry"),
            "self_selectable": gettext_lazy("May be chosen on the form"),
        }

    def clean_share(self) -> int:
        typed = self.cleaned_data["share"]
        return self.instance.share if typed is None else int(typed)


CategoryFormSet = forms.modelformset_factory(
    Category, form=CategoryForm, extra=1, can_delete=True, max_num=30, validate_max=True
)


class ConsentForm(forms.Form):
    """The words that people agree to. A change is a new version; earlier consents keep theirs."""

    title = forms.CharField(label=gettext_lazy("I consent to …"), max_length=200)
    text = forms.CharField(label=gettext_lazy("Text"), widget=forms.Textarea(attrs={"rows": 12}))
    title_alt = forms.CharField(
        label=gettext_lazy("I consent to … (second language)"), max_length=200, required=False
    )
    text_alt = forms.CharField(
        label=gettext_lazy("Text in the second language"),
        widget=forms.Textarea(attrs={"rows": 12}),
        required=False,
    )


class AgendaForm(forms.Form):
    """The programme as text."""

    text = forms.CharField(
        label=gettext_lazy("Programme"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        help_text=gettext_lazy(
            "One line an item: “10:30 Opening”. The second language stands behind a bar, a note "
            "on the next line begins with two spaces, another day with its date: 2027-01-25."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.items: list[Any] = []

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        try:
            self.items = agenda.read(self.meeting, text)
        except agenda.AgendaNotRead as error:
            raise forms.ValidationError(str(error)) from error
        return text


class OwnerForm(forms.Form):
    """Somebody who shall organize the meeting too."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail of another organizer"),
        help_text=gettext_lazy("The address with which he or she signs in here."),
    )


class CallOffForm(forms.Form):
    """Why a meeting does not take place: everybody reads it."""

    reason = forms.CharField(
        label=gettext_lazy("What people are told"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=gettext_lazy("Stands in the mail and on the meeting's page."),
    )
