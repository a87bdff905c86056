"""The page of an invited person, behind the link in his mail. GET looks, POST acts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.refusals import Refused
from config import visitor
from config.answers import see_other
from config.language import speak
from events.models import Format, MeetingStatus
from registrations import links
from registrations.idempotency import Claim
from registrations.intake import Evidence
from registrations.invitation_forms import AcceptForm, ColleagueForm, DeclineForm
from registrations.invitations import answering, keys
from registrations.models import Invitation
from registrations.views.form import claim_of
from registrations.views.public import frame

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Invitation, P], HttpResponseBase]
Opened = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]


def opens_by_link(page: Page[P]) -> Opened[P]:
    """Give a page the invitation of its link, in the language its letter has."""

    @wraps(page)
    def opened(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        invitation = keys.find(token)
        speak(request, invitation.language)
        response = page(request, invitation, *args, **kwargs)
        # The address is a key: nobody is to list it.
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return cast(Opened[P], never_cache(opened))


@opens_by_link
@require_safe
def invitation(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Who invites, to what, and what can be answered."""
    return _show(request, invitation)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    """The form with what is not known yet; then the visitor stands on his own page."""
    documents = list(invitation.meeting.consent_documents.current())
    form = AcceptForm(invitation, documents, request.POST or None)
    notice = ""
    # Whether it can be accepted is not asked before: a double click gets the first answer.
    if request.method == "POST" and form.is_valid():
        try:
            accepted = answering.accept(
                invitation=invitation,
                application=form.application,
                consents=form.consents,
                at=timezone.now(),
                by=keys.invited(invitation),
                evidence=Evidence(
                    ip_address=visitor.address(request) or None,
                    user_agent=visitor.user_agent(request),
                ),
                claim=_claim(invitation, form),
            )
        except answering.AlreadyRegistered:
            context = frame(invitation.meeting)
            return render(request, "registrations/already.html", context, status=409)
        except (answering.MeetingFull, answering.ConsentRequired) as refusal:
            notice = str(refusal)
        except (answering.InvitationAnswered, answering.InvitationClosed):
            return see_other("invitation", keys.token(invitation))
        else:
            return see_other("mine", links.token(accepted.registration))
    elif not invitation.is_open(timezone.now()):
        return see_other("invitation", keys.token(invitation))
    context = _context(invitation) | {"form": form, "notice": notice}
    status = 409 if notice else 422 if form.errors else 200
    return render(request, "registrations/invitation/accept.html", context, status=status)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    """Ask whether to say why; then the organizer need not ask again."""
    form = DeclineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Where it is refused, the page says what has become of the invitation.
        with suppress(Refused):
            answering.decline(
                invitation=invitation,
                why=form.cleaned_data["why"],
                at=timezone.now(),
                by=keys.invited(invitation),
            )
        return see_other("invitation", keys.token(invitation))
    if invitation.declined_at or not invitation.is_open(timezone.now()):
        return see_other("invitation", keys.token(invitation))
    context = _context(invitation) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "registrations/invitation/decline.html", context, status=status)


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def colleague(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    """Whom to invite instead. What is shown then has no address: this link is spent."""
    if not (invitation.allows_substitute and invitation.is_open(timezone.now())):
        return see_other("invitation", keys.token(invitation))
    form = ColleagueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            passed = answering.pass_on(
                invitation=invitation,
                name=form.full_name,
                email=form.cleaned_data["email"],
                at=timezone.now(),
                by=keys.invited(invitation),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            context = frame(invitation.meeting) | {"colleague": passed}
            return render(request, "registrations/invitation/passed_on.html", context)
    context = _context(invitation) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "registrations/invitation/colleague.html", context, status=status)


@opens_by_link
@require_POST
def link(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    """Mail the link to the registration once more, to the address on file there."""
    answering.send_link(invitation=invitation, at=timezone.now())
    answer = see_other("invitation", keys.token(invitation))
    answer["Location"] += "?sent"
    return answer


def _show(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    context = _context(invitation) | {"sent": "sent" in request.GET}
    return render(request, "registrations/invitation/invitation.html", context)


def _context(invitation: Invitation) -> dict[str, Any]:
    at, meeting = timezone.now(), invitation.meeting
    return frame(meeting) | {
        "invitation": invitation,
        "token": keys.token(invitation),
        "state": _state(invitation),
        "is_online": meeting.format == Format.ONLINE,
        "days_left": (invitation.deadline - at).days,
        "documents": list(meeting.consent_documents.current()),
    }


def _state(invitation: Invitation) -> str:
    """One word of: accepted, withdrawn, cancelled, early, expired, declined, open."""
    meeting = invitation.meeting
    if invitation.is_accepted:
        return "accepted"
    if invitation.withdrawn_at:
        return "withdrawn"
    if meeting.status == MeetingStatus.CANCELLED:
        return "cancelled"
    if timezone.now() >= invitation.deadline:
        return "expired"
    if meeting.status == MeetingStatus.DRAFT:
        return "early"
    return "declined" if invitation.declined_at else "open"


def _claim(invitation: Invitation, form: AcceptForm) -> Claim | None:
    return claim_of(f"invitation:{invitation.pk}", form.cleaned_data)
