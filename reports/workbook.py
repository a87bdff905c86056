"""The figure and its tables as a spreadsheet: for the annex, and for whoever checks sums."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Final

import xlsxwriter
from django.utils.translation import gettext as _

from events.models import Meeting
from reports import boards, headline, wording
from reports.models import Basis

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write(*, meeting: Meeting, basis: Basis, style: str, at: datetime) -> bytes:
    """Three sheets: the sentences with their method, the regions, the categories."""
    lists = headline.lists(meeting)
    live = headline.count(lists=lists, basis=basis, at=at)
    buffer = BytesIO()
    # A name that begins with "=" must stay a name.
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {"title": meeting.text("title"), "created": live.as_of.replace(tzinfo=None)}
    )
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})

    sheet = book.add_worksheet(_("Figure"))
    sheet.set_column(0, 0, 90, wrapped)
    said = [
        meeting.text("title"),
        *wording.sentences(live, meeting=meeting, style=style).values(),
        wording.dated(live, meeting=meeting),
        *wording.method(live, lists=lists),
    ]
    for row, text in enumerate(said):
        sheet.write_string(row, 0, text, bold if row == 0 else wrapped)

    sheet = book.add_worksheet(_("Regions"))
    sheet.set_column(0, 1, 34)
    sheet.write_row(0, 0, [_("District"), _("Region"), _("People"), _("Regions")], bold)
    row = 1
    for line in boards.by_district(live, lists=lists):
        sheet.write_string(row, 0, line.name, bold)
        sheet.write_number(row, 2, line.people, bold)
        if line.regions is not None:
            sheet.write_number(row, 3, line.regions, bold)
        row += 1
        for chip in line.here:
            sheet.write_string(row, 0, line.name)
            sheet.write_string(row, 1, chip.name)
            sheet.write_number(row, 2, chip.people)
            row += 1
        for name in line.missing:
            sheet.write_string(row, 0, line.name)
            sheet.write_string(row, 1, name)
            sheet.write_number(row, 2, 0)
            row += 1
    sheet.write_string(row, 0, _("Total"), bold)
    sheet.write_number(row, 2, live.people, bold)
    sheet.write_number(row, 3, live.regions, bold)
    sheet.freeze_panes(1, 0)

    sheet = book.add_worksheet(_("Categories"))
    sheet.set_column(0, 0, 44)
    sheet.write_row(0, 0, [_("Category"), _("People"), _("Counted")], bold)
    for row, category in enumerate(boards.by_category(live, lists=lists), start=1):
        sheet.write_string(row, 0, category.name)
        sheet.write_number(row, 1, category.people)
        sheet.write_string(row, 2, _("yes") if category.counts else _("no"))
    book.close()
    return buffer.getvalue()
