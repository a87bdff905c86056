"""The organizations behind a meeting: typed spellings with counts, merged by the organizer."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from events import directory
from events.models import Meeting, Organization, OrganizationVariant
from events.office import OfficeRequest, own_meeting
from registrations import names
from registrations import organizations as merging
from registrations.models import Registration
from registrations.views.settings_frame import number_in, see_other


@dataclass
class Spelling:
    """One way in which it was typed, and by how many people on the list."""

    key: str
    typed: str
    people: int


@dataclass
class Merged:
    """An organization as the organizer calls it, with its spellings."""

    organization: Organization
    spellings: list[Spelling] = field(default_factory=list)

    @property
    def people(self) -> int:
        return sum(spelling.people for spelling in self.spellings)


class MergeForm(forms.Form):
    """What the chosen spellings are called from now on."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=300)
    short_name = forms.CharField(
        label=gettext_lazy("Short name, for badges and tables"), max_length=60, required=False
    )


def _listed(meeting: Meeting) -> tuple[list[Merged], list[Spelling]]:
    """Merged organizations, and spellings that stand for themselves; the largest first."""
    counted = (
        Registration.objects.live()
        .filter(meeting=meeting)
        .exclude(organization_key="")
        .values_list("organization_key")
        .annotate(typed=Max("organization"), people=Count("pk"))
    )
    spellings = {key: Spelling(key, typed or key, people) for key, typed, people in counted}
    merged: dict[int, Merged] = {}
    variants = OrganizationVariant.objects.filter(meeting=meeting).select_related("organization")
    for variant in variants.order_by("key"):
        one = merged.setdefault(variant.organization_id, Merged(variant.organization))
        nobody = Spelling(variant.key, variant.key, 0)
        one.spellings.append(spellings.pop(variant.key, nobody))
    by_name = sorted(spellings.values(), key=lambda one: one.key)
    return sorted(merged.values(), key=lambda one: one.organization.name.casefold()), by_name


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def organizations(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All organizations; POST merges the spellings that were ticked."""
    form = MergeForm(request.POST or None)
    ticked = [key for key in request.POST.getlist("key") if _may_be_key(key)]
    if form.is_valid():
        into = number_in(request.POST.get("into", ""))
        owned = Organization.objects.filter(meeting=meeting)
        organization = None if into is None else get_object_or_404(owned, pk=into)
        try:
            merging.merge(
                meeting=meeting,
                keys=ticked,
                name=form.cleaned_data["name"].strip(),
                short_name=form.cleaned_data["short_name"].strip(),
                organization=organization,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except directory.NothingToMerge as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Figures and badges follow."))
            return see_other("manage-organizations", meeting.slug)
    merged, single = _listed(meeting)
    context = {
        "meeting": meeting,
        "merged": merged,
        "single": single,
        "form": form,
        "ticked": ticked,
        "total": len(merged) + len(single),
        "here": "participants",
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/organizations.html", context, status=status)


@own_meeting
@require_POST
def separate(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Let a spelling stand for itself again."""
    key, by = request.POST.get("key", ""), journal.organizer(request.user)
    if _may_be_key(key):
        merging.separate(meeting=meeting, key=key, at=timezone.now(), by=by)
    return see_other("manage-organizations", meeting.slug)


def _may_be_key(key: str) -> bool:
    """Whether a spelling can have this key: the page sends back what it was given."""
    return 0 < len(key) <= names.ORGANIZATION_KEY_LIMIT and "\x00" not in key
