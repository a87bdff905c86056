"""The organizer's delegations: who may name people, who has answered, whom to remind."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.refusals import Refused
from config import uploads
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations.delegation_forms import DelegationForm, RegionsForm, about
from registrations.delegations import answers, filling, keys, opening, wishes
from registrations.models import Delegation, Status
from registrations.pasting import columns, files
from registrations.pasting import delegations as pasted
from registrations.standing import TONES
from registrations.views import tables
from registrations.views.settings_frame import version_of

STATES = {
    "full": (gettext_lazy("all places taken"), "yes"),
    "named": (gettext_lazy("has answered"), "yes"),
    "few": (gettext_lazy("few named so far"), "wait"),
    "refused": (gettext_lazy("nobody comes"), ""),
    "bounced": (gettext_lazy("the mail came back"), "no"),
    "waits": (gettext_lazy("asked, no answer yet"), "wait"),
    "unasked": (gettext_lazy("not asked yet"), ""),
    "no_address": (gettext_lazy("no address"), "no"),
}


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All delegations and their answers; POST opens one."""
    form = DelegationForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            opening.open_many(
                meeting=meeting,
                wishes=[form.wish],
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The delegation is open."))
            return see_other("manage-delegations", meeting.slug)
    return _show(request, meeting, form=form)


@own_meeting
@require_POST
def for_regions(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """One delegation for each region that has none yet."""
    form = RegionsForm(request.POST, meeting=meeting)
    if not form.is_valid():
        return _show(request, meeting, regions_form=form)
    opened = opening.open_for_regions(
        meeting=meeting,
        like=form.wish,
        at=timezone.now(),
        by=journal.organizer(request.user),
    )
    if opened:
        words = ngettext("%(n)d delegation opened.", "%(n)d delegations opened.", len(opened))
        messages.success(request, words % {"n": len(opened)})
    else:
        messages.info(request, _("Every region has a delegation already."))
    return see_other("manage-delegations", meeting.slug)


# The mark of the form stands in the body, which must not be read before it is known that
# this very person may send a file: so it is looked at one step later, by `_paste`.
@csrf_exempt
@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: OfficeRequest, meeting: Meeting) -> HttpResponseBase:
    """A list, pasted or in a file: region or name, head, e-mail, quota; looked at, then taken."""
    uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
    return _paste(request, meeting)


@csrf_protect
def _paste(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    asked = cast(OfficeRequest, request)
    sent = tables.taken(request, has_headings=pasted.has_headings)
    form = RegionsForm(request.POST or None, meeting=meeting)
    context: dict[str, Any] = {"meeting": meeting, "here": "delegations"}
    context |= {"form": form, "sent": sent}
    if sent.rows and form.is_valid():
        rows, guessed = pasted.laid_out(sent.rows)
        mapping = pasted.chosen(sent.columns, guessed)
        drafts = pasted.check(rows, mapping, meeting=meeting, like=form.wish)
        headings = rows[0] if pasted.has_headings(rows[0]) else []
        context |= {
            "drafts": drafts,
            "errors": sum(bool(draft.errors) for draft in drafts),
            "columns": columns.shown(mapping, headings),
            "choices": columns.choices(pasted.COLUMNS, pasted.FIELDS),
        }
        context |= {"opens": len(pasted.wishes(drafts)), "fills": len(pasted.fills(drafts))}
        context["heads"] = sum(bool(draft.wish and draft.wish.head_email) for draft in drafts)
        wants = {"save", "send"} & request.POST.keys() and sent.is_seen
        if wants and not context["errors"] and _taken(asked, meeting, form, drafts):
            return see_other("manage-delegations", meeting.slug)
    wrong = [one for one in (sent.form, form) if one.errors]
    context["forms_with_errors"] = wrong
    return render(
        request,
        "registrations/office/delegations_paste.html",
        context,
        status=422 if wrong else 200,
    )


def _taken(
    request: OfficeRequest, meeting: Meeting, form: RegionsForm, drafts: list[pasted.Draft]
) -> bool:
    asks = "send" in request.POST
    try:
        taken = filling.take(
            meeting=meeting,
            wishes=pasted.wishes(drafts),
            fills=pasted.fills(drafts),
            asks=asks,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    said = []
    if n := len(taken.opened):
        said.append(ngettext("%(n)d delegation opened.", "%(n)d delegations opened.", n) % {"n": n})
    if n := len(taken.filled):
        said.append(
            ngettext("A head for %(n)d delegation.", "Heads for %(n)d delegations.", n) % {"n": n}
        )
    if asks:
        said.append(_being_written_to(taken.asked))
    messages.success(request, " ".join(said))
    return True


@own_meeting
@require_POST
def ask(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Write to the heads who were ticked, or to all who have not answered."""
    found = answers.answers(meeting, at=timezone.now())
    chosen = request.POST.getlist("delegation")
    to = [
        line.delegation
        for line in found.lines
        if (str(line.delegation.uid) in chosen if chosen else not line.has_answered)
    ]
    _ask(request, meeting, to)
    return see_other("manage-delegations", meeting.slug)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """One delegation: its head and link, its people, what was said of it."""
    delegation = _own(meeting, uid)
    form = DelegationForm(request.POST or None, meeting=meeting, initial=about(delegation))
    if form.is_valid():
        try:
            opening.change(
                delegation=delegation,
                wish=form.wish,
                version=version_of(request),
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error("quota" if refusal.code == "capacity_full" else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-delegation", meeting.slug, uid)
    people = delegation.people.select_related("region", "replaces").order_by("sort_key", "pk")
    context = {
        "meeting": meeting,
        "here": "delegations",
        "delegation": delegation,
        "form": form,
        "address": keys.url(delegation),
        "is_open": delegation.is_open(timezone.now()),
        "wishes": wishes.waiting(delegation),
        "people": [(one, TONES[Status(one.status)]) for one in people],
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/delegation.html", context, status=status)


@own_meeting
@require_POST
def step(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Write to the head, make a new link, or remove the delegation."""
    delegation = _own(meeting, uid)
    common: dict[str, Any] = {"at": timezone.now(), "by": journal.organizer(request.user)}
    match request.POST.get("step"):
        case "ask":
            _ask(request, meeting, [delegation])
        case "renew":
            opening.renew_link(delegation=delegation, **common)
            messages.success(request, _("The old link opens nothing any more."))
        case "remove":
            try:
                opening.remove(delegation=delegation, **common)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("Removed."))
                return see_other("manage-delegations", meeting.slug)
    return see_other("manage-delegation", meeting.slug, uid)


def _ask(request: OfficeRequest, meeting: Meeting, to: list[Delegation]) -> None:
    try:
        asked = opening.ask(
            meeting=meeting,
            delegations=to,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _being_written_to(asked))


def _being_written_to(asked: int) -> str:
    words = ngettext("%(n)d head is being written to.", "%(n)d heads are being written to.", asked)
    return words % {"n": asked}


def _own(meeting: Meeting, uid: str) -> Delegation:
    found = Delegation.objects.select_related("region", "category", "places")
    delegation = get_object_or_404(found, meeting=meeting, uid=uid)
    delegation.meeting = meeting
    return delegation


def _show(
    request: OfficeRequest,
    meeting: Meeting,
    *,
    form: DelegationForm | None = None,
    regions_form: RegionsForm | None = None,
) -> HttpResponse:
    found = answers.answers(meeting, at=timezone.now())
    bound = bool((form and form.is_bound) or regions_form)
    context = {
        "meeting": meeting,
        "here": "delegations",
        "form": form or DelegationForm(meeting=meeting),
        "regions_form": regions_form or RegionsForm(meeting=meeting, auto_id="regions_%s"),
        "found": found,
        "lines": [(line, *STATES[line.state]) for line in found.lines],
        "is_adding": bound,
    }
    status = 422 if bound else 200
    return render(request, "registrations/office/delegations.html", context, status=status)
