"""
A short table that was pasted or sent as a file. The rows of a file go into the field for
pasted ones: there they are seen and corrected, and nothing of the file is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from registrations.import_forms import ListForm
from registrations.pasting import cells, files
from registrations.pasting.files import FileNotRead


@dataclass(kw_only=True)
class Sent:
    """The form with what was sent, and the rows in it; none where they cannot be read."""

    form: ListForm
    rows: list[list[str]] = field(default_factory=list)
    # What the columns were taken for on the page; a file with headings says it itself.
    columns: list[str] = field(default_factory=list)
    # Nothing may be saved that was not on the page before.
    is_seen: bool = False
    file_name: str = ""
    skipped: int = 0


def taken(request: HttpRequest, *, has_headings: Callable[[Sequence[str]], bool]) -> Sent:
    """What was pasted or sent. A file counts more than rows beside it: it is the newer one."""
    if request.method != "POST":
        return Sent(form=ListForm())
    data, file = request.POST.copy(), request.FILES.get("file")
    sent = Sent(form=ListForm(data, request.FILES), columns=data.getlist("column"))
    try:
        if file:
            read = files.listed(file, has_headings=has_headings)
            rows, is_headed = read.rows, read.has_headings
            sent.file_name, sent.skipped = read.file_name, read.skipped
            sent.columns = [] if is_headed else sent.columns
        else:
            rows = cells.read(data.get("rows", ""))
            is_headed = bool(rows) and has_headings(rows[0])
            if len(rows) - is_headed > cells.MOST_LISTED:
                raise files.too_many_rows(cells.MOST_LISTED)
            if len(rows) == is_headed:
                raise files.no_rows()
        text = cells.as_text(rows, has_headings=is_headed)
        if len(text.encode()) > cells.LONGEST_TEXT:
            raise FileNotRead(
                _("There is too much text in this table. Leave out columns, or send it in parts.")
            )
    except Refused as refusal:
        sent.form.add_error("file" if file else "rows", str(refusal))
        return sent
    data["rows"] = text
    sent.rows, sent.is_seen = rows, not file
    sent.form.fields["rows"].widget.attrs["rows"] = 4
    return sent
