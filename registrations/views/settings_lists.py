"""The sections that are lists and texts beside the meeting: programme, regions, categories …"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from events import agenda, regions, team
from events.models import Category, Meeting, RegionSet
from events.office import OfficeRequest
from registrations import (
    categories,
    convening,
    reminder_forecast,
    reminder_rules,
    reminder_words,
)
from registrations.models import Registration, ReminderRule
from registrations.reminder_forms import Narrower, ReminderRuleFormSet
from registrations.settings_forms import (
    AgendaForm,
    CategoryFormSet,
    ConsentForm,
    OwnerForm,
    PastedRegionsForm,
    RegionListForm,
)
from registrations.views.settings_frame import save, saved, show, version_of


def agenda_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    initial = {"text": agenda.written(meeting), "version": meeting.version}
    form = AgendaForm(request.POST or None, meeting=meeting, initial=initial)
    if not form.is_valid():
        return show(request, meeting, "agenda", form=form)
    return save(
        request,
        meeting,
        "agenda",
        form,
        lambda: agenda.write(
            meeting=meeting,
            items=form.items,
            version=form.cleaned_data["version"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        ),
    )


def regions_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    pasting = "names" in request.POST
    chosen = RegionListForm(
        request.POST if request.method == "POST" and not pasting else None,
        meeting=meeting,
        user=request.user,
    )
    pasted = PastedRegionsForm(
        request.POST if pasting else None, initial={"version": meeting.version}
    )
    form: Any = pasted if pasting else chosen
    extra: dict[str, Any] = {"pasted": pasted, "is_used": _uses_regions(meeting)}
    if not form.is_valid():
        return show(request, meeting, "regions", form=chosen, **extra)

    def choose() -> None:
        region_set: RegionSet = (
            regions.paste(
                owner=request.user,
                name=form.cleaned_data["name"],
                text=form.cleaned_data["names"],
                time_zone=meeting.time_zone,
                language=meeting.language,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
            if pasting
            else form.cleaned_data["region_set"] or meeting.region_set
        )
        convening.change(
            meeting=meeting,
            changes={"region_set": region_set},
            version=form.cleaned_data["version"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        )

    if extra["is_used"]:
        form.add_error(None, _("People have registered with this list: it cannot be exchanged."))
        return show(request, meeting, "regions", form=chosen, **extra)
    try:
        return save(request, meeting, "regions", form, choose, shown=chosen, **extra)
    except regions.ListNotAccepted as refusal:
        form.add_error("names", str(refusal))
        return show(request, meeting, "regions", form=chosen, **extra)


def _uses_regions(meeting: Meeting) -> bool:
    return Registration.objects.filter(meeting=meeting, region__isnull=False).exists()


def categories_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    queryset = Category.objects.filter(meeting=meeting).order_by("position", "pk")
    formset = CategoryFormSet(request.POST or None, queryset=queryset, prefix="categories")
    if not formset.is_valid():
        return show(request, meeting, "categories", formset=formset)
    kept, removed = _split(formset)
    return save(
        request,
        meeting,
        "categories",
        formset,
        lambda: categories.arrange(
            meeting=meeting,
            kept=kept,
            removed=removed,
            version=version_of(request),
            at=timezone.now(),
            by=journal.organizer(request.user),
        ),
    )


def reminders_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    queryset = ReminderRule.objects.filter(meeting=meeting).order_by("kind", "-amount", "pk")
    formset = ReminderRuleFormSet(
        request.POST or None,
        queryset=queryset,
        prefix="rules",
        form_kwargs={"narrower": Narrower(meeting)},
    )
    if not formset.is_valid():
        found = reminder_forecast.forecasts(meeting, at=timezone.now())
        said = [reminder_words.say(forecast, meeting) for forecast in found]
        return show(request, meeting, "reminders", formset=formset, said=said)
    kept, _removed = _split(formset)
    return save(
        request,
        meeting,
        "reminders",
        formset,
        lambda: reminder_rules.arrange(
            meeting=meeting,
            kept=kept,
            version=version_of(request),
            at=timezone.now(),
            by=journal.organizer(request.user),
        ),
    )


def consent_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    document = meeting.consent_documents.current().first()
    names = ("title", "text", "title_alt", "text_alt")
    initial = {name: getattr(document, name) for name in names} if document else {}
    form = ConsentForm(request.POST or None, initial=initial)
    if not form.is_valid():
        return show(request, meeting, "consent", form=form, document=document)
    return save(
        request,
        meeting,
        "consent",
        form,
        lambda: convening.set_consent(
            meeting=meeting,
            at=timezone.now(),
            by=journal.organizer(request.user),
            **form.cleaned_data,
        ),
    )


def team_page(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    form = OwnerForm(request.POST or None)
    owners = meeting.owners.order_by("email")
    if not form.is_valid():
        return show(request, meeting, "team", form=form, owners=owners)
    try:
        team.add(
            meeting=meeting,
            email=form.cleaned_data["email"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except team.OrganizerUnknown as refusal:
        form.add_error("email", str(refusal))
        return show(request, meeting, "team", form=form, owners=owners)
    return saved(request, meeting, "team")


def _split(formset: Any) -> tuple[list[Any], list[Any]]:
    """The rows that stay, in order, and those that go. Empty lines are neither."""
    kept = [
        form.instance
        for form in formset.forms
        if form not in formset.deleted_forms and (form.instance.pk or form.has_changed())
    ]
    return kept, [form.instance for form in formset.deleted_forms if form.instance.pk]
