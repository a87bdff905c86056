"""The page of a delegation's head, behind the link in his mail. GET looks, POST acts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
)
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.refusals import Refused
from config import visitor
from config.answers import see_other
from config.language import speak
from registrations import amending, substituting
from registrations.delegations import keys, naming, roll, wishes
from registrations.forms import AddressForm
from registrations.intake import Evidence
from registrations.models import ConsentDocument, Delegation, DelegationRole, Registration, Status
from registrations.participant_forms import DeclineForm
from registrations.pasting import cells, columns, people
from registrations.person_forms import MemberForm
from registrations.standing import TONES
from registrations.views.public import frame

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Delegation, P], HttpResponseBase]
Opened = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]

# What a column of a pasted list may be here; region and category are the delegation's.
COLUMNS = (
    "name", "family_name", "given_name", "patronymic", "organization", "position", "email", "role",
)  # fmt: skip


def opens_by_link(page: Page[P]) -> Opened[P]:
    """Give a page the delegation of its link, in the language its letters have."""

    @wraps(page)
    def opened(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        delegation = keys.find(token)
        speak(request, delegation.language)
        response = page(request, delegation, *args, **kwargs)
        # The address is a key: nobody is to list it.
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return cast(Opened[P], never_cache(opened))


@opens_by_link
@require_safe
def delegation(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """The list, how many places are left and until when, and what the head can do."""
    return _show(request, delegation)


@opens_by_link
@require_POST
def add(request: HttpRequest, delegation: Delegation) -> HttpResponseBase:
    """Put one person on the list."""
    form = MemberForm(request.POST, delegation=delegation)
    if form.is_valid():
        try:
            naming.name_people(
                delegation=delegation,
                applications=[form.application],
                consents=_agreed(request, delegation),
                at=timezone.now(),
                by=keys.head(delegation),
                evidence=_evidence(request),
            )
        except naming.RowRefused as refusal:
            form.add_error(None, str(refusal.__cause__))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("On the list. Whoever has an e-mail is told."))
            return see_other("delegation", keys.token(delegation))
    return _show(request, delegation, form=form)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest, delegation: Delegation) -> HttpResponseBase:
    """Rows from a spreadsheet: looked at first, then all of them put on the list, or none."""
    text = request.POST.get("rows", "")
    rows = cells.read(text)
    context: dict[str, Any] = {"rows": text, "too_many": len(rows) > cells.MOST_ROWS}
    if rows and not context["too_many"]:
        mapping = columns.chosen(request.POST.getlist("column"), rows, COLUMNS)
        table = people.check(
            rows,
            mapping,
            meeting=delegation.meeting,
            form=lambda values: MemberForm(values, delegation=delegation),
        )
        context |= {
            "table": table,
            "columns": columns.shown(mapping, table.headings),
            "choices": columns.choices(COLUMNS),
        }
        if "save" in request.POST and not table.errors and table.drafts:
            refusal = _save(request, delegation, table)
            if refusal is None:
                return see_other("delegation", keys.token(delegation))
            context["refusal"] = refusal
    status = 422 if context.get("refusal") or context["too_many"] else 200
    return render(
        request,
        "registrations/delegation/paste.html",
        _context(delegation) | context,
        status=status,
    )


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def substitute(request: HttpRequest, delegation: Delegation, number: str) -> HttpResponseBase:
    """Somebody else in the place of somebody: the seat goes over at once."""
    leaver = _member(delegation, number)
    initial = {"organization": leaver.organization, "role": leaver.delegation_role}
    form = MemberForm(request.POST or None, delegation=delegation, initial=initial)
    if form.is_valid():
        try:
            substituting.substitute(
                registration=leaver,
                application=form.application,
                consents=_agreed(request, delegation),
                at=timezone.now(),
                by=keys.head(delegation),
                head=keys.head_named(delegation),
                copy_to=_copy_to(delegation),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Replaced. Both are told."))
            return see_other("delegation", keys.token(delegation))
    context = _context(delegation) | {"form": form, "leaver": leaver}
    status = 422 if form.errors else 200
    return render(request, "registrations/delegation/substitute.html", context, status=status)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, delegation: Delegation, number: str) -> HttpResponseBase:
    """Ask; then take somebody off the list."""
    leaver = _member(delegation, number)
    if request.method == "POST":
        try:
            naming.remove(
                delegation=delegation,
                registration=leaver,
                at=timezone.now(),
                by=keys.head(delegation),
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Taken off the list."))
        return see_other("delegation", keys.token(delegation))
    context = _context(delegation) | {"leaver": leaver}
    return render(request, "registrations/delegation/remove.html", context)


@opens_by_link
@require_POST
def mark(request: HttpRequest, delegation: Delegation, number: str) -> HttpResponseBase:
    """Say what somebody is in the delegation."""
    member, role = _member(delegation, number), request.POST.get("role", "")
    if role in DelegationRole.values:
        try:
            naming.mark(
                delegation=delegation,
                registration=member,
                role=role,
                at=timezone.now(),
                by=keys.head(delegation),
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Saved."))
    return see_other("delegation", keys.token(delegation))


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, delegation: Delegation, number: str) -> HttpResponseBase:
    """A corrected e-mail: the answer goes out again, to the right address."""
    member = _member(delegation, number)
    form = AddressForm(request.POST or None, initial={"email": member.email})
    if form.is_valid():
        try:
            naming.refuse_unless_open(delegation, at=timezone.now())
            amending.correct_address(
                registration=member,
                email=form.cleaned_data["email"],
                at=timezone.now(),
                by=keys.head(delegation),
            )
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("Corrected. The mail goes out again."))
            return see_other("delegation", keys.token(delegation))
    context = _context(delegation) | {"form": form, "member": member}
    status = 422 if form.errors else 200
    return render(request, "registrations/delegation/address.html", context, status=status)


@opens_by_link
@require_POST
def refuse(request: HttpRequest, delegation: Delegation) -> HttpResponseBase:
    """Nobody comes: the organizer need not ask again."""
    try:
        naming.refuse(delegation=delegation, at=timezone.now(), by=keys.head(delegation))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("delegation", keys.token(delegation))


@opens_by_link
@require_POST
def answer(request: HttpRequest, delegation: Delegation, number: str) -> HttpResponseBase:
    """Yes or no to somebody who registered himself."""
    asked = Registration.objects.filter(meeting=delegation.meeting_id)
    common: dict[str, Any] = {
        "delegation": delegation,
        "registration": get_object_or_404(asked, number=number),
        "at": timezone.now(),
        "by": keys.head(delegation),
    }
    form = DeclineForm(request.POST)
    says_yes = request.POST.get("answer") == "approve"
    if not says_yes and (request.POST.get("answer") != "reject" or not form.is_valid()):
        # Not theirs to know whether there is such a number.
        get_object_or_404(wishes.waiting(delegation), number=number)
        return HttpResponseBadRequest()
    try:
        if says_yes:
            wishes.approve(**common)
        else:
            wishes.reject(**common, **form.cleaned_data)
    except naming.NotInDelegation:
        raise Http404 from None
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        words = _("On the list.") if says_yes else _("Declined. The person is told.")
        messages.success(request, words)
    return see_other("delegation", keys.token(delegation))


@opens_by_link
@require_safe
def printed(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """The list on paper."""
    context = _context(delegation) | {"printed_at": timezone.now()}
    return render(request, "registrations/delegation/list.html", context)


def _show(
    request: HttpRequest, delegation: Delegation, form: MemberForm | None = None
) -> HttpResponse:
    context = _context(delegation) | {"form": form or MemberForm(delegation=delegation)}
    status = 422 if form else 200
    return render(request, "registrations/delegation/delegation.html", context, status=status)


def _context(delegation: Delegation) -> dict[str, Any]:
    at = timezone.now()
    members = roll.members(delegation)
    return frame(delegation.meeting) | {
        "delegation": delegation,
        "token": keys.token(delegation),
        "members": [(one, TONES[Status(one.registration.status)]) for one in members],
        "former": [(one, TONES[Status(one.status)]) for one in roll.former(delegation)],
        "wishes": wishes.waiting(delegation),
        "decline_form": DeclineForm(auto_id=False),
        "named": delegation.places.used,
        "left": delegation.places.left,
        "is_open": delegation.is_open(at),
        "is_soon": 0 <= (delegation.deadline - at).days < 14,
        "days_left": (delegation.deadline - at).days,
        "documents": _documents(delegation),
        "roles": DelegationRole.choices,
    }


def _member(delegation: Delegation, number: str) -> Registration:
    """One of the delegation's own people; Http404 otherwise."""
    people = delegation.people.select_related("meeting", "category", "region")
    return get_object_or_404(people, number=number)


def _documents(delegation: Delegation) -> list[ConsentDocument]:
    return list(delegation.meeting.consent_documents.current())


def _agreed(request: HttpRequest, delegation: Delegation) -> list[ConsentDocument]:
    """One box for all documents: the head says that the people agreed."""
    return _documents(delegation) if request.POST.get("agreed") else []


def _evidence(request: HttpRequest) -> Evidence:
    return Evidence(
        ip_address=visitor.address(request) or None, user_agent=visitor.user_agent(request)
    )


def _copy_to(delegation: Delegation) -> tuple[str, str] | None:
    if not delegation.head_email:
        return None
    return delegation.head_email, keys.head_named(delegation)


def _save(request: HttpRequest, delegation: Delegation, table: people.Table) -> str | None:
    """Put all of them on the list. Returns why not, if not."""
    try:
        named = naming.name_people(
            delegation=delegation,
            applications=table.applications,
            consents=_agreed(request, delegation),
            at=timezone.now(),
            by=keys.head(delegation),
            evidence=_evidence(request),
        )
    except Refused as refusal:
        return str(refusal)
    messages.success(
        request,
        ngettext("%(n)d person is on the list.", "%(n)d people are on the list.", len(named))
        % {"n": len(named)},
    )
    return None
