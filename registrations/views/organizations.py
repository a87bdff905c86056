"""The organizations behind a meeting: typed spellings with counts, merged by the organizer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from events import directory, regions
from events.models import Meeting, Organization, Region
from events.office import OfficeRequest, own_meeting
from registrations import names, spellings
from registrations import organizations as merging
from registrations.views.settings_frame import number_in, see_other


class MergeForm(forms.Form):
    """What the chosen spellings are called from now on."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=300)
    short_name = forms.CharField(
        label=gettext_lazy("Short name, for badges and tables"), max_length=60, required=False
    )
    region = forms.CharField(
        label=gettext_lazy("Its region"), max_length=200, required=False,
        widget=forms.TextInput({"list": "regions"}),
    )  # fmt: skip
    is_member = forms.BooleanField(
        label=gettext_lazy("Member of the host’s association"), required=False
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting

    def clean_region(self) -> Region | None:
        typed = str(self.cleaned_data["region"]).strip()
        region = regions.find(self.meeting.region_set, typed) if typed else None
        if typed and region is None:
            raise ValidationError(_("“%(typed)s” is no region of the list.") % {"typed": typed})
        return region


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def organizations(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """
    All organizations; POST merges the spellings that were ticked. The address may tick some,
    and say what they are called and which organization they join (`into`).
    """
    asked = request.POST or request.GET
    said = {name: request.GET.get(name, "")[:300] for name in ("name", "short_name")}
    form = MergeForm(request.POST or None, initial=said, meeting=meeting)
    ticked = [key for key in asked.getlist("key") if _may_be_key(key)]
    if form.is_valid():
        into = number_in(request.POST.get("into", ""))
        owned = Organization.objects.filter(meeting=meeting)
        organization = None if into is None else get_object_or_404(owned, pk=into)
        try:
            merging.merge(
                meeting=meeting,
                keys=ticked,
                **_said(form, organization if request.POST.get("joins") else None),
                organization=organization,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except directory.NothingToMerge as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Figures and badges follow."))
            return see_other("manage-organizations", meeting.slug)
    merged, single = spellings.listed(meeting)
    context = {
        "meeting": meeting,
        "merged": merged,
        "single": single,
        "form": form,
        "regions": meeting.region_set.regions.active().in_order(),
        "alike": [(one, _ticking(one)) for one in spellings.alike(merged, single)],
        "ticked": ticked,
        "into": number_in(asked.get("into", "")),
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


def _said(form: MergeForm, joined: Organization | None) -> dict[str, Any]:
    """What the form says; of an organization that is joined, what is left empty stays."""
    said = dict(form.cleaned_data)
    said["name"], said["short_name"] = said["name"].strip(), said["short_name"].strip()
    if joined is not None:
        said["short_name"] = said["short_name"] or joined.short_name
        said["region"] = said["region"] or joined.region
        said["is_member"] = said["is_member"] or joined.is_member
    return said


def _ticking(alike: spellings.Alike) -> str:
    """The address of the page with these spellings ticked."""
    asked = QueryDict(mutable=True)
    asked.setlist("key", [spelling.key for spelling in alike.spellings])
    asked["name"] = alike.name
    if alike.organization is not None:
        asked["into"] = str(alike.organization.pk)
        asked["short_name"] = alike.organization.short_name
    return asked.urlencode()


def _may_be_key(key: str) -> bool:
    """Whether a spelling can have this key: the page sends back what it was given."""
    return 0 < len(key) <= names.ORGANIZATION_KEY_LIMIT and "\x00" not in key
