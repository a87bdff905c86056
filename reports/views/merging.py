"""Two registrations of one person: side by side, what would come of it, and then one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import journal
from accounts.refusals import Refused
from attendance import merging as use_case
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import merging
from registrations.models import Registration
from registrations.tickets import read_number
from reports import roster

LABELS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "organization": gettext_lazy("Organization"),
    "position": gettext_lazy("Position"),
    "region": gettext_lazy("Region"),
    "category": gettext_lazy("Category"),
    "attendance_mode": gettext_lazy("Takes part"),
}


@dataclass(frozen=True)
class Line:
    """One part in which the two differ: what each says, and whose word is taken."""

    part: str
    label: Any
    first: str
    second: str
    takes_second: bool


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponseBase:
    """
    Choose (GET with `other`), look at what would come of it (GET with `look`), merge (POST).

    Choices stand in the address until the last step: looking changes nothing.
    """
    first = _one(meeting, number)
    asked = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {"meeting": meeting, "first": first, "here": "participants"}
    typed = asked.get("other", "")
    if not typed:
        context["hints"] = _same_name(first)
        return render(request, "reports/merge.html", context)
    second = _people(meeting).filter(number=read_number(typed) or "").first()
    if second is None or second.pk == first.pk:
        context |= {"hints": _same_name(first), "typed": typed, "is_unknown": True}
        return render(request, "reports/merge.html", context, status=422)
    kept, other = _kept_and_other(asked, first, second)
    lines = _lines(asked, meeting, first, second)
    context |= {"second": second, "both": [first, second], "lines": lines}
    context |= {"kept": kept, "other": other}
    try:
        merging.refuse_unless_mergeable(kept, other)
    except Refused as refusal:
        context["refusal"] = str(refusal)
        return render(request, "reports/merge.html", context, status=422)
    taken = [line.part for line in lines if line.takes_second == (other == second)]
    if request.method == "POST":
        try:
            _merge(request, kept, other, taken)
        except Refused as refusal:
            context["refusal"] = str(refusal)
            return render(request, "reports/merge.html", context, status=409)
        messages.success(request, _("Merged. Both codes mean this registration now."))
        return see_other("manage-participant", meeting.slug, kept.number)
    if "look" in asked:
        context["foreseen"] = merging.foresee(kept, other, at=timezone.now())
        context["chosen"] = [
            (line.label, line.second if line.takes_second else line.first) for line in lines
        ]
    return render(request, "reports/merge.html", context)


def _merge(
    request: OfficeRequest, kept: Registration, other: Registration, taken: list[str]
) -> None:
    version, other_version = (
        int(value) if (value := request.POST.get(name, "")).isdecimal() else None
        for name in ("version", "other_version")
    )
    use_case.merge(
        kept=kept,
        other=other,
        taken=taken,
        version=version,
        other_version=other_version,
        at=timezone.now(),
        by=journal.organizer(request.user),
    )


def _people(meeting: Meeting) -> Any:
    return Registration.objects.filter(meeting=meeting).select_related(
        "meeting", "category", "region", "delegation"
    )


def _one(meeting: Meeting, number: str) -> Registration:
    found: Registration = get_object_or_404(_people(meeting), number=number)
    return found


def _same_name(person: Registration) -> list[Registration]:
    """Others of the meeting with the same full name, whatever became of them."""
    if person.erased_at:
        return []
    others = _people(person.meeting).filter(
        name_key=person.name_key, erased_at=None, merged_into=None
    )
    return list(others.exclude(pk=person.pk).by_name()[:10])


def _kept_and_other(
    asked: QueryDict, first: Registration, second: Registration
) -> tuple[Registration, Registration]:
    """What was chosen; at first whichever has got further, or came first."""
    chosen = asked.get("keep")
    if chosen not in (first.number, second.number):
        further = merging.better(first, second) or not first.is_live
        later = not merging.better(second, first) and second.registered_at < first.registered_at
        chosen = second.number if second.is_live and (further or later) else first.number
    return (second, first) if chosen == second.number else (first, second)


def _lines(
    asked: QueryDict, meeting: Meeting, first: Registration, second: Registration
) -> list[Line]:
    """All in which they differ, with the choice; at first of the one that is kept."""
    kept, _other = _kept_and_other(asked, first, second)
    lines = []
    for part in merging.PARTS:
        said = [_said(one, part, meeting) for one in (first, second)]
        if said[0] == said[1]:
            continue
        chosen = asked.get(part)
        if chosen not in ("first", "second"):
            # Rather something than nothing.
            keeps_second = kept == second if all(said) else bool(said[1])
            chosen = "second" if keeps_second else "first"
        lines.append(Line(part, LABELS[part], said[0], said[1], chosen == "second"))
    return lines


def _said(one: Registration, part: str, meeting: Meeting) -> str:
    match part:
        case "name":
            return " / ".join(filter(None, [one.full_name, one.latin_name]))
        case "region":
            return roster.region_name(one.region, meeting) if one.region else _("no region")
        case "category":
            return one.category.text(main_language=meeting.language)
        case "attendance_mode":
            return str(one.get_attendance_mode_display())
        case _:
            return str(getattr(one, part))
