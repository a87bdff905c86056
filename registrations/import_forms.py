"""What the organizer says of a table of people before it is put on the list."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from events.models import Meeting, Region
from registrations.forms import open_categories


class SendForm(forms.Form):
    """Where the rows are: pasted, or in a file."""

    # What stands behind a label instead of "(optional)": one of the two is needed.
    marks: ClassVar[dict[str, Any]] = {"rows": "", "file": ""}

    rows = forms.CharField(
        label=gettext_lazy("Rows"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            {"id": "rows", "rows": 8, "dir": "auto", "spellcheck": "false", "class": "rows"}
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        # That it is empty is said once, by what reads it.
        allow_empty_file=True,
        help_text=gettext_lazy(
            "XLSX or CSV, up to 10,000 rows and 5 MB; of a workbook the first sheet."
        ),
        widget=forms.FileInput({"accept": ".xlsx,.csv,.txt,.tsv"}),
    )


class ListForm(SendForm):
    """The same for a short list, which is looked at and saved on one page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = gettext_lazy(
            "XLSX or CSV, up to 1,000 rows and 5 MB; of a workbook the first sheet. Its rows are "
            "put in the field above, to be looked at and corrected."
        )


class ImportForm(forms.Form):
    """What all rows have in common; a column of the table may say another category."""

    category = forms.ChoiceField(label=gettext_lazy("Their category"))
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mails"), choices=[("ru", "Русский"), ("en", "English")]
    )
    skips_review = forms.BooleanField(
        label=gettext_lazy("They are approved already"), required=False, initial=True
    )
    is_told = forms.BooleanField(
        label=gettext_lazy("Tell them by mail now"),
        required=False,
        initial=True,
        help_text=gettext_lazy("The usual letter with QR code and calendar, to the own page."),
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.categories = {c.code: c for c in meeting.categories.order_by("position", "pk")}
        category = self.fields["category"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = [
            (code, c.text(main_language=meeting.language)) for code, c in self.categories.items()
        ]
        if usual := open_categories(meeting)[:1]:
            self.initial.setdefault("category", usual[0].code)
        self.initial.setdefault("language", meeting.language[:2])

    @cached_property
    def known_regions(self) -> list[Region]:
        """Those of the meeting's list, read once for all rows."""
        return list(self.meeting.region_set.regions.active().select_related("group"))
